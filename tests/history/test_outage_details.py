"""What is told of outages beyond their records, read for a whole list at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history.engine import Engine, reader
from shared.history.outage_details import OutageDetails, outage_details
from shared.history.queries import Session
from shared.history.reports import outage_records
from shared.messages import ActionOutcome, Grid, GridState, InverterState, Message, Mode, PlugAction
from shared.topics import GRID_STATE, INVERTER_STATE, PLUG_ACTION

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = START + 8 * HOUR


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two outages, from one to three and from five on; the charge is lowest in the middle of each."""
    path: Path = tmp_path_factory.mktemp("details") / "easun.db"
    said: list[tuple[str, Message]] = []
    for index in range(8 * 60):
        at, hour = START + index * MINUTE, index / 60
        off = 1 <= hour < 3 or hour >= 5
        since = START + (5 if hour >= 5 else 3 if hour >= 3 else 1 if off else -9) * HOUR
        charge = 80 - 20 * (1.9 < hour < 2.1) - 30 * (6.4 < hour < 6.6)
        figures = {"battery_soc_percent": charge, "grid_voltage_v": 0.0 if off else 221.0 + (hour >= 3) * 5}
        reading = InverterState.model_validate({"at": at, "mode": Mode.OFF_GRID, "battery_power_w": -500} | figures)
        said.append((INVERTER_STATE.named("main"), reading))
        said.append((GRID_STATE.named(), GridState(at=at, state=Grid.OFF if off else Grid.ON, since=since)))
    for plug, hour, on, outcome in (
        ("boiler", 1.01, False, ActionOutcome.DONE),
        ("kettle", 1.02, False, ActionOutcome.FAILED),
        ("boiler", 3.01, True, ActionOutcome.DONE),
        ("kettle", 4.0, False, ActionOutcome.DONE),
        ("pump", 5.01, False, ActionOutcome.DONE),
    ):
        action = PlugAction(at=START + hour * HOUR, on=on, by="grid", outcome=outcome)
        said.append((PLUG_ACTION.named(plug), action))
    store = open_store(path)
    store.write([to_row(topic, message.model_dump_json().encode()) for topic, message in said])
    Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(NOW)
    store.close()
    return reader(path)


def test_each_outage_has_its_own(engine: Engine) -> None:
    records = outage_records(engine, start=START, end=NOW)
    assert outage_details(engine, records, NOW) == {
        START + 1 * HOUR: OutageDetails(60, 221, ("boiler",)),
        START + 5 * HOUR: OutageDetails(50, 226, ("pump",)),
    }


def test_a_list_takes_as_many_queries_as_one(engine: Engine) -> None:
    records = outage_records(engine, start=START, end=NOW)
    counts = []
    for some in (records[:1], records):
        asked: list[str] = []
        listener = lambda *given, asked=asked: asked.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listener)
        with Session(engine) as session:
            outage_details(session, some, NOW)
        event.remove(engine, "before_cursor_execute", listener)
        counts.append(len([one for one in asked if "SELECT" in one]))
    assert counts[0] == counts[1] <= 3


def test_without_outages_or_a_database_there_is_nothing(tmp_path: Path, engine: Engine) -> None:
    assert outage_details(engine, [], NOW) == {}
    records = outage_records(engine, start=START, end=NOW)
    assert set(outage_details(reader(tmp_path / "none.db"), records, NOW).values()) == {OutageDetails()}
