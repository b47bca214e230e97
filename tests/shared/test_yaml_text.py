"""Edits of a YAML text: whatever its author wrote is still there, in its place, and the result reads as it should."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.conditions import Condition, files
from shared.yaml_text import CannotEditError, YamlTextError, append_rows, line_of, parse, set_values

ROWS: list[Mapping[str, object]] = [
    {"id": "new", "name": "Кип'ятильник, 2: #1", "gangs": ["switch_1"]},
    {"id": "newer", "on": True},
]

TEXTS = [
    pytest.param("", id="empty"),
    pytest.param("# mine\n", id="only-a-comment"),
    pytest.param("---\n# mine\n", id="document-mark"),
    pytest.param("plugs:", id="nothing-and-no-final-newline"),
    pytest.param("plugs: # none\n# end\n", id="nothing-and-comments"),
    pytest.param("plugs: &all\n  - id: a\n", id="anchor-of-the-list"),
    pytest.param("plugs:\n- id: a\n# end\n", id="flush"),
    pytest.param("plugs:\n        - id: a\n", id="deep"),
    pytest.param("plugs:\n  -    id: a\n       name: b\n", id="far-behind-the-dash"),
    pytest.param("plugs:\n  -\n    id: a\n", id="below-the-dash"),
    pytest.param("# top\nplugs: # list\n  # first\n  - id: a # a\n    # in a\n  # after\n\n# end\n", id="comments"),
    pytest.param("plugs:\n  - id: a", id="no-final-newline"),
    pytest.param('plugs:\n  - id: "a\n      b"   # c', id="text-on-two-lines"),
    pytest.param("plugs:\n  - id: a\n    name: |+\n      b\n\n\n", id="kept-blank-lines"),
    pytest.param("plugs:\n  - id: a\n    name: >-\n      b\n\n  # c\n", id="folded"),
    pytest.param("plugs:\r\n  - id: a\r\n\r\n", id="crlf"),
    pytest.param("plugs:\n- &a {id: a}\n- <<: *a\n  id: b\n- *a\n", id="merge-key-and-alias"),
    pytest.param("plugs:\n- id: &x a\n  name: *x\n", id="alias-at-the-end"),
    pytest.param("plugs:\n  - id: a\n    gangs:\n    - b\n    - c\n", id="flush-list-inside"),
]

IN_FLOW = [
    pytest.param("plugs: [{id: a}]\n", id="flow"),
    pytest.param("plugs: [{id: a},] # c\n", id="flow-with-a-last-comma"),
    pytest.param("plugs: [\n  {id: a},\n  {id: b}]\n", id="flow-closed-on-the-last-line"),
    pytest.param("plugs: [{id: a,\n  name: b}, {id: c}]\n", id="flow-broken-inside"),
    pytest.param("{plugs: [{id: a}]}", id="all-flow"),
    pytest.param('{\n  "plugs": [\n    {"id": "a"}\n  ]\n}\n', id="json"),
    pytest.param("{}", id="empty-flow"),
    pytest.param("{plugs: }\n", id="nothing-in-flow"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_rows_are_added_behind_all_that_was_written(text: str) -> None:
    after = _added_to(text)
    assert after.startswith(text)
    assert ("\r\n" in text) == ("\r\n" in after)
    assert after.count("\r") == (after.count("\n") if "\r" in text else 0)


@pytest.mark.parametrize("text", IN_FLOW)
def test_a_list_in_brackets_can_be_added_to_and_keeps_its_comments(text: str) -> None:
    assert _added_to(text).count("# c") == text.count("# c")


def _added_to(text: str) -> str:
    before: Any = parse(text) or {}
    after = append_rows(text, "plugs", ROWS)
    assert parse(after) == {"plugs": [*(before.get("plugs") or []), *ROWS]}
    again = append_rows(after, "plugs", [{"id": "third"}])
    assert parse(again) == {"plugs": [*(before.get("plugs") or []), *ROWS, {"id": "third"}]}
    return after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("plugs: []  # none\n# end\n", "plugs:     # none\n# end\n  - id: a\n"),
        ("plugs: [\n]\n", "plugs:\n  - id: a\n"),
        ("plugs: null\n", "plugs:\n  - id: a\n"),
        ("plugs: ~", "plugs:\n  - id: a\n"),
        ("plugs:\n  -   id: b\n", "plugs:\n  -   id: b\n  -   id: a\n"),
        ("plugs: [{id: 'b'}] # b\n", "plugs: [{id: 'b'}, {id: a}] # b\n"),
    ],
)
def test_what_is_added_looks_like_the_rest(text: str, after: str) -> None:
    assert append_rows(text, "plugs", [{"id": "a"}]) == after


@pytest.mark.parametrize(
    "text",
    [
        "plugs: !!seq []\n",
        "plugs: [\n  {id: a}, # a\n  {id: b} # b\n] # c\n",
        "plugs: [\n  {id: a}, # a\n  # b\n]\n",
        "plugs: [ # c\n]\n",
    ],
)
def test_nothing_is_added_where_a_comment_or_a_tag_would_be_lost(text: str) -> None:
    with pytest.raises(CannotEditError):
        append_rows(text, "plugs", ROWS)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("plugs:\n  - id: a\n    name: b # c\n", "plugs:\n  - id: a\n    name: new # c\n"),
        ("plugs:\n  - id: a # c\n    # d\n", "plugs:\n  - id: a # c\n    name: new\n    # d\n"),
        ("plugs:\n  - id: a\n    name: # c\n", "plugs:\n  - id: a\n    name: new # c\n"),
        ("plugs:\n  - name: |\n      b\n      c\n\n    id: a\n", "plugs:\n  - name: new\n\n    id: a\n"),
        ("plugs:\n  - name:\n    - b\n    # c\n    id: a\n", "plugs:\n  - name: new\n    # c\n    id: a\n"),
        ("plugs:\n  - name: [b,\n      c]\n    id: a", "plugs:\n  - name: new\n    id: a\n"),
        ("plugs: [{id: a, name: 'b'}, {id: c}]\n", "plugs: [{id: a, name: 'new'}, {id: c}]\n"),
        ("plugs: [{id: a}, {id: c}]\n", "plugs: [{id: a, name: new}, {id: c}]\n"),
        ("---\n# c\nplugs:\n- id: a\n", "---\n# c\nplugs:\n- id: a\n  name: new\n"),
        ("plugs:\n- id: a\n\n# d\n- id: b\n", "plugs:\n- id: a\n  name: new\n\n# d\n- id: b\n"),
        ("plugs:\n- id: |\n    a\n  # c\n- id: b\n", "plugs:\n- id: |\n    a\n  name: new\n  # c\n- id: b\n"),
        ("plugs:\r\n- id: a\r\n", "plugs:\r\n- id: a\r\n  name: new\r\n"),
        ("plugs:\n- id: a\n- <<: {name: b}\n  id: b\n", "plugs:\n- id: a\n  name: new\n- <<: {name: b}\n  id: b\n"),
    ],
)
def test_a_value_is_replaced_where_it_stands_or_added(text: str, after: str) -> None:
    assert set_values(text, "plugs", 0, {"name": "new"}) == after


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plugs:\n- &b {id: b}\n- <<: *b\n  id: a\n", id="merge-key"),
        pytest.param("plugs:\n- id: &x a\n- id: *x\n  name: *x\n", id="alias"),
        pytest.param("plugs:\n- id: b\n- id: a\n  name: &x b\n  topic: *x\n", id="anchor"),
        pytest.param("plugs:\n- id: b\n- id: a\n  name:\n  - b # c\n", id="comment-in-the-value"),
        pytest.param("plugs:\n- id: b\n  gangs: [c, # c\n    d]\n- id: a\n", id="comment-in-brackets"),
        pytest.param("# c\n---\nplugs:\n- id: b\n- id: a\n", id="comment-before-the-document"),
        pytest.param("plugs:\n- id: b\n- id: a\n...\n# c\n", id="comment-behind-the-document"),
    ],
)
def test_a_change_that_would_lose_something_is_not_made(text: str) -> None:
    with pytest.raises(CannotEditError):
        set_values(text, "plugs", 1, {"name": "new"})


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("plugs:\n\t- id: a\n", files.TAB, 2),
        ("plugs:\n- id: a\n  id: b\n", files.DUPLICATE_KEY, 3),
        ("plugs: 1\nplugs: 2\n", files.DUPLICATE_KEY, 2),
        ("plugs:\n- id: @secret\n", files.NEEDS_QUOTES, 2),
        ("plugs:\n- id: *secret\n", files.NEEDS_QUOTES, 2),
        ("plugs:\n- id: !secret\n", files.NEEDS_QUOTES, 2),
        ("plugs:\n- id: 2026-99-99\n", files.NEEDS_QUOTES, None),
        ("plugs: [\n", files.NOT_YAML, 2),
        ("plugs:\n- id: 'a\n", files.NOT_YAML, 3),
        ("a: 1\n---\nb: 1\n", files.TWO_DOCUMENTS, 2),
        ("a: 1\nb: \x07\n", files.BAD_CHARACTER, 2),
        ('a: "\\ud83d"\n', files.BAD_CHARACTER, None),
        ('plugs:\n- {"\\udc00": 1}\n', files.BAD_CHARACTER, None),
        ("a: " + "[" * 1000, files.TOO_DEEP, None),
        ("a: " + "x" * 100_000, files.TOO_LONG, None),
        ("%YAML 1.9\n---\nplugs:\n- id: a\n", files.NOT_YAML, None),
        ("plugs:\n%YAML 9.9\n", files.NOT_YAML, None),
        ("!!int ", files.NEEDS_QUOTES, None),
        ("plugs:\n- id: !!int ''\n", files.NEEDS_QUOTES, None),
        ("? - id: a\n", files.NOT_YAML, None),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_a_line_and_no_word_of_the_text(
    text: str, reason: Condition[[]], line: int | None
) -> None:
    with pytest.raises(YamlTextError) as caught:
        parse(text)
    assert (caught.value.reason, caught.value.line) == (reason(), line)
    assert "secret" not in str(caught.value)


def test_yaml_is_of_version_1_2() -> None:
    assert parse("a: [yes, off, 11:22:33:44:55:16, 010]") == {"a": ["yes", "off", "11:22:33:44:55:16", 10]}


def test_the_line_of_a_place() -> None:
    text = "# c\nplugs:\n- id: a\n- id: b\n  gangs:\n    - c\n    - d\n"
    assert line_of(text, ("plugs", 1)) == 4
    assert line_of(text, ("plugs", 1, "gangs", 1)) == 7
    assert line_of(text, ("plugs", 1, "gangs", 5)) == 5
    assert line_of(text, ("plugs", 1, "nothing")) == 4
    assert line_of(text, ("nothing",)) == 1


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.text("abcdefgh", min_size=1, max_size=3)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(KEYS, SCALARS, max_size=3)


@example(row={"a": ["?0"]}, style="- id: x\n")
@example(row={"a": "x\x85y", "b": ["\x85"]}, style="- id: x\n")
@given(row=st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), style=st.sampled_from(["- id: x\n", "[{id: x}]\n"]))
def test_every_value_is_read_as_it_was_written(row: dict[str, object], style: str) -> None:
    text = f"plugs: {style}" if style.startswith("[") else f"plugs:\n{style}"
    assert parse(append_rows(text, "plugs", [row])) == {"plugs": [{"id": "x"}, row]}
    assert parse(set_values(text, "plugs", 0, row)) == {"plugs": [{"id": "x", **row}]}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A file as people write them: any indentation, comments and blank lines everywhere, several styles of values."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    indent, offset = draw(st.integers(0, 9)), draw(st.integers(2, 6))
    remark = st.sampled_from(["", "", "  # так: [it - is", " #"])
    between = st.lists(
        st.sampled_from(["", "   ", "# - id: old", f"{' ' * indent}# note", f"{' ' * (indent + offset)}# in it"]),
        max_size=2,
    )
    value = st.sampled_from(
        ["b", "'it''s'", '"b: c"', "", "[b, c]", "{b: c,}", "12", "~", "&x b", "|\n{}  b\n{}  c\n", ">-\n{}  b\n\n"]
    )
    lines = [*draw(between), "plugs:" + draw(remark), *draw(between)]
    for number in range(draw(st.integers(1, 3))):
        key_indent = " " * (indent + offset)
        lines.append(" " * indent + "-".ljust(offset) + f"id: p{number}" + draw(remark))
        for field in range(draw(st.integers(0, 2))):
            lines += draw(between)
            written = draw(value).replace("{}  ", key_indent + "  ").rstrip("\n")
            end = "" if "\n" in written else draw(remark)
            lines += f"{key_indent}f{field}: {written}{end}".split("\n")
        lines += draw(between)
    return newline.join(lines) + draw(st.sampled_from(["", newline]))


@pytest.mark.parametrize("value", ["\x85", "a\x85b"])
def test_a_next_line_is_no_line_break(value: str) -> None:
    after = set_values("plugs:\n - id: p0\n   f0: b\n", "plugs", 0, {"f0": value})
    assert parse(after) == {"plugs": [{"id": "p0", "f0": value}]}


@given(text=texts(), value=SCALARS.filter(lambda value: "#" not in str(value)), data=st.data())
def test_adding_and_changing_keep_all_of_any_file(text: str, value: object, data: st.DataObject) -> None:
    before: Any = parse(text)
    after = append_rows(text, "plugs", ROWS)
    assert after.startswith(text)
    if text.endswith("\n"):  # else a text below `|` becomes longer by the end of its line
        assert parse(after) == {"plugs": [*before["plugs"], *ROWS]}
    number = data.draw(st.integers(0, len(before["plugs"]) - 1))
    field = data.draw(st.sampled_from(["id", "f0", "f1", "f9"]))
    try:
        after = set_values(text, "plugs", number, {field: value})
    except CannotEditError:
        assert "&x" in text  # the anchor would be lost
        return
    before["plugs"][number] |= {field: value}
    assert parse(after) == before
    assert re.findall(r"#[^\r\n]*", after) == re.findall(r"#[^\r\n]*", text)
