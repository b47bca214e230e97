"""A YAML text of one key with a list of mappings below it: read, added to and changed by ruamel.yaml. No I/O.

New rows are appended to the text as it is. Any other edit is a round trip, which keeps comments, order, quotes and the
indentation of the list; a text that has lost a comment, an anchor, an alias or a tag on the way is not returned.
The caller reads the result back.
"""

import io
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import CommentMark, MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString, LiteralScalarString
from ruamel.yaml.tokens import CommentToken

from shared.conditions import Reason, files

Row = Mapping[str, object]

BREAK = re.compile(r"\r\n|\n|\r")
NO_WRAPPING = 2**31
BLOCK_TEXT = LiteralScalarString | FoldedScalarString
MOST_NODES = 100_000
"""A list of a thousand plugs has less than a third of that."""
MOST_CHARACTERS = 100_000
"""They take three seconds to read; a fully described plug takes about 150."""
NEXT_LINE = "\x85"
"""A line break in YAML 1.1; ruamel.yaml folds it between single quotes."""


class YamlTextError(Exception):
    """A text that cannot be read, and why, without quoting it. `line` counts from 1; None if it is unknown."""

    def __init__(self, reason: Reason, line: int | None) -> None:
        super().__init__(reason.text)
        self.reason = reason
        self.line = line


class CannotEditError(Exception):
    """Only the author of the text can make this edit without loss."""


def parse(text: str) -> object:
    """Return the content of a text, None for an empty one. Raises YamlTextError."""
    if len(text) > MOST_CHARACTERS:
        raise YamlTextError(files.TOO_LONG(), None)
    yaml = _yaml("safe")
    yaml.Constructor = _Bounded
    try:
        return yaml.load(text)
    except RecursionError:
        raise YamlTextError(files.TOO_DEEP(), None) from None
    except (OverflowError, UnicodeEncodeError):  # "\\UFFFFFFFF", "\\uD83D"
        raise YamlTextError(files.BAD_CHARACTER(), None) from None
    except (ValueError, IndexError):  # a number of thousands of digits, or of none; an impossible date
        raise YamlTextError(files.NEEDS_QUOTES(), None) from None
    except (KeyError, AssertionError, TypeError):  # a `%YAML` line with an unknown version; a list as a key
        raise YamlTextError(files.NOT_YAML(), None) from None
    except YAMLError as error:
        raise YamlTextError(_reason(error), _line(text, error)) from None


class _Bounded(SafeConstructor):
    """Refuses what a few lines can expand without limit: aliases of aliases, merged into each other."""

    def construct_document(self, node: Node) -> object:
        """Return the content of a document. Raises RecursionError."""
        if _size(node, {}) > MOST_NODES:
            raise RecursionError
        return super().construct_document(node)

    def construct_scalar(self, node: Node) -> object:
        """Return a value. Raises UnicodeEncodeError for half a character, which no message can carry."""
        value: object = super().construct_scalar(node)
        if isinstance(value, str):
            value.encode()
        return value


def _size(node: Node, known: dict[int, int]) -> int:
    """Return the number of nodes with each alias expanded; one that refers to itself counts once."""
    if id(node) not in known:
        known[id(node)] = 1
        parts = chain.from_iterable(node.value) if isinstance(node, MappingNode) else node.value
        nodes = parts if isinstance(node, MappingNode | SequenceNode) else ()
        known[id(node)] += sum(_size(part, known) for part in nodes)
    return known[id(node)]


def line_of(text: str, path: Sequence[int | str]) -> int:
    """Return the line, counted from 1, of the deepest part of a path that exists in the text."""
    node, line = _yaml("safe").compose(text), 1
    for step in path:
        children = _children(node)
        if str(step) not in children:
            break
        line, node = children[str(step)]
    return line


@contextmanager
def _refused() -> Iterator[None]:
    """Refuse what a round trip cannot do, without ruamel.yaml's message, which quotes the text."""
    try:
        yield
    except (YAMLError, ValueError, LookupError, AssertionError, NotImplementedError, RecursionError):
        raise CannotEditError from None


@_refused()
def append_rows(text: str, key: str, rows: Sequence[Row]) -> str:
    """Return the text with rows at the end of the list under the key, which may be missing. Raises CannotEditError."""
    new = [CommentedMap({field: _inline(value) for field, value in row.items()}) for row in rows]
    document = _yaml("rt").load(text.replace("\r\n", "\n"))
    if document is None:
        return _with_lines(text, _dump({key: new}, ""))
    listed = document.get(key)
    if document.fa.flow_style() or (listed and listed.fa.flow_style()):
        document[key] = listed or CommentedSeq()
        document[key].extend(new)
        return _round_trip(text, document)
    if not listed:
        document[key] = None
        text = _round_trip(text, document)
    return _with_lines(text, _dump({key: new}, text).partition("\n")[2])


@_refused()
def set_values(text: str, key: str, number: int, values: Row) -> str:
    """Return the text with values of the row with a number (from 0) replaced or added. Raises CannotEditError."""
    document = _yaml("rt").load(text.replace("\r\n", "\n"))
    row = document[key][number]
    if not isinstance(row, CommentedMap) or row.merge or not row:
        raise CannotEditError
    for field, value in values.items():
        remarks = _cut_remarks(row, field if field in row else next(reversed(row)))
        if isinstance(row.get(field), BLOCK_TEXT):
            row[field] = None  # otherwise the new value would take on its form
        row[field] = _inline(value)
        if remarks:
            own = row.ca.items.setdefault(field, [None, None, None, None])
            beside = own[2].value if own[2] else "\n"
            own[2] = CommentToken(beside + remarks, own[2].start_mark if own[2] else CommentMark(0), None)
    return _round_trip(text, document, values)


def _inline(value: object) -> object:
    """Return a value in the style that is written on one line."""
    if not isinstance(value, Mapping | list | tuple):
        return _quoted(value)
    if isinstance(value, Mapping):
        collection: Any = CommentedMap({name: _quoted(one, in_flow=True) for name, one in value.items()})
    else:
        collection = CommentedSeq(_quoted(one, in_flow=True) for one in value)
    collection.fa.set_flow_style()
    return collection


def _quoted(value: object, *, in_flow: bool = False) -> object:
    """Return a value with the quotes that ruamel.yaml forgets: around a next line, or a leading `?` in a collection."""
    if isinstance(value, str) and (NEXT_LINE in value or (in_flow and value.startswith("?"))):
        return DoubleQuotedScalarString(value)
    return value


def _cut_remarks(node: Any, key: Any) -> str:
    """Cut off and return the comments and blank lines below a value; ruamel.yaml keeps them at its last leaf."""
    while isinstance(value := node[key], CommentedMap | CommentedSeq) and value and not value.fa.flow_style():
        node, key = value, next(reversed(value)) if isinstance(value, CommentedMap) else len(value) - 1
    place = 2 if isinstance(node, CommentedMap) else 0
    comments = node.ca.items.get(key)
    if not comments or not comments[place]:
        return ""
    token = comments[place]
    if isinstance(value, BLOCK_TEXT):
        beside, below = "", " " * token.start_mark.column + token.value
    else:
        beside, _, below = token.value.partition("\n")
    comments[place] = CommentToken(f"{beside}\n", token.start_mark, None) if beside else None
    return str(below)


def _round_trip(text: str, document: object, changed: Container[str] = ()) -> str:
    edited = _dump(document, text, mark=re.search(r"^---", text, re.MULTILINE) is not None)
    if _marks(edited, changed) != _marks(text, changed):
        raise CannotEditError
    return edited.replace("\n", "\r\n" if "\r\n" in text else "\n")


def _dump(document: object, text: str, *, mark: bool = False) -> str:
    """Return a document with the indentation of the first row of a text."""
    yaml = _yaml("rt")
    yaml.explicit_start = mark
    yaml.indent(sequence=4, offset=2)
    for token, content in pairwise(yaml.scan(text)):
        if token.id == "-":
            dash = token.start_mark.column
            yaml.indent(sequence=max(content.start_mark.column, dash + 2), offset=dash)
            break
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _with_lines(text: str, lines: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    start = "" if not text or text.endswith(("\n", "\r")) else newline
    return text + start + lines.replace("\n", newline)


def _marks(text: str, changed: Container[str]) -> list[tuple[int, str]]:
    """Return comments, anchors, aliases and tags in order, each with the number of unchanged block keys before it."""
    marks = []
    depth = keys = end = 0
    for token, following in pairwise([*_yaml("safe").scan(text), None]):
        comments = re.findall(r"#[^\r\n]*", text[end : token.start_mark.index])
        if comments and depth:  # in brackets it would move to another line
            raise CannotEditError
        marks += [(keys, comment) for comment in comments]
        if token.id in ("<anchor>", "<alias>", "<tag>"):
            marks.append((keys, f"{token.id} {token.value}"))
        depth += (token.id in ("[", "{")) - (token.id in ("]", "}"))
        keys += token.id == "?" and not depth and getattr(following, "value", "") not in changed
        end = token.end_mark.index
    return marks


def _children(node: Node | None) -> dict[str, tuple[int, Node]]:
    """Return the parts of a node by key or number, with their lines."""
    if isinstance(node, SequenceNode):
        return {str(number): (item.start_mark.line + 1, item) for number, item in enumerate(node.value)}
    if isinstance(node, MappingNode):
        return {str(key.value): (key.start_mark.line + 1, value) for key, value in node.value}
    return {}


def _yaml(kind: str) -> Any:
    yaml = YAML(typ=kind, pure=True)
    yaml.preserve_quotes = True
    yaml.width = NO_WRAPPING
    yaml.brace_single_entry_mapping_in_flow_sequence = True
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
