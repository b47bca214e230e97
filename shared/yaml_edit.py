"""Edits of a YAML text that leave everything else in it, byte for byte, as its author wrote it. No I/O.

The text is a mapping that has a list of mappings under a key. The parser tells where things stand; an edit only inserts
or replaces at these places. An edit can still miss in a text of rare constructs, so the caller reads the result back.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import (
    AliasToken,
    BlockEndToken,
    BlockEntryToken,
    DocumentEndToken,
    FlowEntryToken,
    ScalarToken,
    StreamEndToken,
    Token,
    ValueToken,
)

from shared.conditions import Reason, files

Row = Mapping[str, object]
Path = Sequence[int | str]

BREAK = re.compile(r"\r\n|\n|\r")
NULL = "tag:yaml.org,2002:null"
NO_WRAPPING = 2**31
NO_CONTENT = (BlockEndToken, DocumentEndToken, StreamEndToken)
"""Tokens that the scanner makes up, or that are no part of any value."""


class YamlTextError(Exception):
    """A text that cannot be read, and why, without a word of it. `line` counts from 1; None where it is not known."""

    def __init__(self, reason: Reason, line: int | None) -> None:
        super().__init__(reason.text)
        self.reason = reason
        self.line = line


class CannotEditError(Exception):
    """The text has a construct at the place of the edit that only its author can change."""


def parse(text: str) -> object:
    """Return what a text holds, None for an empty one. Raises YamlTextError."""
    try:
        return _yaml().load(text)
    except RecursionError:
        raise YamlTextError(files.TOO_DEEP(), None) from None
    except ValueError:  # a number with thousands of digits, a day that no calendar has
        raise YamlTextError(files.NEEDS_QUOTES(), None) from None
    except YAMLError as error:
        raise YamlTextError(_reason(error), _line(text, error)) from None


def line_of(text: str, path: Path) -> int:
    """Return the line, counted from 1, of the deepest part of a path that the text has."""
    node, line = _yaml().compose(text), 1
    for step in path:
        found = _child(node, step)
        if not found:
            break
        line, node = found
    return int(line)


def append_rows(text: str, key: str, rows: Sequence[Row]) -> str:
    """Return the text with rows at the end of the list under a key, which may be missing. Raises CannotEditError."""
    outline = _Outline(text)
    pair = outline.pair(key)
    if pair:
        edits = _added_to(outline, pair, rows)
    elif isinstance(outline.root, MappingNode) and outline.root.flow_style:
        listed = f"{_inline(key)}: {_inline(rows)}" + (", " if outline.root.value else "")
        at = outline.root.start_mark.index + 1
        edits = [_Edit(at, at, listed)]
    else:
        edits = [outline.new_lines(outline.line_after_all(), [f"{_inline(key)}:", *_block(rows, 2, 2)])]
    return _applied(text, edits)


def set_values(text: str, key: str, number: int, values: Row) -> str:
    """Return the text with values of the row with a number (from 0) replaced or added. Raises CannotEditError."""
    for field, value in values.items():
        text = _with_value(text, key, number, field, value)
    return text


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    content: str


@dataclass(frozen=True)
class _Pair:
    """A key of a mapping with its value; `end` is where the next pair begins, None after the last one."""

    key: Node
    value: Node
    end: int | None

    @property
    def is_alias(self) -> bool:
        """Whether the value stands somewhere else."""
        return bool(self.value.start_mark.index < self.key.end_mark.index)


class _Outline:
    """Where everything in a text stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = list(_yaml().scan(text))
        self.root: Node | None = _yaml().compose(text)
        newline = BREAK.search(text)
        self.newline = newline[0] if newline else "\n"

    def pair(self, key: str) -> _Pair | None:
        """Return the pair of a key at the top."""
        return _pair(self.root, key)

    def content_between(self, start: int, end: int) -> list[Token]:
        """Return the tokens of a span that the author wrote."""
        return [
            token
            for token in self.tokens
            if start <= token.start_mark.index < end and not isinstance(token, NO_CONTENT)
        ]

    def document_end(self) -> int:
        """Return where the document ends: at its mark, or with the text."""
        marks = (token.start_mark.index for token in self.tokens if isinstance(token, DocumentEndToken))
        return next((at for at in marks if self.text.startswith("...", at)), len(self.text))

    def line_after(self, token: Token) -> int:
        """Return where the line behind a token begins."""
        at = int(token.end_mark.index)
        if isinstance(token, ScalarToken) and token.style in ("|", ">"):  # blank lines may belong to it
            while (blank := re.compile(r"[ ]*(\r\n|\n|\r)").match(self.text, at)) and self._begins_line(at):
                at = blank.end()
            if self._begins_line(at):
                return at
        found = BREAK.search(self.text, at)
        return found.end() if found else len(self.text)

    def line_after_all(self) -> int:
        """Return where the line behind everything in the document begins, but for blank lines at its end."""
        end = self.document_end()
        content = self.content_between(0, end)
        least = self.line_after(content[-1]) if content else 0
        last = len(self.text[:end].rstrip())
        found = BREAK.search(self.text, last)
        return min(max(least, found.end() if found else len(self.text)), end)

    def line_after_comments(self, at: int, end: int, column: int) -> int:
        """Return where the lines behind comments begin that stand at a column or further right."""
        for line in re.compile(r"([ \t]*)([^\r\n]*)(?:\r\n|\n|\r|$)").finditer(self.text, at, end):
            if line[2] and not (line[2].startswith("#") and len(line[1]) >= column):
                break
            if line[2]:
                at = line.end()
        return at

    def new_lines(self, at: int, lines: Sequence[str]) -> _Edit:
        """Return the edit that inserts whole lines."""
        start = "" if self._begins_line(at) else self.newline
        return _Edit(at, at, start + "".join(f"{line}{self.newline}" for line in lines))

    def _begins_line(self, at: int) -> bool:
        return at == 0 or self.text[at - 1] in "\r\n"


def _added_to(outline: _Outline, pair: _Pair, rows: Sequence[Row]) -> list[_Edit]:
    value, text = pair.value, outline.text
    is_in_flow = isinstance(outline.root, MappingNode) and outline.root.flow_style
    start, end = value.start_mark.index, value.end_mark.index
    is_none = isinstance(value, ScalarNode) and value.tag == NULL
    if pair.is_alias:
        raise CannotEditError
    if is_none and is_in_flow:
        return [_Edit(start, end, f" {_inline(rows)}")]
    if is_none or (not is_in_flow and re.fullmatch(r"\[\s*\]", text[start:end])):
        column = pair.key.start_mark.column + 2
        return [_cut(text, start, end), _block_edit(outline, pair, _block(rows, column, 2), column)]
    if not isinstance(value, SequenceNode):
        raise CannotEditError
    if value.flow_style:
        return _flow_edits(outline, value, [_inline(row) for row in rows])
    dashes = [
        token for token in outline.tokens if isinstance(token, BlockEntryToken) and start <= token.start_mark.index
    ]
    column = dashes[0].start_mark.column
    own = [dash for dash in dashes if dash.start_mark.column == column and dash.start_mark.index < end]
    item = value.value[-1]
    is_beside = isinstance(item, MappingNode) and item.start_mark.line == own[-1].start_mark.line
    offset = item.start_mark.column - column if is_beside and not item.flow_style and not item.anchor else 2
    return [_block_edit(outline, pair, _block(rows, column, offset), column)]


def _block_edit(outline: _Outline, pair: _Pair, lines: Sequence[str], column: int) -> _Edit:
    """Insert lines behind a list: last in the document behind all comments, else behind those indented like it."""
    if pair.end is None:
        return outline.new_lines(outline.line_after_all(), lines)
    at = outline.line_after(outline.content_between(pair.key.start_mark.index, pair.end)[-1])
    column = max(column, pair.key.start_mark.column + 1)
    return outline.new_lines(outline.line_after_comments(at, pair.end, column), lines)


def _flow_edits(outline: _Outline, node: Node, parts: Sequence[str]) -> list[_Edit]:
    """Insert parts at the end of a flow collection, on lines of their own where it has several lines."""
    text = outline.text
    start, end = node.start_mark.index, node.end_mark.index
    if not node.value:
        at = text.index("[" if isinstance(node, SequenceNode) else "{", start) + 1
        return [_Edit(at, at, ", ".join(parts) + (" " if text[at] == "#" else ""))]
    last = outline.content_between(start, end - 1)[-1]
    at = last.end_mark.index
    has_comma = isinstance(last, FlowEntryToken)
    if not BREAK.search(text, start, end):
        return [_Edit(at, at, (" " if has_comma else ", ") + ", ".join(parts))]
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    indent = text[begin : begin + len(text[begin:]) - len(text[begin:].lstrip(" "))]
    lines = f",{outline.newline}{indent}".join(parts) + ("," if has_comma else "")
    break_ = BREAK.search(text, at, end)
    place = break_.start() if break_ else at
    comma = [] if has_comma else [_Edit(at, at, ",")]
    return [*comma, _Edit(place, place, f"{outline.newline}{indent}{lines}")]


def _with_value(text: str, key: str, number: int, field: str, value: object) -> str:
    outline = _Outline(text)
    row = _row(outline, key, number)
    pair = _pair(row, field)
    if pair:
        return _applied(text, [_replaced(outline, row, pair, _inline(value))])
    added = f"{_inline(field)}: {_inline(value)}"
    if row.flow_style:
        return _applied(text, _flow_edits(outline, row, [added]))
    last = outline.content_between(row.start_mark.index, row.end_mark.index)[-1]
    column = row.value[0][0].start_mark.column
    return _applied(text, [outline.new_lines(outline.line_after(last), [" " * column + added])])


def _row(outline: _Outline, key: str, number: int) -> MappingNode:
    """Return the node of a row that stands in the list itself, with at least one value."""
    pair = outline.pair(key)
    if pair is None or pair.is_alias or not isinstance(pair.value, SequenceNode):
        raise CannotEditError
    rows = pair.value.value
    row, before = rows[number], rows[:number]
    written_after = max((one.start_mark.index for one in before), default=pair.key.end_mark.index)
    is_alias = row.start_mark.index <= written_after
    if is_alias or not isinstance(row, MappingNode) or (not row.value and not row.flow_style):
        raise CannotEditError
    return row


def _replaced(outline: _Outline, row: Node, pair: _Pair, value: str) -> _Edit:
    end = row.end_mark.index if pair.end is None else pair.end
    after_key = outline.content_between(pair.key.end_mark.index, end)
    colon = next(token for token in after_key if isinstance(token, ValueToken)).end_mark.index
    node = pair.value
    if pair.is_alias:
        alias = next(token for token in after_key if isinstance(token, AliasToken))
        return _Edit(alias.start_mark.index, alias.end_mark.index, value)
    if isinstance(node, ScalarNode):
        start, stop = node.start_mark.index, node.end_mark.index
        if start == stop:  # nothing is written there
            return _Edit(colon, colon, f" {value}")
        return _Edit(start, start + len(outline.text[start:stop].rstrip()), value)
    if isinstance(node, CollectionNode) and node.flow_style:
        return _Edit(node.start_mark.index, node.end_mark.index, value)
    return _Edit(colon, after_key[-1].end_mark.index, f" {value}")


def _pair(node: Node | None, key: str) -> _Pair | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    for number, (own, value) in enumerate(pairs):
        if isinstance(own, ScalarNode) and own.value == key:
            following = pairs[number + 1][0].start_mark.index if number + 1 < len(pairs) else None
            return _Pair(own, value, following)
    return None


def _child(node: Node | None, step: int | str) -> tuple[int, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    pair = _pair(node, str(step))
    return (pair.key.start_mark.line + 1, pair.value) if pair else None


def _block(rows: Sequence[Row], column: int, offset: int) -> list[str]:
    """Return the lines of rows whose dashes stand at a column, and their keys `offset` further right."""
    lines = []
    for row in rows:
        starts = [" " * column + "-".ljust(offset), *[" " * (column + offset)] * (len(row) - 1)]
        pairs = (f"{_inline(key)}: {_inline(value)}" for key, value in row.items())
        lines += [start + pair for start, pair in zip(starts, pairs, strict=True)]
    return lines


def _inline(value: object) -> str:
    """Return a value on one line, as it may stand in a list or behind a key."""
    match value:
        case None:
            return "null"
        case Mapping():
            return "{" + ", ".join(f"{_inline(key)}: {_inline(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return f"[{', '.join(map(_inline, value))}]"
        case str() if not value.isprintable():  # it would be written on several lines
            return _scalar(DoubleQuotedScalarString(value))
        case _:
            return _scalar(value)


def _scalar(value: object) -> str:
    yaml = YAML(pure=True)
    yaml.default_flow_style = True
    yaml.width = NO_WRAPPING
    out = io.StringIO()
    yaml.dump([value], out)
    return out.getvalue().strip().removeprefix("[").removesuffix("]")


def _cut(text: str, start: int, end: int) -> _Edit:
    """Remove a value and the spaces before it."""
    return _Edit(len(text[:start].rstrip(" ")) if end > start else start, end, "")


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    for edit in reversed(edits):  # they come in order
        text = text[: edit.start] + edit.content + text[edit.end :]
    return text


def _yaml() -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # the warning would quote the text
    return yaml


def _reason(error: YAMLError) -> Reason:
    said = str(getattr(error, "problem", "") or "")
    if isinstance(error, DuplicateKeyError):
        return files.DUPLICATE_KEY()
    if not isinstance(error, MarkedYAMLError):
        return files.BAD_CHARACTER()
    if "'\\t'" in said:
        return files.TAB()
    if "another document" in said:
        return files.TWO_DOCUMENTS()
    is_sign = "start any token" in said or "undefined alias" in said or "alphabetic or numeric" in said
    return files.NEEDS_QUOTES() if is_sign or isinstance(error, ConstructorError) else files.NOT_YAML()


def _line(text: str, error: YAMLError) -> int | None:
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        return int(error.problem_mark.line) + 1
    position = getattr(error, "position", None)
    return len(BREAK.findall(text[:position])) + 1 if isinstance(position, int) else None
