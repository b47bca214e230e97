"""Every message that is recorded, what is kept aside instead, and why."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.recorder.rows import MAX_DEAD_LETTER, MAX_PAYLOAD, RECORDED, to_dead_letter, to_row
from shared.errors import BadMessageError
from shared.history.tables import metadata, to_ms
from shared.messages import (
    ActionOutcome,
    BatteryState,
    DayState,
    Message,
    OutageSchedule,
    PlannedDay,
    PlugAction,
    PlugState,
    ServiceHealth,
    ServiceStatus,
    Window,
)
from shared.topics import BATTERY_STATE, INVERTER_STATE, OUTAGE_SCHEDULE, PLUG_ACTION, PLUG_STATE, SERVICE_STATUS

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
PLAN = OutageSchedule(
    at=NOW,
    queue="3.1",
    days=(PlannedDay(day=date(2026, 11, 24), state=DayState.PLANNED, confirmed_at=NOW),),
    windows=(Window(start=NOW, end=NOW + timedelta(hours=4)),),
)


def row(topic: str, message: Message, now: datetime = NOW) -> dict[str, Any]:
    table, values = to_row(topic, message.model_dump_json().encode(), now)
    return dict(zip(table.columns.keys(), values, strict=True))


@pytest.mark.parametrize(
    ("topic", "message", "expected"),
    [
        pytest.param(
            BATTERY_STATE.named("jk1"),
            BatteryState(at=NOW, cell_voltages_v=(3.312, None), heating=False, alarm_bits=2**32 - 1),
            {"device": "jk1", "cell_voltages_v": "[3.312,null]", "heating": False, "alarm_bits": 2**32 - 1},
            id="battery",
        ),
        pytest.param(
            OUTAGE_SCHEDULE.named(),
            PLAN,
            {"device": "outage", "queue": "3.1", "days": '{"2026-11-24":"planned"}', "stale": False, "change": None},
            id="schedule",
        ),
        pytest.param(
            PLUG_STATE.named("boiler"),
            PlugState(at=NOW, name="Бойлер", on=True, gangs={"1": None}, since=NOW),
            {"device": "boiler", "name": "Бойлер", "on": True, "gangs": '{"1":null}', "since": to_ms(NOW)},
            id="plug",
        ),
        pytest.param(
            PLUG_ACTION.named("boiler"),
            PlugAction(at=NOW, on=False, by="grid", outcome=ActionOutcome.DONE),
            {"device": "boiler", "gang": "", "on": False, "outcome": "done"},
            id="whole-plug",
        ),
        pytest.param(
            SERVICE_STATUS.named("bms"),
            ServiceStatus(at=NOW - timedelta(days=3), state=ServiceHealth.OFFLINE, since=None, version="1"),
            {"device": "bms", "at": to_ms(NOW), "state": "offline"},
            id="a-will-holds-from-now",
        ),
    ],
)
def test_a_message_becomes_a_row(topic: str, message: Message, expected: dict[str, Any]) -> None:
    got = row(topic, message)
    assert {name: got[name] for name in expected} == expected


def test_windows_are_kept_as_they_travel() -> None:
    kept = json.loads(row(OUTAGE_SCHEDULE.named(), PLAN)["windows"])
    assert kept == json.loads(PLAN.model_dump_json())["windows"]


@pytest.mark.parametrize(("topic", "table"), RECORDED, ids=lambda part: getattr(part, "name", ""))
def test_every_field_has_its_column(topic: Any, table: Any) -> None:
    of_the_moment = {"v", "clock", "process", "phases", "dissenters", "inverters", "silent", "superseded"}
    assert set(table.columns.keys()) == {*topic.payload.model_fields, "device"} - of_the_moment
    assert table.name in metadata.tables


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"{", "JSON", id="half"),
        pytest.param(b'{"at":"2026-11-23T18:00:00Z","load_power_w":"much"}', "load_power_w", id="no-number"),
        pytest.param(b'{"at":"2026-11-23T18:00:00Z","grid_voltage_v":NaN}', "grid_voltage_v", id="nan"),
        pytest.param(b'{"at":"2026-11-23T18:00:00Z","grid_voltage_v":Infinity}', "grid_voltage_v", id="infinite"),
        pytest.param(b'{"at":"2026-11-23T18:00:00Z","grid_voltage_v":1e999}', "grid_voltage_v", id="too-large"),
        pytest.param(b'{"at":"2026-11-23T18:00:00"}', "at: the time zone is missing", id="local-time"),
        pytest.param(b'{"at":"2026-11-23T18:10:00.001Z"}', "ahead of this clock", id="future"),
        pytest.param(b'{"at":"9998-12-31T23:59:59Z"}', "ahead of this clock", id="far-future"),
        pytest.param(b" " * 5_000_000, "5000000 bytes", id="5-megabytes"),
        pytest.param(b"[" * MAX_PAYLOAD, "JSON", id="deep"),
    ],
)
def test_what_cannot_be_a_row_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(BadMessageError, match=reason):
        to_row(INVERTER_STATE.named("main"), payload, NOW)


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(0), timedelta(days=-400)])
def test_a_clock_may_be_a_little_ahead_and_far_behind(ahead: timedelta) -> None:
    payload = BatteryState(at=NOW + ahead).model_dump_json().encode()
    assert to_row(BATTERY_STATE.named("x"), payload, NOW)[1][1] == to_ms(NOW + ahead)


def test_a_dead_letter_is_bounded_and_known_again() -> None:
    table, values = to_dead_letter("a/b", b"x" * 1_000_000, ValueError("bad\0reason"), NOW)
    kept = dict(zip(table.columns.keys(), values, strict=True))
    assert (kept["size"], len(kept["payload"]), kept["reason"]) == (1_000_000, MAX_DEAD_LETTER, "badreason")
    assert to_dead_letter("a/b", b"x" * 999_999, ValueError(), NOW)[1][1] != kept["digest"]
