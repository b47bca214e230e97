"""A database of version 0.1 is upgraded with its rows, in a file and on a server; older and newer ones are refused."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.errors import ConfigError, StorageError
from shared.history.alembic_runner import MIGRATIONS, upgrade
from shared.history.engine import Place, reader, writer
from shared.history.migration import FIRST, HEAD, migrate, revision
from shared.history.queries import grid_spans, latest
from shared.history.readings import ALWAYS, readings
from shared.history.tables import battery_state, inverter_state, to_ms
from shared.messages import BatteryState, Grid, InverterState

AT = datetime(2026, 11, 23, 18, tzinfo=UTC)
HOUR = AT - timedelta(hours=2)
NIGHT = "PV voltage too low"
OLD_ROWS = (
    "INSERT INTO inverter_state (device, at, load_power_w, faults, warnings) VALUES "
    f"('main', {to_ms(AT)}, 700, '[]', '[\"{NIGHT}\",\"something else\"]'), ('main', {to_ms(AT) + 1}, 700, NULL, NULL)",
    f"INSERT INTO grid_state (device, at, state, since) VALUES ('grid', {to_ms(AT)}, 'off', {to_ms(AT) - 60_000})",
    "INSERT INTO battery_state (device, at, cell_voltages_v, alarms, health_reasons) VALUES "
    f"('jk-1', {to_ms(AT)}, '[3.3,null]', '[\"MOSFET too hot\"]', '[\"a cell at 3.650 V\"]')",
    "INSERT INTO outage_schedule (device, at, queue, problem) VALUES "
    f"('outage', {to_ms(AT)}, '4.1', 'No source answers.'), ('outage', {to_ms(AT) + 1}, '4.1', NULL)",
    'INSERT INTO plug_action (device, at, "on", gang, "by", outcome, why) VALUES '
    f"('boiler', {to_ms(AT)}, true, '', 'grid', 'refused', 'It is protected.')",
    f"INSERT INTO plug_state (device, at, name, problem) VALUES ('boiler', {to_ms(AT)}, 'Boiler', 'It is gone.')",
    "INSERT INTO service_status (device, at, state, reason, version) VALUES "
    f"('bms', {to_ms(AT)}, 'offline', 'Stopped.', '0.1.0'), ('bms', {to_ms(AT) + 1}, 'online', NULL, '0.1.0')",
    "INSERT INTO inverter_rollup (device, step, at, n, load_power_w_mean) "
    f"VALUES ('old', 5, {to_ms(AT) // 300_000 * 300_000}, 9, 700)",
    f"INSERT INTO rollup_due VALUES ('inverter_state', 'main', {to_ms(AT) // 300_000 * 300_000}, 1), "
    f"('grid_state', 'grid', {to_ms(AT) // 300_000 * 300_000}, 1)",
    f"INSERT INTO dead_letter (topic, digest, at, reason, size, payload) VALUES ('a/b', 'd', {to_ms(AT)}, 'x', 1, '')",
)


def old_hour(columns: dict[str, Any]) -> bytes:
    """Return an hour as version 0.1 compressed it."""
    return zlib.compress(json.dumps(columns | {"at": [to_ms(HOUR), 1000]}, separators=(",", ":")).encode())


OLD_HOURS = (
    ("inverter_state", "main", {"load_power_w": 500, "warnings": ["[]", f'["{NIGHT}"]'], "faults": "[]"}),
    ("inverter_state", "calm", {"load_power_w": [500, 600], "warnings": "[]"}),
    ("battery_state", "jk-1", {"alarms": '["of a bit nobody knows"]', "health_reasons": "[]"}),
)


def written_by_0_1(place: Place) -> None:
    upgrade(place, FIRST)
    assert revision(place) == FIRST
    engine = writer(place)
    with engine.begin() as connection:
        for row in OLD_ROWS:
            connection.exec_driver_sql(row)
        hour = text(
            "INSERT INTO packed (source, device, at, last, n, data) VALUES (:source, :device, :at, :last, 2, :data)"
        )
        for source, device, columns in OLD_HOURS:
            at = to_ms(HOUR)
            values = {"source": source, "device": device, "at": at, "last": at + 1000, "data": old_hour(columns)}
            connection.execute(hour, values)
    engine.dispose()


def reason(sentence: str, code: str = "text") -> dict[str, Any]:
    return {"code": code, "params": {}, "text": sentence}


DUSK = reason(NIGHT, "inverter.pv_voltage_too_low")


def ask(place: Place, query: str) -> list[Any]:
    engine = reader(place)
    with engine.connect() as connection:
        rows = connection.execute(text(query)).all()
    engine.dispose()
    return [tuple(json.loads(value) if isinstance(value, str) else value for value in row) for row in rows]


def samples(place: Place, table: Any, device: str, *names: str) -> list[tuple[Any, ...]]:
    engine = reader(place)
    with engine.connect() as connection:
        found = [tuple(sample) for sample in readings(connection, table, device, names, ALWAYS)]
    engine.dispose()
    return found


@pytest.fixture
def upgraded(place: Place) -> Place:
    written_by_0_1(place)
    migrate(place)
    assert revision(place) == HEAD
    return place


def test_until_it_is_upgraded_it_is_not_called_empty(place: Place) -> None:
    """A page of the new version that opens it before the recorder has upgraded it."""
    written_by_0_1(place)
    with pytest.raises(StorageError, match="the recorder is upgrading it"):
        latest(reader(place))
    migrate(place)
    assert latest(reader(place))


def test_sentences_become_reasons(upgraded: Place) -> None:
    assert ask(upgraded, "SELECT faults, warnings FROM inverter_state ORDER BY at") == [
        ([], [DUSK, reason("something else")]),
        (None, None),
    ]
    assert ask(upgraded, "SELECT alarms, health_reasons FROM battery_state") == [
        ([reason("MOSFET too hot", "battery.mosfet_too_hot")], [reason("a cell at 3.650 V")])
    ]
    assert ask(upgraded, "SELECT reason FROM outage_schedule ORDER BY at") == [(reason("No source answers."),), (None,)]
    assert ask(upgraded, "SELECT reason FROM plug_action") == [(reason("It is protected."),)]
    assert ask(upgraded, "SELECT reason FROM plug_state") == [(reason("It is gone."),)]
    assert ask(upgraded, "SELECT reasons FROM service_status ORDER BY at") == [
        ([reason("Stopped.", "service.stopped")],),
        ([],),
    ]


def test_compressed_hours_are_converted_too(upgraded: Place) -> None:
    at = to_ms(HOUR)
    first, second, *_ = samples(upgraded, inverter_state, "main", "load_power_w", "faults", "warnings")
    assert (first, second[:3]) == ((at, 500, "[]", "[]"), (at + 1000, 500, "[]"))
    assert json.loads(second[3]) == [DUSK]
    assert samples(upgraded, inverter_state, "calm", "load_power_w") == [(at, 500), (at + 1000, 600)]
    alarms = [json.loads(alarms) for _, alarms in samples(upgraded, battery_state, "jk-1", "alarms")]
    assert alarms[:2] == [[reason("of a bit nobody knows")]] * 2


def test_the_rows_are_messages_of_this_version(upgraded: Place) -> None:
    for table, device, message in ((inverter_state, "main", InverterState), (battery_state, "jk-1", BatteryState)):
        names = ("faults", "warnings") if message is InverterState else ("alarms",)
        for _, *values in samples(upgraded, table, device, *names):
            fields = {name: value and json.loads(value) for name, value in zip(names, values, strict=True)}
            parsed = message.model_validate({"at": AT, **fields})
            assert json.loads(parsed.model_dump_json(include=set(names))) == fields


def test_everything_else_stays(upgraded: Place) -> None:
    for table in ("inverter_rollup", "dead_letter"):
        assert ask(upgraded, f"SELECT count(*) FROM {table}") == [(1,)]
    assert ask(upgraded, "SELECT load_power_w FROM inverter_state WHERE device = 'main' ORDER BY at LIMIT 1") == [
        (700,)
    ]
    store = open_store(upgraded)
    Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(AT)
    store.close()
    assert latest(reader(upgraded)) == {"main": AT + timedelta(milliseconds=1), "old": AT}
    day = datetime(2026, 11, 23, tzinfo=UTC)
    (span,) = grid_spans(reader(upgraded), start=day, end=day + timedelta(days=1))
    assert span.state is Grid.OFF


def test_days_of_an_older_version_are_summed_up_by_hour(place: Place) -> None:
    upgrade(place, "0006")
    columns = "(device, step, at, n, grid_in_kwh)"
    midnight = to_ms(datetime(2026, 11, 22, 22, tzinfo=UTC))
    engine = writer(place)
    with engine.begin() as connection:
        for step, at, kwh in ((1440, 0, 3), (60, 0, 3), (5, 0, 1), (5, 300_000, 2)):
            values = f"('main', {step}, {midnight + at}, 9, {kwh})"
            connection.exec_driver_sql(f"INSERT INTO inverter_rollup {columns} VALUES {values}")
        # as the readings were purged
        connection.exec_driver_sql(f"INSERT INTO upkeep_note VALUES ('inverter_state', '{midnight + 86_400_000}')")
    engine.dispose()
    store = open_store(place)
    Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(AT)
    store.close()
    found = "SELECT n, grid_in_kwh, known_h, grid_in_kwh_by_hour FROM inverter_rollup WHERE step = 1440"
    assert ask(place, found) == [(18, 3, pytest.approx(1 / 6), [3, *[None] * 23])]


def test_upkeep_continues(upgraded: Place) -> None:
    store = open_store(upgraded)
    Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(AT + timedelta(days=20))
    store.close()
    assert ask(upgraded, "SELECT count(*) FROM inverter_state") == [(0,)]
    mean = "SELECT load_power_w_mean FROM inverter_rollup WHERE device = 'main' AND step = 60"
    assert ask(upgraded, mean) == [(700,)]


def test_a_database_before_0_1_is_refused(place: Place) -> None:
    upgrade(place, FIRST)
    engine = writer(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    engine.dispose()
    with pytest.raises(ConfigError, match=r"before 0\.1 \(schema 0002\) and cannot be upgraded"):
        migrate(place)
    assert revision(place) == "0002"


def test_the_last_migration_is_the_one_we_need() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert (script.get_base(), script.get_current_head()) == (FIRST, HEAD)
    names = [file.name[:5] for file in sorted((MIGRATIONS / "versions").glob("0*.py"))]
    assert names == ["0001_", "0002_", "0003_", "0004_", "0005_", "0006_", "0007_", "0008_"]
