"""A list file as two services have them: what is read, what is added, what is changed, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from shared.list_file import ListFile, ListFileError, ListProblem
from shared.yaml_edit import Problem

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
    return {"id": plug.id, "name": plug.name, "gangs": list(plug.gangs)} | ({"local_key": key} if key else {})


@pytest.fixture
def listed(tmp_path: Path) -> ListFile[Plug]:
    unique = {"id": lambda plug: plug.id, "topic": lambda plug: plug.topic or plug.id}
    return ListFile(tmp_path / "new" / "plugs.yaml", "plugs", Plug, row, unique, head=HEAD, mode=0o600)


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


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("plugs:\n\t- id: a\n", Problem.TAB, (2, None, "")),
        ("plugs:\n- id: a\n  id: b\n", Problem.DUPLICATE_KEY, (3, None, "")),
        ("plugs:\n- id: a\n  local_key: @bcdefghijklmnop\n", Problem.NEEDS_QUOTES, (3, None, "")),
        (b"plugs:\n- id: a\n  name: \xff\n", ListProblem.NOT_UTF8, (3, None, "")),
        ("plugs:\n- id: a\n".encode("utf-16"), ListProblem.NOT_UTF8, (1, None, "")),
        ("- id: a\n", ListProblem.NOT_A_LIST, (None, None, "")),
        ("# none\nplugs: 5\n", ListProblem.NOT_A_LIST, (2, None, "")),
        ("plugs: []\nplug: []\n", ListProblem.UNKNOWN_KEY, (2, None, "plug")),
        ("plugs: []\n'bcdef ghij': []\n", ListProblem.UNKNOWN_KEY, (2, None, "?")),
        ("plugs:\n- id: a\n- bcdefghij\n", ListProblem.BAD_ENTRY, (3, 2, "")),
        ("plugs:\n- id: a\n\n  nmae: bcdefghij\n", ListProblem.BAD_ENTRY, (4, 1, "nmae")),
        ("plugs:\n- id: a\n  port: bcdefghij\n", ListProblem.BAD_ENTRY, (3, 1, "port")),
        ("plugs:\n- id: a\n  gangs: {b: cdefghij}\n", ListProblem.BAD_ENTRY, (3, 1, "gangs.b")),
        ("plugs:\n- id: a\n  local_key: 1234567890123456\n", ListProblem.BAD_ENTRY, (3, 1, "local_key")),
        ("plugs:\n- name: a\n", ListProblem.BAD_ENTRY, (2, 1, "id")),
        ("plugs:\n- id: a\n- id: b\n- id: a\n", ListProblem.SAME_ID, (4, 3, "id")),
        ("plugs:\n- id: a\n- id: b\n  topic: a\n", ListProblem.SAME_ID, (3, 2, "topic")),
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
    assert (error.problem, (error.line, error.number, error.field)) == (problem, place)
    for secret in ("cdefghij", "1234567890123456"):
        assert secret not in f"{error} {error.fault}"
    with pytest.raises(ListFileError):
        listed.add([Plug(id="new")])
    with pytest.raises(ListFileError):
        listed.change("a", {"name": "new"})
    assert listed.path.read_bytes() == before


@pytest.mark.parametrize("text", ["x: &x [{id: b}]\nplugs: *x\n", "plugs: !!set {}\n"])
def test_rare_constructs_are_refused(text: str, listed: ListFile[Plug], written: Any) -> None:
    written(text)
    with pytest.raises(ListFileError):
        listed.add([Plug(id="a")])
    assert listed.path.read_text() == text


def test_an_entry_that_is_there_is_not_added_again_nor_the_others_with_it(listed: Any, written: Any) -> None:
    written("plugs: [{id: a}]\n")
    with pytest.raises(ListFileError) as caught:
        listed.add([Plug(id="b"), Plug(id="a")])
    assert (caught.value.problem, caught.value.number) == (ListProblem.SAME_ID, 3)
    assert listed.path.read_text() == "plugs: [{id: a}]\n"


def test_what_would_be_read_back_otherwise_is_not_written(listed: Any, written: Any) -> None:
    written("plugs: []\n")
    with pytest.raises(ListFileError) as caught:
        listed.add([Plug(id="a", port=1)])  # its row has no port
    assert caught.value.problem is ListProblem.CANNOT_ADD
    assert listed.path.read_text() == "plugs: []\n"


def test_fields_of_an_entry_are_changed_and_nothing_else(listed: ListFile[Plug], written: Any) -> None:
    written("plugs:\n  - id: a  # left\n    enabled: false  # not yet\n\n  # right\n  - id: b\n")
    listed.change("a", {"enabled": True, "gangs": ["switch_1", "switch_2"]})
    assert listed.path.read_text() == (
        "plugs:\n  - id: a  # left\n    enabled: true  # not yet\n    gangs: [switch_1, switch_2]\n\n"
        "  # right\n  - id: b\n"
    )


@pytest.mark.parametrize(
    ("id_", "fields", "problem"),
    [
        ("c", {"name": "x"}, ListProblem.NO_SUCH_ENTRY),
        ("a", {"port": 0}, ListProblem.BAD_ENTRY),
        ("a", {"id": "b"}, ListProblem.SAME_ID),
        ("a", {"name": "x"}, ListProblem.CANNOT_CHANGE),  # another entry means this one's name
    ],
)
def test_a_change_that_cannot_be_made_leaves_the_file(
    id_: str, fields: dict[str, object], problem: ListProblem, listed: ListFile[Plug], written: Any
) -> None:
    text = "plugs:\n  - id: a\n    name: &n y\n  - {id: b, name: *n}\n"
    written(text)
    with pytest.raises(ListFileError) as caught:
        listed.change(id_, fields)
    assert caught.value.problem is problem
    assert listed.path.read_text() == text


def test_a_folder_or_a_place_that_cannot_be_is_an_error(listed: ListFile[Plug]) -> None:
    listed.path.mkdir(parents=True)
    for use in (listed.read, lambda: listed.add([Plug(id="a")])):
        with pytest.raises(ListFileError) as caught:
            use()
        assert (caught.value.problem, caught.value.why) == (ListProblem.UNREADABLE, "Is a directory")


def test_a_full_disk_leaves_the_file(listed: ListFile[Plug], written: Any) -> None:
    written("plugs: []\n")
    listed.path.with_name(".plugs.yaml.new").mkdir()
    with pytest.raises(ListFileError) as caught:
        listed.add([Plug(id="a")])
    assert caught.value.problem is ListProblem.UNWRITABLE
    assert listed.path.read_text() == "plugs: []\n"
