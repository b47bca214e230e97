"""The pages of a SQLite file, read without SQLite, which gives up at the first damaged one.

The format is documented and frozen: https://sqlite.org/fileformat2.html. Nothing here trusts what it reads: parts that
are inconsistent are not returned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from struct import Struct, unpack_from
from typing import Any, BinaryIO

MAGIC = b"SQLite format 3\0"
DEFAULT_PAGE_SIZE = 4096
PAGE_SIZES = tuple(2**power for power in range(9, 17))
FILE_HEADER = 100
INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
INTERIOR = (INDEX_INTERIOR, TABLE_INTERIOR)
KINDS = (INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF)
ROOT, FREE, OVERFLOW_FIRST, OVERFLOW, BTREE = range(1, 6)
"""What the pointer map says a page is."""
LOCK_BYTE = 2**30
"""The page with this byte is never used."""
LOG_HEADER, FRAME_HEADER = 32, 24
LOG_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""By the byte order of the checksums."""
MOST_COLUMNS = 2000
FLOAT = Struct(">d")

Values = list[Any]


@dataclass(frozen=True)
class Cell:
    """An entry of a b-tree page: its left child, and its payload, of which a part may be on overflow pages."""

    child: int
    size: int
    local: bytes
    overflow: int


@dataclass(frozen=True)
class BTreePage:
    """A page of a table or an index; `dropped` counts cells that cannot be true."""

    kind: int
    cells: Sequence[Cell]
    right: int
    dropped: int

    @property
    def children(self) -> list[int]:
        """The pages below."""
        return [*(cell.child for cell in self.cells), self.right] if self.kind in INTERIOR else []


class Image:
    """A database file with the committed frames of its write-ahead log over it."""

    def __init__(self, file: BinaryIO, log: BinaryIO | None = None) -> None:
        self._file, self._log = file, log
        self._file_size = file.seek(0, 2)
        self._frames: dict[int, int] = {}
        frames = list(_committed(log)) if log else []
        header = self._read(0, FILE_HEADER)
        self.page_size = frames[-1].page_size if frames else _page_size(header)
        self._frames = {frame.page: frame.offset for frame in frames}
        header = self.page(1)[:FILE_HEADER]
        self.has_header = header.startswith(MAGIC) and len(header) == FILE_HEADER
        self.usable = self.page_size - (header[20] if self.has_header and header[20] <= self.page_size - 480 else 0)
        self.count = self._count(frames[-1].count if frames else 0, header)

    def page(self, number: int) -> bytes:
        """Return a page, empty if it is not there."""
        if number < 1:
            return b""
        if self._log and number in self._frames:
            self._log.seek(self._frames[number])
            data = self._log.read(self.page_size)
        else:
            data = self._read((number - 1) * self.page_size, self.page_size)
        return data if len(data) == self.page_size else b""

    def btree_page(self, number: int) -> BTreePage | None:
        """Return a page of a table or an index, None if it is none or makes no sense."""
        data = self.page(number)
        return _btree_page(data, FILE_HEADER if number == 1 else 0, self.usable, self.count) if data else None

    def payload(self, cell: Cell) -> bytes | None:
        """Return the whole payload of a cell, None if its overflow pages do not hold it."""
        data, number, seen = [cell.local], cell.overflow, set()
        missing = cell.size - len(cell.local)
        while missing > 0:
            page = self.page(number) if 1 < number <= self.count and number not in seen else b""
            if not page.rstrip(b"\0"):
                return None
            seen.add(number)
            data.append(page[4 : min(4 + missing, self.usable)])
            missing -= len(data[-1])
            number = int.from_bytes(page[:4], "big")
        return b"".join(data) if (missing == 0 and number == 0) or not seen else None

    @cached_property
    def free(self) -> frozenset[int]:
        """The pages that hold nothing, as far as the list of them can be read: what is in them was deleted."""
        found: set[int] = set()
        trunk = int.from_bytes(self.page(1)[32:36], "big") if self.has_header else 0
        while 1 < trunk <= self.count and trunk not in found:
            page = self.page(trunk)
            if not page:
                break
            found.add(trunk)
            trunk, leaves = unpack_from(">II", page)
            if leaves <= self.usable // 4 - 2:
                found.update(unpack_from(f">{leaves}I", page, 8))
        return frozenset(found)

    def pointer(self, number: int) -> tuple[int, int]:
        """Return what the pointer map says of a page: what it is, and the page above; zeros if it says nothing."""
        entries = self.usable // 5
        place = number - 3 if number > 2 else -1  # page 2 is the first page of the map
        if place < 0 or not self.has_map:
            return 0, 0
        group, index = divmod(place, entries + 1)
        if index == entries:  # a page of the map itself
            return FREE, 0
        data = self.page(2 + group * (entries + 1))
        kind, parent = unpack_from(">BI", data, index * 5) if data else (0, 0)
        return (kind, parent) if ROOT <= kind <= BTREE and parent <= self.count else (0, 0)

    @cached_property
    def has_map(self) -> bool:
        """Whether there is a pointer map, as in every file that can be vacuumed in steps."""
        if self.has_header:
            return self.page(1)[52:56] != bytes(4)
        data = self.page(2)
        known = min(self.usable // 5, self.count - 2)
        entries = [unpack_from(">BI", data, index * 5) for index in range(known)] if data else []
        fitting = sum(ROOT <= kind <= BTREE and parent <= self.count for kind, parent in entries)
        return bool(entries) and fitting > 0.9 * len(entries)

    def is_reserved(self, number: int) -> bool:
        """Whether a page can hold no rows: the pointer map, or the page of the lock bytes."""
        if number == LOCK_BYTE // self.page_size + 1:
            return True
        return self.has_map and number >= 2 and (number - 2) % (self.usable // 5 + 1) == 0

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def _count(self, by_log: int, header: bytes) -> int:
        by_header = 0
        if self.has_header and header[24:28] == header[92:96]:
            by_header = int.from_bytes(header[28:32], "big")
        if by_header > 2 * (self._file_size // self.page_size + len(self._frames)) + 1000:  # no cut takes that much
            by_header = 0
        return by_log or max(by_header, self._file_size // self.page_size, *self._frames, 0)


@dataclass(frozen=True)
class _Frame:
    page: int
    offset: int
    count: int
    page_size: int


def _committed(log: BinaryIO) -> Iterator[_Frame]:
    """Yield the frames of the write-ahead log that are whole and committed."""
    log.seek(0)
    header = log.read(LOG_HEADER)
    order = LOG_MAGIC.get(int.from_bytes(header[:4], "big"))
    if len(header) < LOG_HEADER or order is None:
        return
    page_size, salts = int.from_bytes(header[8:12], "big"), header[16:24]
    sums = _checksum(header[:24], order, (0, 0))
    if page_size not in PAGE_SIZES or sums != unpack_from(">II", header, 24):
        return
    waiting: list[_Frame] = []
    offset = LOG_HEADER
    while len(frame := log.read(FRAME_HEADER + page_size)) == FRAME_HEADER + page_size:
        page, count = unpack_from(">II", frame)
        sums = _checksum(frame[FRAME_HEADER:], order, _checksum(frame[:8], order, sums))
        if frame[8:16] != salts or sums != unpack_from(">II", frame, 16) or not page:
            return
        waiting.append(_Frame(page, offset + FRAME_HEADER, count, page_size))
        if count:
            yield from waiting
            waiting.clear()
        offset += FRAME_HEADER + page_size


def _checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = unpack_from(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


def _page_size(header: bytes) -> int:
    size = int.from_bytes(header[16:18], "big")
    size = 65536 if size == 1 else size
    return size if header.startswith(MAGIC) and size in PAGE_SIZES else DEFAULT_PAGE_SIZE


def _btree_page(data: bytes, start: int, usable: int, count: int) -> BTreePage | None:
    kind = data[start]
    if kind not in KINDS:
        return None
    size = 12 if kind in INTERIOR else 8
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    content = int.from_bytes(data[start + 5 : start + 7], "big") or 65536
    pointers = start + size
    if pointers + 2 * cells > min(content, usable) or content > usable:
        return None
    right = int.from_bytes(data[start + 8 : start + 12], "big") if kind in INTERIOR else 0
    if kind in INTERIOR and not 1 < right <= count:
        return None
    found: dict[int, tuple[int, Cell]] = {}
    for offset in unpack_from(f">{cells}H", data, pointers):
        if offset >= content and (one := _cell(data, offset, kind, usable, count)):
            found[offset] = one
    whole = _without_overlaps(found)
    return BTreePage(kind, whole, right, cells - len(whole))


def _without_overlaps(found: dict[int, tuple[int, Cell]]) -> list[Cell]:
    """Return cells in order of their keys, without those that share bytes: one of them cannot be true."""
    ends = sorted((offset, end) for offset, (end, _) in found.items())
    wrong = {one for (a, end), (b, _) in pairwise(ends) if b < end for one in (a, b)}
    return [cell for offset, (_, cell) in found.items() if offset not in wrong]


def _cell(data: bytes, offset: int, kind: int, usable: int, count: int) -> tuple[int, Cell] | None:
    """Return where a cell ends, and the cell."""
    child = 0
    if kind in INTERIOR:
        child = int.from_bytes(data[offset : offset + 4], "big")
        offset += 4
        if not 1 < child <= count:
            return None
    if kind == TABLE_INTERIOR:
        return offset + 1, Cell(child, 0, b"", 0)
    size, offset = varint(data, offset)
    if kind == TABLE_LEAF:
        _, offset = varint(data, offset)
    local = _local_size(size, kind, usable)
    end = offset + local + (4 if local < size else 0)
    if size < 2 or end > usable:
        return None
    overflow = int.from_bytes(data[offset + local : end], "big") if local < size else 0
    return end, Cell(child, size, data[offset : offset + local], overflow)


def _local_size(size: int, kind: int, usable: int) -> int:
    """Return how much of a payload is on the page itself."""
    most = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (usable - 12) * 32 // 255 - 23
    fitting = least + (size - least) % (usable - 4)
    return fitting if fitting <= most else least


def varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return a number of variable length and where it ends; one that runs off the data is huge."""
    value = 0
    for index in range(offset, offset + 8):
        if index >= len(data):
            return 2**62, index
        byte = data[index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, index + 1
    return (value << 8 | data[offset + 8], offset + 9) if offset + 8 < len(data) else (2**62, offset + 9)


def decode(payload: bytes, size: int) -> Values | None:
    """Return the values of a record of `size` bytes, or the first ones if the payload is cut; None if it is none."""
    header, offset = varint(payload, 0)
    if header > min(len(payload), 9 * MOST_COLUMNS):
        return None
    kinds: Sequence[int] = payload[offset:header]
    if not payload[offset:header].isascii():  # some of them take more than a byte
        kinds = []
        while offset < header:
            kind, offset = varint(payload, offset)
            kinds.append(kind)
    else:
        offset = header
    if offset != header or header + sum(map(_width, kinds)) != size or 10 in kinds or 11 in kinds:
        return None
    values: Values = []
    for kind in kinds:
        end = offset + _width(kind)
        if end > len(payload):
            break
        try:
            values.append(_value(kind, payload[offset:end]))
        except UnicodeDecodeError:
            return None
        offset = end
    return values


def _width(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]


def _value(kind: int, data: bytes) -> Any:
    if kind == 0:
        return None
    if kind == 7:
        return FLOAT.unpack(data)[0]
    if kind in (8, 9):
        return kind - 8
    if kind >= 12:
        return data.decode() if kind % 2 else data
    return int.from_bytes(data, "big", signed=True)
