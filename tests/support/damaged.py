"""A real database with everything in it, and ways to damage a copy of it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.messages import BatteryState, Grid, GridState, InverterState, Message, Mode
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE

PAGE = 4096
START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = START + timedelta(days=11)
KYIV = ZoneInfo("Europe/Kyiv")
READINGS = ("inverter_state", "battery_state", "grid_state", "compressed_hour")


class Rows(dict[str, set[tuple[Any, ...]]]):
    """All rows of all tables; nobody wants to read them where a test fails."""

    def __repr__(self) -> str:
        return f"<rows of {len(self)} tables>"


def fill(path: Path, last_days: int = 11) -> Path:
    """Record some hours of two days, of which the first is compressed, with their roll-ups and outages."""
    store = open_store(path)
    for day in (0, last_days - 1):
        begin = START + timedelta(days=day)
        store.write([row for minute in range(240) for row in _minute(begin, minute)])
    Upkeep(store, KYIV, 400).finish(NOW)
    store.close()
    return path


def _minute(begin: datetime, minute: int) -> list[Any]:
    at, since = begin + timedelta(minutes=minute), begin + timedelta(minutes=minute // 60 * 60)
    state = Grid.ON if minute // 60 % 2 == 0 else Grid.OFF
    cells = tuple(3.3 + (minute * cell % 17) / 1000 for cell in range(16))
    return [
        _row(INVERTER_STATE.named("main"), InverterState(at=at, mode=Mode.MAINS, load_power_w=minute)),
        _row(BATTERY_STATE.named("jk-1"), BatteryState(at=at, voltage_v=50 + minute, cell_voltages_v=cells)),
        _row(GRID_STATE.named(), GridState(at=at, state=state, since=since)),
    ]


def _row(topic: str, message: Message) -> Any:
    return to_row(topic, message.model_dump_json().encode())


def contents(path: Path) -> Rows:
    """Return all rows of all tables; the version of a day is random, so it is left out."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')] for name in names}
        return Rows({name: set(connection.execute(_select(name, columns[name]))) for name in names})


def _select(table: str, columns: list[str]) -> str:
    wanted = ", ".join(f'"{name}"' for name in columns if not (name == "version" and table.endswith("_rollup")))
    return f'SELECT {wanted} FROM "{table}"'


def owners(path: Path) -> dict[int, str]:
    """Return which table or index each page with rows belongs to, also through its overflow pages."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT pageno, name FROM dbstat"))


def zeroed(data: bytearray, pages: Iterable[int]) -> None:
    """Return zeros for some pages, as a worn card does."""
    for page in pages:
        data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
