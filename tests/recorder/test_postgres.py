"""The same store on a real PostgreSQL server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.errors import ConfigError, StorageError
from shared.history.engine import reader, writer
from shared.history.migration import HEAD, migrate, revision
from shared.history.queries import recorded
from shared.history.tables import battery_state, grid_state, inverter_state, metadata
from shared.messages import BatteryState, Grid, GridState, InverterState, Message
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE
from tests.support.postgres import Postgres, programs, running_postgres

pytestmark = pytest.mark.skipif(
    programs() is None, reason="PostgreSQL is not installed: make setup-dev installs Debian's postgresql"
)

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def url(server: Postgres) -> str:
    return server.create(f"easun{next(numbers)}")


def wire(message: Message) -> bytes:
    return message.model_dump_json().encode()


def reading(second: int, **fields: object) -> tuple[str, bytes]:
    at = START + timedelta(seconds=second)
    return INVERTER_STATE.named("main"), wire(InverterState(at=at, load_power_w=second, **fields))


def loads(url: str) -> list[int]:
    with reader(url).connect() as connection:
        return list(connection.execute(select(inverter_state.c.load_power_w).order_by(inverter_state.c.at)).scalars())


def test_the_migrations_make_the_tables(url: str) -> None:
    assert revision(url) is None
    migrate(url)
    assert revision(url) == HEAD
    with writer(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_empty_server_has_nothing_recorded(url: str) -> None:
    assert not recorded(reader(url))
    migrate(url)
    assert not recorded(reader(url))
    open_store(url).write([to_row(*reading(1))])
    assert recorded(reader(url))


def test_each_reading_once(url: str) -> None:
    store = open_store(url)
    assert store.write([to_row(*reading(second)) for second in range(500)]) == {}
    assert open_store(url).write([to_row(*reading(second)) for second in range(300, 600)]) == {}
    assert loads(url) == list(range(600))


def test_a_row_that_the_server_refuses_does_not_hold_up_the_others(url: str) -> None:
    store = open_store(url)
    rows = [to_row(*reading(1)), to_row(*reading(2, grid_power_w=2**31)), to_row(*reading(3))]
    assert list(store.write(rows)) == [1]
    assert loads(url) == [1, 3]


def test_only_changes_of_the_grid_and_one_a_minute(url: str) -> None:
    states = [Grid.ON] * 30 + [Grid.OFF] * 3
    rows = [
        to_row(GRID_STATE.named(), wire(GridState(at=START + timedelta(seconds=5 * number), since=START, state=state)))
        for number, state in enumerate(states)
    ]
    open_store(url).write(rows)
    with reader(url).connect() as connection:
        stored = connection.execute(select(grid_state.c.at, grid_state.c.state).order_by(grid_state.c.at)).all()
    first = rows[0][1][1]
    assert [((at - first) // 1000, state) for at, state in stored] == [(0, "on"), (60, "on"), (120, "on"), (150, "off")]


def test_lists_and_truths_survive(url: str) -> None:
    message = BatteryState(at=START, cell_voltages_v=(3.3, None), heating=True, precharging=None)
    open_store(url).write([to_row(BATTERY_STATE.named("jk"), wire(message))])
    query = select(battery_state.c["cell_voltages_v", "heating", "precharging"])
    with reader(url).connect() as connection:
        assert connection.execute(query).all() == [("[3.3,null]", True, None)]


def test_a_reader_changes_nothing(url: str) -> None:
    migrate(url)
    with reader(url).connect() as connection, pytest.raises(DatabaseError, match="read-only"):
        connection.execute(grid_state.delete())


def test_a_newer_database_is_refused_without_telling_the_password(url: str) -> None:
    migrate(url)
    with writer(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer version") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


def test_a_database_that_is_not_there_is_the_users_to_mend(server: Postgres) -> None:
    with pytest.raises(ConfigError, match="check DATABASE_URL"):
        open_store(server.url("nowhere"))


def test_a_server_that_is_away_is_waited_for(server: Postgres, url: str) -> None:
    store = open_store(url)
    server.stop()
    try:
        for attempt in (lambda: store.write([to_row(*reading(1))]), lambda: open_store(url)):
            with pytest.raises(StorageError, match="readings wait at the broker"):
                attempt()
    finally:
        server.start()
    assert store.write([to_row(*reading(1))]) == {}
    assert loads(url) == [1]
