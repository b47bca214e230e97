"""A YAML list file that people edit and services add to: comments, order and indentation are preserved."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from shared import yaml_text
from shared.conditions import Reason, files, system
from shared.errors import ConfigError
from shared.files import replace_atomically
from shared.validation import first_fault
from shared.yaml_text import CannotEditError, Row, YamlTextError

E = TypeVar("E", bound=BaseModel)

BOM = "\ufeff"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
"""Keys that errors may name; anything else may be a misplaced secret."""

Stamp = tuple[int, int, int]


class ListFileError(ConfigError):
    """A list file that cannot be used, or cannot be changed as requested; it is left as it is.

    `fault` is the mistake without its place. line and number count from 1; field is the place in the entry.
    Values of the file are never repeated: one may be a key.
    """

    def __init__(
        self, reason: Reason, fault: Reason, *, line: int | None = None, number: int | None = None, field: str = ""
    ) -> None:
        super().__init__(reason)
        self.fault = fault
        self.line = line
        self.number = number
        self.field = field


@dataclass(frozen=True)
class ListFile(Generic[E]):
    """The file and the form of its entries.

    setting is the variable that names the file; key is the only key at the top, with the list below it; head are the
    comments of a new file; row returns what is written for a new entry. unique names what no two entries may share; the
    first is the id of an entry.
    """

    setting: str
    path: Path
    key: str
    entry: type[E]
    row: Callable[[E], Row]
    unique: Mapping[str, Callable[[E], str]]
    head: str = ""
    mode: int = 0o666

    def read(self) -> list[E]:
        """Return the entries, none if there is no file. Raises ListFileError."""
        return self._entries(self._text() or "")

    def stamp(self) -> Stamp | None:
        """Return what distinguishes versions of the file, or None if there is no file."""
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
            longer = yaml_text.append_rows(text, self.key, [self.row(entry) for entry in entries])
        except CannotEditError:
            raise self._error(files.cannot_add(key=self.key)) from None
        self._save(longer, [*before, *entries], files.cannot_add(key=self.key))

    def change(self, id_: str, fields: Mapping[str, object]) -> None:
        """Set fields of the entry with an id, all or none; None is written as null. Raises ListFileError."""
        text = self._text() or ""
        before = self._entries(text)
        id_of = next(iter(self.unique.values()))
        number = next((number for number, entry in enumerate(before) if id_of(entry) == id_), None)
        if number is None:
            raise self._error(files.NO_SUCH_ENTRY())
        row = self._rows(text)[number]
        changed = self._entry(text, number, {**row, **fields} if isinstance(row, dict) else row)
        try:
            edited = yaml_text.set_values(text, self.key, number, fields)
        except CannotEditError:
            raise self._error(files.CANNOT_CHANGE()) from None
        self._save(edited, [*before[:number], changed, *before[number + 1 :]], files.CANNOT_CHANGE())

    def _save(self, text: str, expected: Sequence[E], fault: Reason) -> None:
        """Write the text if it reads back as expected."""
        try:
            is_right = self._entries(text) == expected
        except ListFileError as error:
            if error.fault.code == files.same.code:
                raise
            is_right = False
        if not is_right:
            raise self._error(fault)
        try:
            replace_atomically(self.path, (BOM if self._has_bom() else "") + text, mode=self.mode)
        except OSError as error:
            cause = system.os_reason(error)
            raise ListFileError(files.unwritable(name=self.setting, file=str(self.path), cause=cause), cause) from None

    def _text(self) -> str | None:
        """Return the text of the file, without a byte order mark, or None if there is no file."""
        try:
            return self.path.read_bytes().decode().removeprefix(BOM)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise self._error(system.NOT_TEXT(), line) from None
        except OSError as error:
            cause = system.os_reason(error)
            raise ListFileError(files.unreadable(name=self.setting, file=str(self.path), cause=cause), cause) from None

    def _has_bom(self) -> bool:
        return self.path.exists() and self.path.read_bytes().startswith(BOM.encode())

    def _entries(self, text: str) -> list[E]:
        entries = [self._entry(text, number, row) for number, row in enumerate(self._rows(text))]
        for name, value_of in self.unique.items():
            seen: set[str] = set()
            for number, entry in enumerate(entries):
                value = value_of(entry)
                if value in seen:
                    raise self._entry_error(files.same(field=name), text, number)
                seen.add(value)
        return entries

    def _rows(self, text: str) -> list[object]:
        try:
            content = yaml_text.parse(text)
        except YamlTextError as error:
            raise self._error(error.reason, error.line) from None
        if content is None:
            return []
        if not isinstance(content, dict):
            raise self._error(files.not_a_list(key=self.key), 1)
        if strange := [str(key) for key in content if key != self.key]:
            fault = files.unknown_key(given=_named(strange[0]), key=self.key)
            raise self._error(fault, yaml_text.line_of(text, strange[:1]))
        rows = content.get(self.key)
        if not isinstance(rows, list | None):
            raise self._error(files.not_a_list(key=self.key), yaml_text.line_of(text, (self.key,)))
        return rows or []

    def _entry(self, text: str, number: int, row: object) -> E:
        try:
            return self.entry.model_validate(row)
        except ValidationError as error:
            fault = first_fault(error)
            raise self._entry_error(fault.reason, text, number, fault.location) from None

    def _error(self, fault: Reason, line: int | None = None) -> ListFileError:
        placed = files.in_line(line=line, fault=fault) if line else fault
        return ListFileError(self._in_file(placed), fault, line=line)

    def _entry_error(
        self, fault: Reason, text: str, number: int, location: tuple[int | str, ...] = ()
    ) -> ListFileError:
        line = yaml_text.line_of(text, (self.key, number, *location))
        field = ".".join(_named(str(part)) for part in location)
        if field:
            placed = files.in_field(line=line, number=number + 1, field=field, fault=fault)
        else:
            placed = files.in_entry(line=line, number=number + 1, fault=fault)
        return ListFileError(self._in_file(placed), fault, line=line, number=number + 1, field=field)

    def _in_file(self, fault: Reason) -> Reason:
        return files.in_list(name=self.setting, file=str(self.path), fault=fault)


class ListWatch:
    """Notices that a list file has changed, once it is the same at two looks: it may be half written."""

    def __init__(self, file: ListFile[Any]) -> None:
        self._file = file
        self._used = self._seen = file.stamp()

    def has_changed(self) -> bool:
        """Look, and return whether there is a new version to apply; each is reported once."""
        before, self._seen = self._seen, self._file.stamp()
        if self._seen != before or self._seen == self._used:
            return False
        self._used = self._seen
        return True


def _named(key: str) -> str:
    return key if NAME.fullmatch(key) or key.isdecimal() else "?"
