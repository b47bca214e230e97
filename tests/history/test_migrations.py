"""A database of every earlier revision comes to the present one with its rows, whatever its kind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history.alembic_runner import upgrade
from shared.history.engine import reader, writer
from shared.history.migration import HEAD, VERSIONS, migrate, revision
from shared.history.queries import grid_spans, latest
from shared.history.tables import to_ms
from shared.messages import Grid
from tests.support.postgres import programs, running_postgres

AT = datetime(2026, 11, 23, 18, tzinfo=UTC)
EARLIER = sorted({file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")} - {HEAD})
FROM = {
    "0002": (
        f"INSERT INTO battery_state (device, at, cell_voltages_v) VALUES ('jk-1', {to_ms(AT)}, '[3.3,null]')",
        f"INSERT INTO dead_letter VALUES ('a/b', 'd', {to_ms(AT)}, 'no JSON', 1, '{{')",
    ),
    "0003": (
        f"INSERT INTO rollup_due VALUES ('inverter_state', 'main', {to_ms(AT)}, 1)",
        f"INSERT INTO inverter_rollup (device, step, at, n, load_power_w_mean) VALUES ('old', 5, {to_ms(AT)}, 9, 700)",
    ),
}
"""Rows of the tables that a revision brought."""
KEPT = ("battery_state", "dead_letter", "inverter_rollup")
ROWS = (
    f"INSERT INTO inverter_state (device, at, load_power_w) VALUES ('main', {to_ms(AT)}, 700)",
    f"INSERT INTO grid_state (device, at, state, since) VALUES ('grid', {to_ms(AT)}, 'off', {to_ms(AT) - 60_000})",
)


def filled(place: Path | str, earlier: str) -> None:
    upgrade(place, earlier)
    assert revision(place) == earlier
    engine = writer(place)
    with engine.begin() as connection:
        for row in (*ROWS, *(row for name, rows in FROM.items() if name <= earlier for row in rows)):
            connection.execute(text(row))
    engine.dispose()


def expect_everything(place: Path | str, earlier: str) -> None:
    migrate(place)
    assert revision(place) == HEAD
    assert latest(reader(place)) == {"main": AT}
    (span,) = grid_spans(
        reader(place), start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC)
    )
    assert span.state is Grid.OFF
    with reader(place).connect() as connection:
        kept = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in KEPT]
    assert kept == [int(earlier >= "0002"), int(earlier >= "0002"), int(earlier >= "0003")]


def expect_upkeep(place: Path | str) -> None:
    """What an older version recorded is rolled up and packed as if it were ours."""
    store = open_store(place)
    Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(AT + timedelta(days=20))
    store.close()
    assert latest(reader(place)) == {"main": AT}
    with reader(place).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM inverter_state")).scalar() == 0
        mean = "SELECT load_power_w_mean FROM inverter_rollup WHERE device = 'main' AND step = 60"
        assert connection.execute(text(mean)).scalar() == 700


@pytest.mark.parametrize("earlier", EARLIER)
def test_a_file(tmp_path: Path, earlier: str) -> None:
    filled(tmp_path / "easun.db", earlier)
    expect_everything(tmp_path / "easun.db", earlier)
    expect_upkeep(tmp_path / "easun.db")


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed: make setup-dev installs it")
def test_a_server() -> None:
    with running_postgres() as server:
        for earlier in EARLIER:
            url = server.create(f"from{earlier}")
            filled(url, earlier)
            expect_everything(url, earlier)
            expect_upkeep(url)
