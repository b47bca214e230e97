"""The views for people's own queries: on both databases, through an upgrade, and with what they promise."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from docs.generate_grafana import queries
from services.recorder.compress import Compressor
from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.tools.unfold import unfold
from shared.errors import UsageError
from shared.history import views
from shared.history.engine import Place, reader, writer
from shared.history.migration import HEAD
from shared.history.tables import to_ms
from shared.messages import InverterState
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import INVERTER_STATE

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ENGLISH = Localizer(Language.EN, NOW)


def rows(place: Place, query: str) -> list[dict[str, object]]:
    engine = reader(place)
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]
    finally:
        engine.dispose()


def change(place: Place, statement: str) -> None:
    engine = writer(place)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_every_view_can_be_read_and_has_a_time(place: Place) -> None:
    dialect = "postgresql" if isinstance(place, str) else "sqlite"
    store = open_store(place)
    for index in range(3):
        reading = InverterState(at=NOW + timedelta(seconds=index), pv_power_w=100 * index)
        store.write([to_row(INVERTER_STATE.named("main"), reading.model_dump_json().encode())])
    store.close()
    change(
        place,
        "INSERT INTO inverter_rollup (device, step, at, n, pv_power_w_mean, pv_power_w_max, pv_kwh, known_h) "
        "VALUES ('main', 60, 1795867200000, 720, 1500, 2000, 1.5, 1)",
    )
    change(
        place, """INSERT INTO outage (home, start, "end", planned) VALUES ('', 1795867200000, 1795869000000, true)"""
    )
    for name in views.views(dialect):
        rows(place, f"SELECT * FROM {name}")
    raw = rows(place, "SELECT * FROM v_inverter_raw ORDER BY at")
    assert [row["pv_power_w"] for row in raw] == [0, 100, 200]
    assert str(raw[0]["time"])[:19].replace("T", " ") == "2026-11-28 12:00:00"
    (hour,) = rows(place, "SELECT device, pv_power_w, pv_power_w_max, pv_kwh, known_h FROM v_inverter_hour")
    assert tuple(hour.values()) == ("main", 1500, 2000, 1.5, 1)
    (outage,) = rows(place, "SELECT lasted_min, planned FROM v_outage")
    assert outage["lasted_min"] == 30


def test_the_queries_of_the_grafana_dashboards_work(place: Place) -> None:
    open_store(place).close()
    for query in queries():
        assert rows(place, query.replace("$__from", "0").replace("$__to", "1")) == []


def test_views_of_another_version_are_made_anew(place: Place) -> None:
    open_store(place).close()
    change(place, "DROP VIEW v_outage")
    change(place, "CREATE VIEW v_of_old AS SELECT 1 AS one")
    change(place, "UPDATE upkeep_note SET value = 'old' WHERE name = 'views'")
    open_store(place).close()
    assert rows(place, "SELECT * FROM v_outage") == []
    with pytest.raises(Exception, match="v_of_old"):
        rows(place, "SELECT * FROM v_of_old")
    assert rows(place, "SELECT version_num FROM alembic_version") == [{"version_num": HEAD}]


def test_every_reading_is_unfolded_into_a_file_of_its_own(place: Place, tmp_path: Path) -> None:
    store = open_store(place)
    old = [InverterState(at=NOW - timedelta(days=20, seconds=second), pv_power_w=second) for second in range(5)]
    store.write([to_row(INVERTER_STATE.named("main"), one.model_dump_json().encode()) for one in old])
    compressor = Compressor(store)
    while compressor.work(to_ms(NOW)):
        pass
    store.close()
    assert rows(place, "SELECT count(*) AS n FROM v_inverter_raw") == [{"n": 0}]
    file = tmp_path / "plain.db"
    assert unfold(place, file, ENGLISH) == f"5 readings added to {file}."
    found = rows(file, "SELECT time, pv_power_w FROM v_inverter_raw ORDER BY at DESC LIMIT 1")
    assert found == [{"time": "2026-11-08T12:00:00.000Z", "pv_power_w": 0}]
    assert unfold(place, file, ENGLISH) == f"0 readings added to {file}."
    newer = InverterState(at=NOW, pv_power_w=7)
    store = open_store(place)
    store.write([to_row(INVERTER_STATE.named("main"), newer.model_dump_json().encode())])
    store.close()
    assert unfold(place, file, ENGLISH) == f"1 readings added to {file}."


def test_a_file_of_another_kind_is_left_alone(place: Place, tmp_path: Path) -> None:
    open_store(place).close()
    other = tmp_path / "other.db"
    open_store(other).close()
    with pytest.raises(UsageError, match="another kind"):
        unfold(place, other, ENGLISH)
