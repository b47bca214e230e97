"""Several batteries as one."""

from datetime import UTC, datetime

from services.bms.battery_bank import bank_state
from shared.conditions import battery
from shared.messages import BatteryState, PackHealth

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_the_sum_of_two() -> None:
    one = BatteryState(at=AT, voltage_v=52.0, current_a=-10.0, power_w=-520, remaining_ah=50, full_ah=100)
    two = one.model_copy(update={"remaining_ah": 150, "full_ah": 200, "alarms": (battery.MOSFET_TOO_HOT(),)})
    alarm = battery.of_pack(name="B", reason=battery.MOSFET_TOO_HOT())
    both = bank_state({"A": one, "B": two.model_copy(update={"health": PackHealth.RED})}, AT)
    assert (both.current_a, both.power_w, both.soc_percent, both.full_ah) == (-20.0, -1040.0, 66.7, 300.0)
    assert (both.alarms, both.health, both.packs) == ((alarm,), PackHealth.RED, ("A", "B"))
    assert bank_state({"A": one, "B": two.model_copy(update={"current_a": None})}, AT).current_a is None
    assert alarm.text == "B: MOSFET too hot"
