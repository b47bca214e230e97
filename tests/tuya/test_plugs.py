"""The list of plugs: what people get wrong in it, and what stays as they wrote it."""

from pathlib import Path

import pytest

from services.tuya import plugs
from services.tuya.plugs import Plug
from shared.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("plugs:\n  - id: [\n", "is not valid YAML in line", id="syntax"),
        pytest.param("plugs: 5\n", "needs a list under `plugs:`", id="no-list"),
        pytest.param("plug:\n  - {id: a}\n", "needs a list under `plugs:`", id="another-list"),
        pytest.param("plugs:\n  - a\n", "plug 1, the whole: a plug is settings", id="no-settings"),
        pytest.param("plugs:\n  - {id: a, nmae: x}\n", "plug 1, nmae", id="misspelt"),
        pytest.param("plugs:\n  - {id: a}\n  - {id: a}\n", "two plugs with the id a", id="twice"),
        pytest.param("plugs:\n  - {id: a, mode: local}\n", "mode local needs host and local_key", id="no-way"),
        pytest.param("plugs:\n  - {id: a, local_key: abc}\n", "local_key has 16 characters", id="key"),
        pytest.param("plugs:\n  - {id: a, local_key: 1234567890123456}\n", "put it in quotes", id="key-of-figures"),
        pytest.param("plugs:\n  - {id: a, version: 4}\n", "plug 1, version", id="version"),
        pytest.param("plugs:\n  - {id: a, host: Auto}\n", "host is the address of the plug", id="no-address"),
        pytest.param("plugs:\n  - {id: a, gangs: [switch, switch_1]}\n", "the same data point", id="one-point"),
        pytest.param("plugs:\n  - {id: a b}\n", "only letters, digits", id="id"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        plugs.read(file)
    assert sentence in str(caught.value)
    with pytest.raises(ConfigError):
        plugs.add(file, [Plug(id="new")])
    assert file.read_text() == text


@pytest.mark.parametrize(
    "key", ["*bcdefghijklmnop", "!bcdefghijklmnop", "&bcdefghijklmnop", "@bcdefghijklmnop", "[bc'efghijklmnop"]
)
def test_a_key_that_needs_quotes_is_not_in_what_is_said(key: str, tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    file.write_text(f"plugs:\n  - id: a\n    local_key: {key}\n")
    with pytest.raises(ConfigError, match=r"plug 1, local_key|line [34]") as caught:
        plugs.read(file)
    assert "fghij" not in str(caught.value)


def test_where_nothing_can_be_added_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    file.write_text("plugs: [{id: a}]\n")
    with pytest.raises(ConfigError, match="New plugs of the account cannot be added"):
        plugs.add(file, [Plug(id="new")])
    assert file.read_text() == "plugs: [{id: a}]\n"


@pytest.mark.parametrize(
    "text", [None, "", "# mine\n", "plugs: []\n", "plugs:\n", "plugs:\n  - {id: a}  # here\n", "plugs:\n- id: a\n"]
)
def test_new_plugs_are_added_and_the_rest_stays(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    if text is not None:
        file.write_text(text)
    before = plugs.read(file)
    new = Plug(id="new", name="Кип'ятильник", enabled=False, gangs=["switch"], local_key="0123456789abcdef")
    plugs.add(file, [new])
    assert plugs.read(file) == [*before, new]
    assert file.read_text().startswith((text or "").rstrip().removesuffix(" []"))
    assert file.stat().st_mode & 0o077 == 0, "it holds keys"
