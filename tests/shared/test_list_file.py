"""A list file as two services have them: what is read, what is added, what is changed, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from shared.conditions import files, render, system, values
from shared.errors import ConfigError
from shared.list_file import ListFile, ListFileError, ListWatch
from shared.texts.language import Language

HEAD = "# The plugs. New ones are added at the end.\nplugs:\n"


class Plug(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]{1,9}$")
    name: str = ""
    topic: str = ""
    enabled: bool = True
    port: int = Field(default=6668, ge=1)
    gangs: dict[str, int] = Field(default={"switch_1": 1})
    local_key: SecretStr = SecretStr("")

    @field_validator("gangs", mode="before")
    @classmethod
    def _numbered(cls, gangs: Any) -> Any:
        return gangs if isinstance(gangs, dict) else {gang: number for number, gang in enumerate(gangs, start=1)}


def row(plug: Plug) -> dict[str, object]:
    key = plug.local_key.get_secret_value()
    known: dict[str, object] = {"id": plug.id, "name": plug.name, "gangs": list(plug.gangs)}
    return known | ({"local_key": key} if key else {})


@pytest.fixture
def listed(tmp_path: Path) -> ListFile[Plug]:
    unique = {"id": lambda plug: plug.id, "topic": lambda plug: plug.topic or plug.id}
    return ListFile(
        "TUYA_PLUGS_FILE", tmp_path / "new" / "plugs.yaml", "plugs", Plug, row, unique, head=HEAD, mode=0o600
    )


@pytest.fixture
def written(listed: ListFile[Plug]) -> Any:
    listed.path.parent.mkdir()

    def write(text: str | bytes) -> None:
        listed.path.write_bytes(text.encode() if isinstance(text, str) else text)

    return write


def test_a_new_file_gets_its_head_and_is_its_owners_alone(listed: ListFile[Plug]) -> None:
    assert listed.read() == []
    assert listed.stamp() is None
    plugs = [Plug(id="a", name="Кип'ятильник", local_key=SecretStr("0123456789abcdef")), Plug(id="b")]
    listed.add(plugs)
    assert listed.read() == plugs
    assert listed.path.read_text().startswith(HEAD)
    assert listed.path.stat().st_mode & 0o777 == 0o600


def test_adding_nothing_writes_nothing(listed: ListFile[Plug]) -> None:
    listed.add([])
    assert not listed.path.exists()


def test_a_byte_order_mark_and_line_ends_stay(listed: ListFile[Plug], written: Any) -> None:
    text = "\ufeffplugs: # мої\r\n- id: a # перша\r\n\r\n# кінець"
    written(text)
    listed.add([Plug(id="b")])
    after = listed.path.read_bytes().decode()
    assert after == text + "\r\n- id: b\r\n  name: ''\r\n  gangs: [switch_1]\r\n"
    listed.change("a", {"name": "x"})
    assert listed.path.read_bytes().decode() == after.replace("перша\r\n", "перша\r\n  name: x\r\n")


def test_edits_by_people_are_noticed(listed: ListFile[Plug], written: Any) -> None:
    written("plugs: []\n")
    first = listed.stamp()
    assert listed.stamp() == first
    listed.path.write_text("plugs: [{id: a}]\n")
    assert listed.stamp() != first


def test_each_version_is_taken_over_once_and_only_when_it_has_stayed_the_same(
    listed: ListFile[Plug], written: Any
) -> None:
    watch = ListWatch(listed)
    assert not watch.has_changed()
    written("plugs:\n  - id: a")
    assert not watch.has_changed(), "somebody may still be writing it"
    written("plugs:\n  - id: ab\n")
    assert [watch.has_changed() for _ in range(3)] == [False, True, False]
    listed.path.unlink()
    assert [watch.has_changed() for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("plugs:\n\t- id: a\n", files.TAB, (2, None, "")),
        ("plugs:\n- id: a\n  id: b\n", files.DUPLICATE_KEY, (3, None, "")),
        ("plugs:\n- id: a\n  local_key: @bcdefghijklmnop\n", files.NEEDS_QUOTES, (3, None, "")),
        (b"plugs:\n- id: a\n  name: \xff\n", system.NOT_TEXT, (3, None, "")),
        ("plugs:\n- id: a\n".encode("utf-16"), system.NOT_TEXT, (1, None, "")),
        ("- id: a\n", files.not_a_list, (1, None, "")),
        ("# none\nplugs: 5\n", files.not_a_list, (2, None, "")),
        ("plugs: []\nplug: []\n", files.unknown_key, (2, None, "")),
        ("plugs: []\n'bcdef ghij': []\n", files.unknown_key, (2, None, "")),
        ("plugs:\n- id: a\n- bcdefghij\n", values.NOT_A_MAPPING, (3, 2, "")),
        ("plugs:\n- id: a\n\n  nmae: bcdefghij\n", values.NO_SUCH_SETTING, (4, 1, "nmae")),
        ("plugs:\n- id: a\n  port: bcdefghij\n", values.NOT_WHOLE, (3, 1, "port")),
        ("plugs:\n- id: a\n  gangs: {b: cdefghij}\n", values.NOT_WHOLE, (3, 1, "gangs.b")),
        ("plugs:\n- id: a\n  local_key: 1234567890123456\n", values.NOT_TEXT, (3, 1, "local_key")),
        ("plugs:\n- name: a\n", values.MISSING, (2, 1, "id")),
        ("plugs:\n- id: a\n- id: b\n- id: a\n", files.same, (4, 3, "")),
        ("plugs:\n- id: a\n- id: b\n  topic: a\n", files.same, (3, 2, "")),
    ],
)
def test_a_mistake_has_its_place_is_never_quoted_and_nothing_is_touched(
    text: str | bytes, problem: Any, place: tuple[int | None, int | None, str], listed: Any, written: Any
) -> None:
    written(text)
    before = listed.path.read_bytes()
    with pytest.raises(ListFileError) as caught:
        listed.read()
    error = caught.value
    assert (error.fault.code, (error.line, error.number, error.field)) == (problem.code, place)
    for secret in ("cdefghij", "1234567890123456"):
        assert secret not in str(error)
    with pytest.raises(ListFileError):
        listed.add([Plug(id="new")])
    with pytest.raises(ListFileError):
        listed.change("a", {"name": "new"})
    assert listed.path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "x: &x [{id: b}]\nplugs: *x\n",
        "plugs: !!set {}\n",
        "plugs:\n- id: b\n...\n# the end\n",
        "plugs:\n- id: b\n  name: |\n    it would get a line end",
        "plugs: [\n  {id: b}, # it would move\n  {id: c}\n]\n",
    ],
)
def test_rare_constructs_are_refused(text: str, listed: ListFile[Plug], written: Any) -> None:
    written(text)
    with pytest.raises(ListFileError):
        listed.add([Plug(id="a")])
    assert listed.path.read_text() == text


def test_an_entry_that_is_there_is_not_added_again_nor_the_others_with_it(listed: Any, written: Any) -> None:
    written("plugs: [{id: a}]\n")
    with pytest.raises(ListFileError) as caught:
        listed.add([Plug(id="b"), Plug(id="a")])
    assert (caught.value.fault.code, caught.value.number) == (files.same.code, 3)
    assert listed.path.read_text() == "plugs: [{id: a}]\n"


def test_what_would_be_read_back_otherwise_is_not_written(listed: Any, written: Any) -> None:
    written("plugs: []\n")
    with pytest.raises(ListFileError) as caught:
        listed.add([Plug(id="a", port=1)])  # its row has no port
    assert caught.value.fault.code == files.cannot_add.code
    assert listed.path.read_text() == "plugs: []\n"


def test_fields_of_an_entry_are_changed_and_nothing_else(listed: ListFile[Plug], written: Any) -> None:
    written("plugs:\n  - id: a  # left\n    enabled: false  # not yet\n\n  # right\n  - id: b\n")
    listed.change("a", {"enabled": True, "gangs": ["switch_1", "switch_2"]})
    assert listed.path.read_text() == (
        "plugs:\n  - id: a  # left\n    enabled: true   # not yet\n    gangs: [switch_1, switch_2]\n\n"
        "  # right\n  - id: b\n"
    )


@pytest.mark.parametrize(
    ("id_", "fields", "problem"),
    [
        ("c", {"name": "x"}, files.NO_SUCH_ENTRY),
        ("a", {"port": 0}, values.at_least),
        ("a", {"id": "b"}, files.same),
        ("a", {"name": "x"}, files.CANNOT_CHANGE),  # another entry means this one's name
    ],
)
def test_a_change_that_cannot_be_made_leaves_the_file(
    id_: str, fields: dict[str, object], problem: Any, listed: ListFile[Plug], written: Any
) -> None:
    text = "plugs:\n  - id: a\n    name: &n y\n  - {id: b, name: *n}\n"
    written(text)
    with pytest.raises(ListFileError) as caught:
        listed.change(id_, fields)
    assert caught.value.fault.code == problem.code
    assert listed.path.read_text() == text


def test_a_folder_or_a_place_that_cannot_be_is_an_error(listed: ListFile[Plug]) -> None:
    listed.path.mkdir(parents=True)
    for use in (listed.read, lambda: listed.add([Plug(id="a")])):
        with pytest.raises(ListFileError) as caught:
            use()
        assert caught.value.reason.code == files.unreadable.code
        assert caught.value.fault == system.IS_DIRECTORY()


def test_a_full_disk_leaves_the_file(listed: ListFile[Plug], written: Any) -> None:
    written("plugs: []\n")
    listed.path.with_name(".plugs.yaml.new").mkdir()
    with pytest.raises(ListFileError) as caught:
        listed.add([Plug(id="a")])
    assert caught.value.reason.code == files.unwritable.code
    assert listed.path.read_text() == "plugs: []\n"


def test_a_mistake_is_one_sentence_in_the_readers_language(listed: ListFile[Plug], written: Any) -> None:
    written("plugs:\n- id: a\n  port: 0\n")
    with pytest.raises(ConfigError) as caught:
        listed.read()
    assert str(caught.value) == (
        f"TUYA_PLUGS_FILE {listed.path}: line 3, entry 1, port: it must be at least 1. The file is left as it is."
    )
    assert render(caught.value.reason, Language.UK) == (
        f"TUYA_PLUGS_FILE {listed.path}: рядок 3, запис 1, port: потрібно щонайменше 1. Файл залишено без змін."
    )
