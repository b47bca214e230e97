"""Partitions of PostgreSQL: an older table becomes the first one, rows find their place, dropping one costs no more."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.recorder.rows import to_row
from services.recorder.store import Store, open_store
from services.recorder.upkeep import Upkeep
from shared.history.alembic_runner import upgrade
from shared.history.engine import writer
from shared.history.partitions import PERIODS_MS, partitions
from shared.history.tables import inverter_state, to_ms
from shared.messages import InverterState
from shared.topics import INVERTER_STATE
from tests.support.databases import Server, needs_postgres
from tests.support.postgres import Postgres
from tests.support.recorded import ask, change

pytestmark = [needs_postgres, pytest.mark.processes]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TABLES = "SELECT tableoid::regclass::text FROM inverter_state WHERE device = '{}' ORDER BY at"


@pytest.fixture
def place(server: Postgres) -> str:
    return Server(server).create()


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    opened = open_store(place)
    yield opened
    opened.close()


def reading(at: datetime, name: str = "main") -> tuple[Any, Any]:
    return to_row(INVERTER_STATE.named(name), InverterState(at=at, load_power_w=1).model_dump_json().encode())


def tend(store: Store, now: datetime, raw_days: int = 400) -> None:
    Upkeep(store, ZoneInfo("Europe/Kyiv"), raw_days).finish(now)


def names(place: str) -> list[str]:
    tables = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') ORDER BY 1"
    return [name for (name,) in ask(place, tables) if name.startswith("inverter_state")]


def test_an_older_table_becomes_the_first_partition(place: str) -> None:
    upgrade(place, "0007")
    moments = [NOW - 3 * DAY, NOW]
    change(place, *(f"INSERT INTO inverter_state (device, at) VALUES ('main', {to_ms(at)})" for at in moments))
    store = open_store(place)
    store.write([reading(NOW), reading(NOW + timedelta(hours=13), "late")])
    assert ask(place, TABLES.format("main")) == [("inverter_state_before",)] * 2, "as it was, and no row twice"
    tend(store, NOW + DAY)
    assert ask(place, TABLES.format("late")) == [("inverter_state_20261124",)]
    tend(store, NOW + 20 * DAY)
    assert ask(place, "SELECT sum(n) FROM compressed_hour") == [(3,)]
    assert "inverter_state_before" not in names(place), "dropped once it is empty"
    store.close()


def test_rows_move_into_a_partition_that_is_new(place: str, store: Store) -> None:
    store.write([reading(NOW), reading(NOW - 300 * DAY, "old")])
    assert ask(place, TABLES.format("main")) == [("inverter_state_other",)]
    tend(store, NOW)
    assert ask(place, TABLES.format("main")) == [("inverter_state_20261123",)]
    assert ask(place, "SELECT count(*) FROM inverter_state") == [(1,)]
    assert ask(place, "SELECT device, n FROM compressed_hour") == [("old", 1)]


def test_too_old_readings_go_with_their_partition(place: str, store: Store) -> None:
    for day in range(9):
        tend(store, NOW + day * DAY)
        store.write([reading(NOW + day * DAY)])
    tend(store, NOW + 8 * DAY, raw_days=7)
    assert ask(place, "SELECT min(at) FROM inverter_state") == [(to_ms(NOW + DAY),)]
    assert "inverter_state_20261123" not in names(place)


def test_a_table_in_use_is_left_for_the_next_time(place: str, store: Store) -> None:
    tend(store, NOW)
    before = names(place)
    engine = writer(place)
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE inverter_state IN ROW EXCLUSIVE MODE")  # somebody records
        connection.exec_driver_sql("LOCK TABLE inverter_state_other IN ACCESS SHARE MODE")
        tend(store, NOW + DAY)
        assert names(place) == before
    tend(store, NOW + DAY)
    assert len(names(place)) == len(before) + 1
    with engine.connect() as connection:
        periods = {one.end - one.start for one in partitions(connection, inverter_state)}
    assert periods == {PERIODS_MS[inverter_state]}
    engine.dispose()
