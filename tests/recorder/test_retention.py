"""Upkeep works on all devices together: the number of statements does not depend on the number of homes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event

from services.recorder.rows import to_row
from services.recorder.store import Store, open_store
from services.recorder.upkeep import COMPRESS_AFTER, Upkeep
from shared.history.engine import Place, reader
from shared.history.queries import latest
from shared.history.tables import to_ms
from shared.messages import ActionOutcome, BatteryState, InverterState, PlugAction, ServiceHealth, ServiceStatus
from shared.topics import BATTERY_STATE, INVERTER_STATE, PLUG_ACTION, SERVICE_STATUS
from tests.support.recorded import a_reading_a_day, ask

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
FEW, MANY = 3, 19


@contextmanager
def counted() -> Iterator[list[str]]:
    """Count the statements of every engine meanwhile."""
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def fleet(store: Store, homes: int) -> None:
    """Record an hour of homes with an inverter and a battery each, and roll it up."""
    moments = [START + timedelta(minutes=10 * number) for number in range(3)]
    store.write([(table, row) for home in range(homes) for at in moments for table, row in readings(home, at)])
    upkeep(store).finish(START + timedelta(hours=1))


def readings(home: int, at: datetime) -> list[Any]:
    inverter, battery = InverterState(at=at, load_power_w=home), BatteryState(at=at, power_w=1.0)
    return [
        to_row(INVERTER_STATE.named(f"home{home}"), inverter.model_dump_json().encode()),
        to_row(BATTERY_STATE.named(f"home{home}"), battery.model_dump_json().encode()),
    ]


def upkeep(store: Store, raw_days: int = 400) -> Upkeep:
    return Upkeep(store, KYIV, raw_days, clock=lambda: 0.0)


def statements_of(place: Place, homes: int) -> dict[str, int]:
    """Return the statements of each kind of upkeep of so many homes."""
    store = open_store(place)
    found = {}
    with counted() as statements:
        fleet(store, homes)
    found["recording and rolling up"] = len(statements)
    with counted() as statements:
        upkeep(store).finish(START + timedelta(hours=2))
    found["nothing is due"] = len(statements)
    over = START + COMPRESS_AFTER + timedelta(hours=2)
    with counted() as statements:
        upkeep(store).finish(over)
    found["compressing"] = len(statements)
    assert ask(place, "SELECT count(*), sum(n) FROM compressed_hour") == [(2 * homes, 6 * homes)]
    with counted() as statements:
        assert len(latest(reader(place))) == homes
    found["latest"] = len(statements)
    store.write(a_reading_a_day(START + timedelta(days=9), days=8))
    upkeep(store).finish(over - timedelta(hours=4))
    with counted() as statements:
        upkeep(store, raw_days=7).finish(START + timedelta(days=9))
    found["purging"] = len(statements)
    assert ask(place, "SELECT count(*) FROM compressed_hour WHERE device <> 'other'") == [(0,)]
    store.close()
    return found


def test_statements_do_not_depend_on_the_number_of_homes(
    databases: Any, template: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.recorder.compress.DEVICES", MANY)
    monkeypatch.setattr("services.recorder.ledger.MAX_STEPS", 100 * MANY)
    few, many = (statements_of(databases.copy(template), homes) for homes in (FEW, MANY))
    assert few == many
    assert few["latest"] == 1


def test_devices_with_more_and_with_fewer_readings_do_not_disturb_each_other(database: Place) -> None:
    store = open_store(database)
    moments = [START + timedelta(seconds=10 * number) for number in range(4)]
    store.write([readings(1, at)[0] for at in moments[:3]] + [readings(2, moments[0])[0]])
    upkeep(store).finish(START + timedelta(hours=1))
    store.write([readings(2, at)[0] for at in moments[1:2]] + [readings(1, moments[3])[0]])  # late
    upkeep(store).finish(START + timedelta(hours=2))
    counts = ask(database, "SELECT device, n, count(*) FROM inverter_rollup GROUP BY device, n ORDER BY device")
    assert counts == [("home1", 4, 3), ("home2", 2, 3)], "five minutes, an hour and a day of each"


def happened(days: float) -> list[Any]:
    """Return rows of an action on a plug and of a service's status, so many days after the start."""
    at = START + timedelta(days=days)
    action = PlugAction(at=at, on=True, by="grid", outcome=ActionOutcome.DONE)
    status = ServiceStatus(at=at, state=ServiceHealth.ONLINE, since=at, version=f"0.{days}")
    return [
        to_row(PLUG_ACTION.named("boiler"), action.model_dump_json().encode()),
        to_row(SERVICE_STATUS.named("bms"), status.model_dump_json().encode()),
    ]


@pytest.mark.parametrize(
    ("days_with_readings", "trusted", "kept"),
    [
        pytest.param(40, True, [10, 11, 40], id="older-ones-go"),
        pytest.param(40, False, [0, 1, 9, 10, 11, 40], id="the-clock-is-not-set"),
        pytest.param(5, True, [0, 1, 9, 10, 11, 40], id="few-days-with-readings"),
    ],
)
def test_events_are_kept_as_long_as_readings(
    store: Store, path: Path, days_with_readings: int, kept: list[int], *, trusted: bool
) -> None:
    """The last one of each device stays, however old."""
    now = START + timedelta(days=40, minutes=1)
    store.write([row for day in (0, 1, 9, 10, 11, 40) for row in happened(day)])
    gone = ServiceStatus(at=START, state=ServiceHealth.OFFLINE, since=START, version="1")
    store.write([to_row(SERVICE_STATUS.named("gone"), gone.model_dump_json().encode())])
    store.write(a_reading_a_day(START + timedelta(days=40), days=days_with_readings))
    work = upkeep(store, raw_days=30)
    if trusted:
        work.finish(now)
    else:
        work.work(now, trusted=False)
    days = f"(at - {to_ms(START)}) / 86400000"
    assert ask(path, f"SELECT {days} FROM plug_action ORDER BY at") == [(day,) for day in kept]
    assert ask(path, f"SELECT {days} FROM service_status WHERE device = 'bms' ORDER BY at") == [(day,) for day in kept]
    assert ask(path, f"SELECT {days} FROM service_status WHERE device = 'gone'") == [(0,)]
