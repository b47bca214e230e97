"""A database of every earlier revision comes to the present one with its rows, whatever its kind."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.history.engine import reader, writer
from shared.history.migrate import main
from shared.history.queries import grid_spans, latest
from shared.history.schema import NEEDED, VERSIONS, migrate, revision
from shared.history.tables import to_ms
from shared.messages import Grid
from tests.support.postgres import programs, running_postgres

AT = datetime(2026, 11, 23, 18, tzinfo=UTC)
EARLIER = sorted({file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")} - {NEEDED})
ROWS = (
    f"INSERT INTO inverter_state (device, at, load_power_w) VALUES ('main', {to_ms(AT)}, 700)",
    f"INSERT INTO grid_state (device, at, state, since) VALUES ('grid', {to_ms(AT)}, 'off', {to_ms(AT) - 60_000})",
)


def filled(place: Path | str, earlier: str) -> None:
    main(place, earlier)
    assert revision(place) == earlier
    engine = writer(place)
    with engine.begin() as connection:
        for row in ROWS:
            connection.execute(text(row))
    engine.dispose()


def expect_everything(place: Path | str) -> None:
    migrate(place)
    assert revision(place) == NEEDED
    assert latest(reader(place)) == {"main": AT}
    (span,) = grid_spans(
        reader(place), start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC)
    )
    assert span.state is Grid.OFF


@pytest.mark.parametrize("earlier", EARLIER)
def test_a_file(tmp_path: Path, earlier: str) -> None:
    filled(tmp_path / "easun.db", earlier)
    expect_everything(tmp_path / "easun.db")


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed: make setup-dev installs it")
def test_a_server() -> None:
    with running_postgres() as server:
        for earlier in EARLIER:
            url = server.create(f"from{earlier}")
            filled(url, earlier)
            expect_everything(url)
