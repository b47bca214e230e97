"""Several batteries as one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.bms.battery_bank import CHARGE_CARRIED, BankMember, bank_state
from shared.conditions import battery
from shared.messages import BatteryState, PackHealth

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
LATER = AT + CHARGE_CARRIED + timedelta(seconds=1)
CELLS = {"cell_min_v": 3.30, "cell_max_v": 3.32, "cell_delta_v": 0.02, "alarms": (), "health": PackHealth.GREEN}


def pack(**fields: Any) -> BatteryState:
    usual = {"voltage_v": 52.0, "current_a": -10.0, "power_w": -520, "remaining_ah": 50, "full_ah": 100}
    return BatteryState.model_validate({"at": AT, **usual, **CELLS, **fields})


def bank(a: BatteryState | None, b: BatteryState | None, *, b_online: bool = True, now: datetime = AT) -> BatteryState:
    return bank_state([BankMember("A", a, is_online=True), BankMember("B", b, is_online=b_online)], now)


def test_the_sum_of_two() -> None:
    two = pack(remaining_ah=150, full_ah=200, alarms=(battery.MOSFET_TOO_HOT(),), health=PackHealth.RED)
    alarm = battery.of_pack(name="B", reason=battery.MOSFET_TOO_HOT())
    both = bank(pack(), two)
    assert (both.current_a, both.power_w, both.soc_percent, both.full_ah) == (-20.0, -1040.0, 66.7, 300.0)
    assert (both.alarms, both.health, both.packs) == ((alarm,), PackHealth.RED, ("A", "B"))
    assert alarm.text == "B: MOSFET too hot"


@pytest.mark.parametrize(
    "field",
    [
        "current_a",
        "power_w",
        "remaining_ah",
        "full_ah",
        "nominal_ah",
        "cell_min_v",
        "cell_max_v",
        "cell_delta_v",
        "alarms",
    ],
)
def test_what_one_does_not_know_the_sum_does_not_know(field: str) -> None:
    whole = pack(nominal_ah=100)
    assert getattr(bank(whole, whole), field) is not None
    for silent in (False, True):
        if not (silent and field in ("remaining_ah", "full_ah", "nominal_ah")):
            other = whole if silent else whole.model_copy(update={field: None})
            assert getattr(bank(whole, other, b_online=not silent), field) is None


def test_the_charge_does_not_jump_when_the_fuller_of_two_falls_silent() -> None:
    empty, full = pack(remaining_ah=20), pack(remaining_ah=60)
    before = bank(empty, full)
    at_once = bank(empty, full, b_online=False)
    assert before.soc_percent == at_once.soc_percent == 40
    assert [reason.code for reason in at_once.health_reasons] == ["battery.charge_carried"]
    assert (at_once.packs, at_once.power_w) == (("A",), None)
    later = bank(empty.model_copy(update={"at": LATER}), full, b_online=False, now=LATER)
    assert later.soc_percent is None, "then it is unknown, not 20 %"
    assert [reason.code for reason in later.health_reasons] == ["battery.charge_unknown"]


@pytest.mark.parametrize("state", [pack(), pack(at=AT + timedelta(days=1)), None], ids=["silent", "future", "never"])
def test_all_are_healthy_only_where_all_answer(state: BatteryState | None) -> None:
    assert bank(pack(), pack()).health is PackHealth.GREEN
    assert bank(pack(), state, b_online=False).health is PackHealth.UNKNOWN
    assert bank(pack(health=PackHealth.ORANGE), state, b_online=False).health is PackHealth.ORANGE


def test_without_anyone_online_the_sum_is_of_the_last_reading() -> None:
    last = AT + timedelta(seconds=9)
    gone = bank_state([BankMember(name, pack(at=at), is_online=False) for name, at in (("A", AT), ("B", last))], last)
    assert (gone.at, gone.packs, gone.health, gone.voltage_v) == (last, (), PackHealth.UNKNOWN, None)
