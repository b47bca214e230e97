"""Files that version 0.1 left: nothing that waits is lost, and nothing that was reported is reported again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.rules import next_alerts
from services.bot.alerts.troubles import Limits
from services.bot.telegram.outbox import Outbox
from services.bot.texts.alerts import digest_text
from shared.broker_state import BrokerState
from shared.conditions import Reason, battery, inverter
from shared.messages import BatteryState, Grid, InverterState, ServiceHealth, ServiceStatus, iso
from shared.texts.language import Language
from tests.bot.facts import NOW, at, grid, localizer_for, plan, window

BEGAN = iso(NOW - timedelta(hours=3))
TOLD = {"began": BEGAN, "noticed": BEGAN, "told": True, "again": False, "ended": None}
MEMORY = {
    "grid": {"state": "off", "since": iso(at("18:02")), "key": "off-1", "changes": [], "untold": 2, "began": BEGAN},
    "plan_seen": True,
    "schedule_change": None,
    "reminded": {f"remind_light/15/{iso(at('18:40'))}": iso(at("18:40"))},
    "conditions": {
        "battery_alarm/c1/cell voltage too low": TOLD,
        "battery_alarm/c1/unknown alarm 30": TOLD,
        "inverter_fault/main/something of its own / odd": TOLD,
        "inverter_warning/main/unknown bit 5": TOLD,
        "imbalance/c1": TOLD,
        "service_partly/schedule": TOLD,
    },
    "plug_actions": {"boiler/": BEGAN},
}


def waiting(kind: str, key: str, **facts: Any) -> dict[str, Any]:
    """Return an alert as version 0.1 wrote it."""
    return {"kind": kind, "key": key, "at": BEGAN, "stored_at": BEGAN, "over": False, "name": "x", "what": ""} | facts


WAITING = [
    waiting("battery_alarm", f"battery_alarm/c1/cell voltage too low/{BEGAN}", what="cell voltage too low"),
    waiting("imbalance", f"imbalance/c1/{BEGAN}", what="120"),
    waiting("service_partly", f"service_partly/schedule/{BEGAN}", what="No source answers."),
    waiting("remind_light", f"remind_light/15/{BEGAN}", minutes=15),
    waiting("grid_lost", "grid/off-1", expected="light"),
    waiting("plug", f"plug/boiler//{BEGAN}", what="It is gone.", on=True, by="grid", outcome="failed"),
]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    (tmp_path / "outbox.json").write_text(json.dumps({"memory": MEMORY, "waiting": {"5": WAITING}}))
    return Outbox(tmp_path / "outbox.json")


def test_what_waits_is_sent(outbox: Outbox) -> None:
    alarm, imbalance, service, reminder, lost, plug = outbox.waiting(5)
    assert alarm.reasons == (battery.CELL_VOLTAGE_TOO_LOW(),)
    assert (imbalance.cell_delta_mv, imbalance.reasons) == (120.0, ())
    assert (service.kind, service.reasons) == (AlertKind.SERVICE_DEGRADED, (Reason.sentence("No source answers."),))
    assert reminder.kind is AlertKind.REMIND_POWER_BACK
    assert (lost.expected, plug.reasons[0].text) == ("light", "It is gone.")
    text = digest_text(localizer_for(Language.UK), outbox.waiting(5))
    assert "занизька напруга комірки" in text
    assert "120\u00a0мВ" in text


def still_there(now: Any) -> BrokerState:
    return BrokerState(
        batteries={
            "c1": BatteryState(
                at=now, alarms=(battery.CELL_VOLTAGE_TOO_LOW(), battery.unknown_alarm(bit=30)), cell_delta_v=0.12
            )
        },
        inverters={
            "main": InverterState(
                at=now,
                faults=(Reason.sentence("something of its own / odd"),),
                warnings=(inverter.unknown_bit(bit=5),),
            )
        },
        services={
            "schedule": ServiceStatus(at=now, state=ServiceHealth.DEGRADED, since=at("15:30"), version="0.2.0"),
        },
    )


def test_what_was_reported_before_the_upgrade_is_not_reported_again(outbox: Outbox) -> None:
    state = outbox.state
    for minutes in range(0, 120, 2):
        now = NOW + timedelta(minutes=minutes)
        state, alerts = next_alerts(state, still_there(now), now, Limits())
        assert alerts == []


def test_a_trouble_that_ends_after_the_upgrade_ends_the_alert_that_waits(outbox: Outbox) -> None:
    healthy = BrokerState(batteries={"c1": BatteryState(at=NOW, alarms=(battery.unknown_alarm(bit=30),))})
    state, alerts = next_alerts(outbox.state, healthy, NOW, Limits())
    (over,) = alerts
    assert (over.kind, over.over, over.reasons) == (AlertKind.BATTERY_ALARM, True, (battery.CELL_VOLTAGE_TOO_LOW(),))
    assert over.key == outbox.waiting(5)[0].key
    assert next_alerts(state, healthy, NOW, Limits())[1] == []


def test_a_reminder_and_a_flapping_grid_go_on(outbox: Outbox) -> None:
    assert outbox.state.grid
    assert outbox.state.grid.unreported == 2
    dark = BrokerState(grid=grid(Grid.OFF, at("18:02")), schedule=plan(windows=(window("18:02", "18:40"),)))
    alerts = next_alerts(outbox.state, dark, NOW, Limits(), (15,))[1]
    assert AlertKind.REMIND_POWER_BACK not in [one.kind for one in alerts]


def test_what_was_read_is_written_in_the_present_form(outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(outbox.state, [(7, Alert.model_validate(WAITING[0]))])
    text = (tmp_path / "outbox.json").read_text()
    assert set(json.loads(text)) == {"state", "waiting", "living", "begun"}
    assert '"what"' not in text
    again = Outbox(tmp_path / "outbox.json")
    assert (again.state, again.waiting(5)) == (outbox.state, outbox.waiting(5))
