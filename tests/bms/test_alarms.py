"""Alarm bits become conditions."""

import pytest

from services.bms.alarms import ALARMS, alarms
from shared.conditions import battery


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0, ()),
        (1 << 19, ()),
        (1 << 19 | 1, (battery.WIRE_RESISTANCE_TOO_HIGH(),)),
        (1 << 30, (battery.unknown_alarm(bit=30),)),
        (None, None),
    ],
)
def test_alarms(bits, expected) -> None:
    assert alarms(bits) == expected


def test_every_alarm_has_a_condition_of_its_own() -> None:
    assert len({declared.code for declared in ALARMS.values()}) == len(ALARMS)
    assert alarms(1 << 4) == (battery.BATTERY_FULLY_CHARGED(),)
