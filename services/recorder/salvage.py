"""Copies what is readable in a damaged SQLite file into a new one with the same schema.

Pages are found from the roots of their tables; unreachable ones by the pointer map, and those missing there by the
shape of their rows. A flipped bit within a value goes unnoticed, as SQLite has no checksums.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from services.recorder import rows as messages
from services.recorder.sqlite_pages import (
    BTREE,
    FREE,
    INDEX_INTERIOR,
    INDEX_LEAF,
    MAGIC,
    OVERFLOW,
    OVERFLOW_FIRST,
    TABLE_LEAF,
    BTreePage,
    Cell,
    Image,
    Values,
    decode,
)
from shared.history import migration
from shared.history.compression import intact
from shared.history.migration import FIRST, HEAD

RECORDED = frozenset(table.name for _, table in messages.RECORDED)
HOURS = ("compressed_hour", "packed")
"""The table of compressed hours, and its name in version 0.1."""
KEPT = RECORDED | {*HOURS, "dead_letter", "undated_message"}
"""The tables whose rows are counted: everything else is derived from them."""
INDEX = ""
"""The owner of pages of an index, whose rows are not needed."""
SCHEMA_ROOT = 1
MOST_HOPS = 40
SAMPLED = 200
ROWS_AT_ONCE = 2000

Breathe = Callable[[], None]


@dataclass(frozen=True)
class Shape:
    """What the rows of a table or an index look like in the file."""

    table: str
    kinds: tuple[int, ...]
    columns: tuple[str, ...]
    types: tuple[str, ...]
    required: tuple[bool, ...]
    key: int
    """How many columns the b-tree is ordered by; 0: by row numbers."""

    def row(self, values: Values | None) -> Values | None:
        """Return the values as SQLite would, without those of later columns; None if they do not fit."""
        if not values or len(values) > len(self.columns) or not self._whole(len(values)):
            return None
        row = []
        for value, kind, required in zip(values, self.types, self.required, strict=False):
            if value is None:
                fits = not required
            elif kind == "FLOAT":
                fits = isinstance(value, int | float)
            else:
                fits = isinstance(value, {"TEXT": str, "BLOB": bytes}.get(kind, int))
            if not fits:
                return None
            row.append(float(value) if kind == "FLOAT" and isinstance(value, int) else value)
        return row

    def _whole(self, count: int) -> bool:
        return not any(self.required[count:])


@dataclass
class Tally:
    """How many rows of a table were saved and lost."""

    pages: int = 0
    rows: int = 0
    readings: int = 0
    lost_rows: int = 0
    lost_readings: int = 0
    lost_pages: int = 0


@dataclass(frozen=True)
class Report:
    """How many records were saved and about how many were lost, and whether derived tables have gaps."""

    saved: int
    lost: int
    derived_whole: bool


@dataclass
class Salvage:
    """A salvage from an image into an open database of the same schema."""

    image: Image
    target: sqlite3.Connection
    breathe: Breathe
    owners: dict[int, str] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    unknown_pages: int = 0
    waiting: dict[tuple[str, int], list[Values]] = field(default_factory=dict)
    shapes: list[Shape] = field(default_factory=list)
    by_table: dict[str, Shape] = field(default_factory=dict)

    def run(self) -> Report:
        """Copy every row that can be read."""
        self.shapes = _shapes(self.target)
        self.by_table = {shape.table: shape for shape in self.shapes if shape.table not in (INDEX, "alembic_version")}
        for name, root in _roots(self.image).items():
            self._walk(root, name if name in self.by_table else INDEX)
        for number in range(2, self.image.count + 1):
            if number not in self.owners:
                self._take_stray(number)
            self.breathe()
        self._flush(least=1)
        return self._report()

    def _walk(self, root: int, table: str) -> None:
        """Copy the pages of a table from its root."""
        numbers = [root]
        while numbers:
            number = numbers.pop()
            if number in self.owners or not 1 < number <= self.image.count:
                continue
            self.owners[number] = table
            page = self.image.btree_page(number)
            if page:
                numbers.extend(page.children)
            if table != INDEX:
                self._take(page, self.by_table[table])
            self.breathe()

    def _take_stray(self, number: int) -> None:
        """Copy a page that no table leads to."""
        kind, _ = self.image.pointer(number)
        if number in self.image.free or self.image.is_reserved(number) or kind in (FREE, OVERFLOW_FIRST, OVERFLOW):
            return
        page, owner = self.image.btree_page(number), self._owner_by_map(number)
        if owner is not None:
            if owner != INDEX:
                self._take(page, self.by_table[owner])
            return
        if page is None:
            data = self.image.page(number)
            if kind == BTREE or not data or data[0] or not data.rstrip(b"\0"):  # else the rest of a long row
                self.unknown_pages += 1
            return
        shapes = self._shapes_of(page)
        if len({shape.table for shape in shapes}) == 1 and shapes[0].table in self.by_table:
            self._take(page, shapes[0])

    def _owner_by_map(self, number: int) -> str | None:
        for _ in range(MOST_HOPS):
            if number in self.owners:
                return self.owners[number]
            kind, number = self.image.pointer(number)
            if kind != BTREE:
                return None
        return None

    def _shapes_of(self, page: BTreePage) -> list[Shape]:
        """Return the tables that fit all rows of a page, those with all their columns first."""
        records = [decode(cell.local, cell.size) for cell in page.cells]
        known = [values for values in records if values]
        if not known:
            return []
        fitting = [
            shape
            for shape in self.shapes
            if page.kind in shape.kinds and all(shape.row(_padded(values, shape)) for values in known)
        ]
        exact = [shape for shape in fitting if len(shape.columns) == max(map(len, known))]
        return exact or fitting

    def _take(self, page: BTreePage | None, shape: Shape) -> None:
        tally = self.tallies.setdefault(shape.table, Tally())
        if page is None:
            tally.lost_pages += 1
            return
        if page.kind not in shape.kinds:  # it only leads to the pages with rows
            return
        rows = [self._row(cell, shape, tally) for cell in page.cells]
        good = _ascending([row for row in rows if row], shape.key)
        tally.lost_rows += page.dropped + len(rows) - len(good)
        tally.pages += 1
        tally.rows += len(good)
        for row in good:
            self.waiting.setdefault((shape.table, len(row)), []).append(row)
        self._flush(least=ROWS_AT_ONCE)

    def _row(self, cell: Cell, shape: Shape, tally: Tally) -> Values | None:
        payload = self.image.payload(cell)
        row = shape.row(decode(payload, cell.size)) if payload else None
        if shape.table not in HOURS:
            return row
        if row and intact(row[shape.columns.index("data")], *row[6:7]):
            tally.readings += row[shape.columns.index("n")]
            return row
        known = decode(cell.local, cell.size) or []
        place = shape.columns.index("n")
        tally.lost_readings += known[place] if len(known) > place and isinstance(known[place], int) else 0
        return None

    def _flush(self, least: int) -> None:
        for (table, count), rows in self.waiting.items():
            if len(rows) >= least:
                columns = ", ".join(f'"{name}"' for name in self.by_table[table].columns[:count])
                marks = ", ".join("?" * count)
                self.target.executemany(f'INSERT OR IGNORE INTO "{table}" ({columns}) VALUES ({marks})', rows)  # noqa: S608
                rows.clear()

    def _report(self) -> Report:
        kept = {name: tally for name, tally in self.tallies.items() if name in KEPT}
        saved = sum(self._count(name) for name in kept)
        pages = sum(tally.pages for tally in self.tallies.values())
        typical = sum(tally.rows + tally.readings for tally in kept.values()) / pages if pages else 0
        lost = sum(_lost(tally, typical) for tally in kept.values()) + round(self.unknown_pages * typical)
        derived = [self.tallies.get(name) for name in set(self.by_table) - KEPT]
        whole = not self.unknown_pages and all(tally and not _lost(tally, typical) for tally in derived)
        return Report(saved, lost, whole)

    def _count(self, table: str) -> int:
        what = "coalesce(sum(n), 0)" if table in HOURS else "count(*)"
        return int(self.target.execute(f'SELECT {what} FROM "{table}"').fetchone()[0])  # noqa: S608


def salvage(damaged: Path, target: Path, breathe: Breathe = lambda: None) -> Report:
    """Write what is readable in a damaged file to a new one. Raises OSError or sqlite3.Error if that fails."""
    with ExitStack() as files:
        image = _open(damaged, files)
        migration.create(target, _revision(image) or HEAD)
        connection = files.enter_context(closing(sqlite3.connect(target, isolation_level=None)))
        for pragma in ("journal_mode=DELETE", "journal_mode=OFF", "synchronous=OFF"):  # it starts over after a kill
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        report = Salvage(image, connection, breathe).run()
        connection.execute("CREATE TABLE salvage_report (saved, lost, derived_whole)")
        connection.execute("INSERT INTO salvage_report VALUES (?, ?, ?)", astuple(report))
        connection.execute("COMMIT")
    return report


def report_of(salvaged: Path) -> Report:
    """Return the report that was written with a salvaged file."""
    with closing(sqlite3.connect(salvaged)) as connection:
        saved, lost, whole = connection.execute("SELECT saved, lost, derived_whole FROM salvage_report").fetchone()
    return Report(saved, lost, bool(whole))


def is_ours(file: Path) -> bool:
    """Return whether an unreadable file may have been one of our databases: anything else is left alone."""
    with ExitStack() as files:
        image = _open(file, files)
        roots = _roots(image)
        if roots:
            return bool({"alembic_version", "inverter_state"} & set(roots))
        head = image.page(1)
        if head.startswith(MAGIC) or file.read_bytes()[: len(MAGIC)] == MAGIC or not head.rstrip(b"\0"):
            return True
        step = max(1, image.count // SAMPLED)
        pages = (image.btree_page(number) for number in range(2, image.count + 1, step))
        return any(page and page.cells for page in pages)


def _open(file: Path, files: ExitStack) -> Image:
    log = file.with_name(file.name + "-wal")
    return Image(files.enter_context(file.open("rb")), files.enter_context(log.open("rb")) if log.exists() else None)


def _roots(image: Image) -> dict[str, int]:
    """Return the root pages of all tables and indexes, as far as the schema can be read."""
    found: dict[str, int] = {}
    numbers, seen = [SCHEMA_ROOT], set()
    while numbers:
        number = numbers.pop()
        page = image.btree_page(number)
        if page is None or number in seen or page.kind in (INDEX_LEAF, INDEX_INTERIOR):
            continue
        seen.add(number)
        numbers.extend(page.children)
        for cell in page.cells if page.kind == TABLE_LEAF else ():
            payload = image.payload(cell)
            values = (decode(payload, cell.size) if payload else decode(cell.local, cell.size)) or []
            if len(values) >= 4 and isinstance(values[1], str) and isinstance(values[3], int) and values[3] > 1:
                found[values[1]] = values[3]
    return found


def _revision(image: Image) -> str | None:
    """Return the schema's revision, wherever the page with it is."""
    root = _roots(image).get("alembic_version")
    for number in (root,) if root else range(2, image.count + 1):
        page = image.btree_page(number)
        if page and page.kind == TABLE_LEAF and len(page.cells) == 1:
            match decode(page.cells[0].local, page.cells[0].size):
                case [str(revision)] if revision.isdecimal() and FIRST <= revision <= HEAD:
                    return revision
    return None


def _shapes(target: sqlite3.Connection) -> list[Shape]:
    """Return what the rows of all tables and indexes of a database look like."""
    found = []
    tables = target.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    for table, sql in tables:
        columns = {row[1]: row for row in target.execute(f'PRAGMA table_info("{table}")')}
        by_key = "WITHOUT ROWID" in sql.upper()
        if not by_key:
            found.append(_shape(table, (TABLE_LEAF,), list(columns), columns, key=0))
        for _, index, _, origin, _ in target.execute(f'PRAGMA index_list("{table}")').fetchall():
            parts = target.execute(f'PRAGMA index_xinfo("{index}")').fetchall()
            names = [name or "rowid" for _, _, name, *_ in parts]
            is_table = by_key and origin == "pk"
            key = sum(row[-1] for row in parts) if is_table else len(names)
            found.append(_shape(table if is_table else INDEX, (INDEX_LEAF, INDEX_INTERIOR), names, columns, key=key))
    return found


def _shape(table: str, kinds: tuple[int, ...], names: Sequence[str], columns: dict[str, Any], *, key: int) -> Shape:
    types, required = [], []
    for name in names:
        _, _, declared, not_null, default, in_key = columns.get(name, (0, name, "BIGINT", 1, None, 0))
        kind = "TEXT" if declared.startswith("VARCHAR") else declared
        types.append(kind if kind in ("TEXT", "FLOAT", "BLOB") else "INTEGER")
        required.append(bool(in_key or not_null) and default is None)
    return Shape(table, kinds, tuple(names), tuple(types), tuple(required), key)


def _padded(values: Values, shape: Shape) -> Values:
    """Fill in the values on overflow pages, to check only the shape."""
    if len(values) < len(shape.columns) and not shape._whole(len(values)):
        blank = {"TEXT": "", "BLOB": b"", "FLOAT": 0.0}
        return values + [blank.get(kind, 0) for kind in shape.types[len(values) :]]
    return values


def _ascending(rows: list[Values], key: int) -> list[Values]:
    """Return the longest run of rows with ascending keys: a key out of order is wrong."""
    if not key or all(a[:key] < b[:key] for a, b in pairwise(rows)):
        return rows
    tails: list[Values] = []
    lengths = []
    for row in rows:
        place = bisect_left(tails, row[:key])
        tails[place : place + 1] = [row[:key]]
        lengths.append(place + 1)
    return list(_backwards(rows, lengths, key))[::-1]


def _backwards(rows: list[Values], lengths: list[int], key: int) -> Iterator[Values]:
    wanted, before = max(lengths), None
    for row, length in zip(reversed(rows), reversed(lengths), strict=True):
        if length == wanted and (before is None or row[:key] < before):
            yield row
            wanted, before = wanted - 1, row[:key]


def _lost(tally: Tally, typical: float) -> int:
    """Return about how many rows, or readings in hours, are lost: a lost page held as many as others do."""
    if tally.pages:
        typical = (tally.rows + tally.readings) / tally.pages
    elif tally.lost_pages == 1:  # nothing is known about it; perhaps it was empty
        typical = 1
    readings = tally.readings or tally.lost_readings
    return round(tally.lost_pages * typical) + (tally.lost_readings if readings else tally.lost_rows)
