"""Roll-ups, outages and the end of old rows on a real PostgreSQL server."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.tools.export import ExportRequest, export
from services.recorder.tools.period import Period
from services.recorder.upkeep import Upkeep
from shared.history.engine import reader
from shared.history.queries import grid_spans, latest, series
from shared.history.reports import By, energy, outage_records
from shared.history.tables import compressed_hour, inverter_state
from shared.messages import Grid, GridState, InverterState
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.support.postgres import programs, running_postgres

pytestmark = pytest.mark.skipif(
    programs() is None, reason="PostgreSQL is not installed: make setup-dev installs Debian's postgresql"
)

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 11, 22, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def url() -> Iterator[str]:
    with running_postgres() as server:
        yield server.create("upkeep")


def test_the_same_comes_out_of_it(url: str, tmp_path: Path) -> None:
    store = open_store(url)
    rows = []
    for minute in range(180):
        at, off = START + minute * MINUTE, 60 <= minute < 120
        since = START + max(mark for mark in (0, 60, 120) if mark <= minute) * MINUTE
        reading = InverterState(at=at, load_power_w=600, battery_power_w=-600 if off else 0, battery_soc_percent=80)
        grid = GridState(at=at, state=Grid.OFF if off else Grid.ON, since=since)
        rows.append(to_row(INVERTER_STATE.named("main"), reading.model_dump_json().encode()))
        rows.append(to_row(GRID_STATE.named(), grid.model_dump_json().encode()))
    store.write(rows)
    Upkeep(store, KYIV, 400).finish(START + timedelta(days=1))
    engine, end = reader(url), START + 180 * MINUTE
    found = series(engine, "main", ["load_power_w", "battery_power_w"], start=START, end=end, buckets=3)
    assert [list(values) for values in found.values.values()] == [[600] * 3, [0, -600, 0]]
    day = energy(engine, "main", first=date(2026, 11, 23), last=date(2026, 11, 24), by=By.MONTH, zone=KYIV)
    assert day[date(2026, 11, 1)]["load_kwh"] == pytest.approx(0.6 * 179 / 60)
    (record,) = outage_records(engine, start=START, end=end)
    assert (record.start, record.end) == (START + 60 * MINUTE, START + 120 * MINUTE)
    assert [span.state for span in grid_spans(engine, start=START, end=end)] == [Grid.ON, Grid.OFF, Grid.ON]
    before = series(engine, "main", ["load_power_w"], start=START, end=end, buckets=180)
    Upkeep(store, KYIV, 400).finish(START + timedelta(days=30))
    with engine.connect() as connection:
        assert connection.execute(select(func.sum(compressed_hour.c.n))).scalar() == 180
        assert connection.execute(select(func.count()).select_from(inverter_state)).scalar() == 0
    assert latest(engine) == {"main": START + 179 * MINUTE}
    assert series(engine, "main", ["load_power_w"], start=START, end=end, buckets=180) == before
    file = tmp_path / "rows.csv"
    assert export(url, ExportRequest("inverter_state", Period(), "csv", str(file))).startswith("180 rows")
    Upkeep(store, KYIV, 30).finish(START + timedelta(days=60))
    assert series(engine, "main", ["load_power_w"], start=START, end=end, buckets=3).values["load_power_w"] == [600] * 3
    assert series(engine, "main", ["load_power_w"], start=START, end=end, buckets=180).empty, (
        "no single reading is left"
    )
    store.close()
