"""A YAML list file that people edit and services add to: comments, order and indentation stay as they were written."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from shared import yaml_edit
from shared.files import replace_atomically
from shared.validation import Fault, first_fault
from shared.yaml_edit import CannotEditError, Problem, Row, YamlTextError

E = TypeVar("E", bound=BaseModel)

BOM = "\ufeff"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
"""Keys that are named in errors; anything else may be a secret that slipped out of its place."""

Stamp = tuple[int, int, int]


class ListProblem(StrEnum):
    """What is wrong with a list file, apart from its YAML."""

    UNREADABLE = "unreadable"
    UNWRITABLE = "unwritable"
    NOT_UTF8 = "not_utf8"
    NOT_A_LIST = "not_a_list"
    UNKNOWN_KEY = "unknown_key"
    BAD_ENTRY = "bad_entry"
    SAME_ID = "same_id"
    CANNOT_ADD = "cannot_add"
    CANNOT_CHANGE = "cannot_change"
    NO_SUCH_ENTRY = "no_such_entry"


class ListFileError(Exception):
    """A list file that cannot be used, which is left as it is. Nothing here repeats a value of the file.

    line and number count from 1. `field` is the place in the entry, or the unknown key. `why` is the system's reason.
    """

    def __init__(
        self,
        problem: ListProblem | Problem,
        *,
        line: int | None = None,
        number: int | None = None,
        field: str = "",
        fault: Fault | None = None,
        why: str | None = None,
    ) -> None:
        super().__init__(f"{problem} (line {line}, entry {number}, {field}, {why})")
        self.problem = problem
        self.line = line
        self.number = number
        self.field = field
        self.fault = fault
        self.why = why


@dataclass(frozen=True)
class ListFile(Generic[E]):
    """The file and the form of its entries.

    key is the only key at the top, with the list below it; head are the comments of a new file; row returns what is
    written of a new entry. unique names what no two entries may share: the first of them is the id of an entry.
    """

    path: Path
    key: str
    entry: type[E]
    row: Callable[[E], Row]
    unique: Mapping[str, Callable[[E], str]]
    head: str = ""
    mode: int = 0o666

    def read(self) -> list[E]:
        """Return the entries, none where there is no file. Raises ListFileError."""
        return self._entries(self._text() or "")

    def stamp(self) -> Stamp | None:
        """Return what tells one version of the file from another, None where there is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def add(self, entries: Sequence[E]) -> None:
        """Add entries at the end, all or none. Raises ListFileError."""
        if not entries:
            return
        given = self._text()
        text = self.head if given is None else given
        before = self._entries(text)
        try:
            longer = yaml_edit.append_rows(text, self.key, [self.row(entry) for entry in entries])
        except CannotEditError:
            raise ListFileError(ListProblem.CANNOT_ADD) from None
        self._save(longer, [*before, *entries], ListProblem.CANNOT_ADD)

    def change(self, id_: str, fields: Mapping[str, object]) -> None:
        """Set fields of the entry with an id, all or none; None is written as null. Raises ListFileError."""
        text = self._text() or ""
        before = self._entries(text)
        id_of = next(iter(self.unique.values()))
        number = next((number for number, entry in enumerate(before) if id_of(entry) == id_), None)
        if number is None:
            raise ListFileError(ListProblem.NO_SUCH_ENTRY)
        row = self._rows(text)[number]
        changed = self._entry(text, number, {**row, **fields} if isinstance(row, dict) else row)
        try:
            edited = yaml_edit.set_values(text, self.key, number, fields)
        except CannotEditError:
            raise ListFileError(ListProblem.CANNOT_CHANGE, number=number + 1) from None
        self._save(edited, [*before[:number], changed, *before[number + 1 :]], ListProblem.CANNOT_CHANGE)

    def _save(self, text: str, expected: Sequence[E], problem: ListProblem) -> None:
        """Write the text if it reads as it should."""
        try:
            is_right = self._entries(text) == expected
        except ListFileError as error:
            if error.problem is ListProblem.SAME_ID:
                raise
            is_right = False
        if not is_right:
            raise ListFileError(problem)
        try:
            replace_atomically(self.path, (BOM if self._has_bom() else "") + text, mode=self.mode)
        except OSError as error:
            raise ListFileError(ListProblem.UNWRITABLE, why=error.strerror) from None

    def _text(self) -> str | None:
        """Return what is written, without a byte order mark, None where there is no file."""
        try:
            return self.path.read_bytes().decode().removeprefix(BOM)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ListFileError(ListProblem.NOT_UTF8, line=line) from None
        except OSError as error:
            raise ListFileError(ListProblem.UNREADABLE, why=error.strerror) from None

    def _has_bom(self) -> bool:
        return self.path.exists() and self.path.read_bytes().startswith(BOM.encode())

    def _entries(self, text: str) -> list[E]:
        entries = [self._entry(text, number, row) for number, row in enumerate(self._rows(text))]
        for name, value_of in self.unique.items():
            seen: set[str] = set()
            for number, entry in enumerate(entries):
                value = value_of(entry)
                if value in seen:
                    line = yaml_edit.line_of(text, (self.key, number))
                    raise ListFileError(ListProblem.SAME_ID, line=line, number=number + 1, field=name)
                seen.add(value)
        return entries

    def _rows(self, text: str) -> list[object]:
        try:
            content = yaml_edit.parse(text)
        except YamlTextError as error:
            raise ListFileError(error.problem, line=error.line) from None
        if content is None:
            return []
        if not isinstance(content, dict):
            raise ListFileError(ListProblem.NOT_A_LIST)
        if strange := [str(key) for key in content if key != self.key]:
            line = yaml_edit.line_of(text, strange[:1])
            raise ListFileError(ListProblem.UNKNOWN_KEY, line=line, field=_named(strange[0]))
        rows = content.get(self.key)
        if not isinstance(rows, list | None):
            raise ListFileError(ListProblem.NOT_A_LIST, line=yaml_edit.line_of(text, (self.key,)))
        return rows or []

    def _entry(self, text: str, number: int, row: object) -> E:
        try:
            return self.entry.model_validate(row)
        except ValidationError as error:
            fault = first_fault(error)
            raise ListFileError(
                ListProblem.BAD_ENTRY,
                line=yaml_edit.line_of(text, (self.key, number, *fault.location)),
                number=number + 1,
                field=".".join(_named(str(part)) for part in fault.location),
                fault=fault,
            ) from None


def _named(key: str) -> str:
    return key if NAME.fullmatch(key) or key.isdecimal() else "?"
