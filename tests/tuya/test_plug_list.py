"""The list of plugs: what people get wrong in it, and what stays as they wrote it."""

from pathlib import Path
from typing import Any

import pytest

from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from shared.conditions import Condition, files, plugs, render, system, values
from shared.list_file import ListFileError
from shared.texts.language import Language


@pytest.mark.parametrize(
    ("text", "sentence", "fault"),
    [
        pytest.param("plugs:\n  - id: [\n", "line 3: it is not valid YAML", files.NOT_YAML, id="syntax"),
        pytest.param("plugs: 5\n", "a list under `plugs:`", files.not_a_list, id="no-list"),
        pytest.param("plug:\n  - {id: a}\n", "only `plugs:` may stand", files.unknown_key, id="another-list"),
        pytest.param("plugs:\n  - a\n", "entry 1: pairs such as", values.NOT_A_MAPPING, id="no-settings"),
        pytest.param("plugs:\n  - {id: a, nmae: x}\n", "entry 1, nmae", values.NO_SUCH_SETTING, id="misspelt"),
        pytest.param("plugs:\n  - {id: a}\n  - {id: a}\n", "another entry has the same id", files.same, id="twice"),
        pytest.param(
            "plugs:\n  - {id: a, mode: local}\n", "needs host and local_key", plugs.LOCAL_WITHOUT_KEY, id="no-way"
        ),
        pytest.param("plugs:\n  - {id: a, local_key: abc}\n", "has 16 characters", plugs.KEY_LENGTH, id="key"),
        pytest.param(
            "plugs:\n  - {id: a, local_key: 1234567890123456}\n", "in quotes", values.NOT_TEXT, id="key-of-figures"
        ),
        pytest.param("plugs:\n  - {id: a, version: 4}\n", "entry 1, version", values.one_of, id="version"),
        pytest.param(
            "plugs:\n  - {id: a, host: Auto}\n", "the address of the plug", plugs.HOST_NOT_AN_ADDRESS, id="no-address"
        ),
        pytest.param(
            "plugs:\n  - {id: a, gangs: [switch, switch_1]}\n",
            "the same data point",
            plugs.SAME_DATA_POINT,
            id="one-point",
        ),
        pytest.param("plugs:\n  - {id: a, gangs: [One]}\n", "switch codes", plugs.GANGS_NOT_CODES, id="no-code"),
        pytest.param("plugs:\n  - {id: a b}\n", "only letters, digits", plugs.BAD_ID, id="id"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, sentence: str, fault: Condition[Any], tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    file.write_text(text)
    with pytest.raises(ListFileError) as caught:
        plug_list(file).read()
    assert sentence in str(caught.value)
    assert caught.value.fault.code == fault.code
    assert "TUYA_PLUGS_FILE" in render(caught.value.reason, Language.UK)
    with pytest.raises(ListFileError):
        plug_list(file).add([Plug(id="new")])
    assert file.read_text() == text


@pytest.mark.parametrize(
    "key", ["*bcdefghijklmnop", "!bcdefghijklmnop", "&bcdefghijklmnop", "@bcdefghijklmnop", "[bc'efghijklmnop"]
)
def test_a_key_that_needs_quotes_is_not_repeated(key: str, tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    file.write_text(f"plugs:\n  - id: a\n    local_key: {key}\n")
    with pytest.raises(ListFileError, match=r"local_key|line [34]") as caught:
        plug_list(file).read()
    assert "fghij" not in str(caught.value) + render(caught.value.reason, Language.UK) + repr(caught.value.reason)


def test_a_file_that_cannot_be_read_or_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ListFileError) as caught:
        plug_list(tmp_path).read()
    assert caught.value.reason == files.unreadable(
        name="TUYA_PLUGS_FILE", file=str(tmp_path), cause=system.IS_DIRECTORY()
    )
    file = tmp_path / "plugs.yaml"
    (tmp_path / ".plugs.yaml.new").mkdir()
    with pytest.raises(ListFileError) as caught:
        plug_list(file).add([Plug(id="new")])
    assert caught.value.reason.code == files.unwritable.code


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "# mine\n",
        "plugs: []\n",
        "plugs:\n",
        "plugs:\n  - {id: a}  # here\n",
        "plugs:\n- id: a\n",
        "plugs: [{id: a}]\n",
        "plugs:\n    - id: a\n      name: b\n",
        "\ufeffplugs:\n  - &first\n    id: a  # comment\n",
    ],
)
def test_new_plugs_are_added_and_the_rest_stays(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "plugs.yaml"
    if text is not None:
        file.write_text(text)
    listed = plug_list(file)
    before = listed.read()
    new = Plug(id="new", name="Кип'ятильник", enabled=False, gangs=["switch"], local_key="0123456789abcdef")
    listed.add([new])
    assert listed.read() == [*before, new]
    assert file.read_text().startswith((text or "").rstrip().removesuffix(" []").removesuffix("]"))
    assert file.stat().st_mode & 0o077 == 0, "it holds keys"
