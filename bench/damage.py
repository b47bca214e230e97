"""What is saved of a database whose file is damaged: pages of zeros, a cut, flipped bits, with and without a backup."""

import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.recorder.mending import mend, pending
from services.recorder.rows import to_row
from services.recorder.store import open_store, set_aside
from shared.conditions import storage
from shared.errors import DamagedError
from shared.messages import InverterState, Mode
from shared.topics import INVERTER_STATE

READINGS = 30_000
PAGE = 4096
START = datetime(2026, 11, 20, tzinfo=UTC)
NOW = START + timedelta(days=2)
READING = "SELECT at, load_power_w FROM inverter_state"

Spoil = Callable[[bytearray, dict[int, str], random.Random], Iterable[int]]


def main() -> None:
    """Print the table of docs/operations.md: case, stored before, readable, saved, lost."""
    print("| case | stored before | readable | saved | lost |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        whole = filled(Path(directory) / "whole.db")
        for name, spoil in (
            ("one page of readings zeroed", lambda data, owners, _: zeroed(data, readings(owners)[5:6])),
            ("20 pages at random zeroed", random_pages),
            ("the first page (header, schema) zeroed", lambda data, *_: zeroed(data, [1])),
            ("the table's root page zeroed", lambda data, owners, _: zeroed(data, readings(owners)[:1])),
            ("the first half zeroed", lambda data, *_: zeroed(data, range(1, pages(data) // 2 + 1))),
            ("cut to half", cut),
            ("all zeros", lambda data, *_: zeroed(data, range(1, pages(data) + 1))),
            ("50 bits flipped", flipped),
        ):
            case(name, whole, spoil)
        case("20 pages at random zeroed, with last night's backup", whole, random_pages, backup=whole)


def random_pages(data: bytearray, _: object, chance: random.Random) -> list[int]:
    """Fill 20 pages at random with zeros."""
    return zeroed(data, some(data, chance, 20))


def filled(path: Path) -> Path:
    """Return a database with numbered readings."""
    with closing(open_store(path)) as store:
        for begin in range(0, READINGS, 500):
            store.write([row(number) for number in range(begin, begin + 500)])
    return path


def row(number: int) -> Any:
    """Return a numbered reading, one every five seconds."""
    at = START + timedelta(seconds=5 * number)
    state = InverterState(at=at, mode=Mode.MAINS, load_power_w=number, grid_voltage_v=230.0 + number % 50 / 10)
    return to_row(INVERTER_STATE.named("main"), state.model_dump_json().encode())


def case(name: str, whole: Path, spoil: Spoil, backup: Path | None = None) -> None:
    """Damage a copy, mend it as the recorder does, and print what is there then."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "easun.db"
        data = bytearray(whole.read_bytes())
        with closing(sqlite3.connect(whole)) as connection:
            owners = dict(connection.execute("SELECT pageno, name FROM dbstat"))
            rows = dict(connection.execute("SELECT pageno, ncell FROM dbstat WHERE name = 'inverter_state'"))
            true_rows = set(connection.execute(READING))
        bad = set(spoil(data, owners, random.Random(2026)))
        place.write_bytes(data)
        set_aside(DamagedError(storage.MALFORMED(), place, place.stat().st_ino), NOW)
        (damaged,) = pending(place)
        with closing(open_store(place)) as store:
            mend(damaged, store, backup, NOW, lambda: None)
        with closing(sqlite3.connect(place)) as connection:
            saved = set(connection.execute(READING))
    readable = sum(count for page, count in rows.items() if page not in bad)
    wrong = len(saved - true_rows)
    note = f", of which {wrong} are wrong" if wrong else ""
    print(f"| {name} | {READINGS} | {readable} | {len(saved)}{note} | {len(true_rows - saved)} |", flush=True)


def readings(owners: dict[int, str]) -> list[int]:
    """Return the pages of the readings."""
    return sorted(page for page, name in owners.items() if name == "inverter_state")


def pages(data: bytearray) -> int:
    """Return how many pages there are."""
    return len(data) // PAGE


def some(data: bytearray, chance: random.Random, count: int) -> list[int]:
    """Return some pages."""
    return chance.sample(range(1, pages(data) + 1), count)


def zeroed(data: bytearray, numbers: Iterable[int]) -> list[int]:
    """Fill pages with zeros."""
    numbers = list(numbers)
    for number in numbers:
        data[(number - 1) * PAGE : number * PAGE] = bytes(PAGE)
    return numbers


def cut(data: bytearray, *_: object) -> list[int]:
    """Cut the second half off."""
    count = pages(data)
    del data[len(data) // 2 :]
    return list(range(len(data) // PAGE + 1, count + 1))


def flipped(data: bytearray, _: object, chance: random.Random) -> list[int]:
    """Flip bits."""
    bits = [chance.randrange(len(data) * 8) for _ in range(50)]
    for bit in bits:
        data[bit // 8] ^= 1 << bit % 8
    return [bit // 8 // PAGE + 1 for bit in bits]


if __name__ == "__main__":
    main()
