"""Alarm bits become conditions."""

import pytest

from services.bms.alarms import ALARMS, NW_ALARMS, alarms, nw_alarms
from shared.conditions import Reason, battery


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
    assert alarms(bits, "15.38") == expected


def test_every_alarm_has_a_condition_of_its_own() -> None:
    assert len({declared.code for declared in ALARMS.values()}) == len(ALARMS)
    assert len({declared.code for declared in NW_ALARMS.values()}) == len(NW_ALARMS)


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0, ()),
        (1, ()),
        (1 << 10 | 1 << 1, (battery.MOSFET_TOO_HOT(), battery.CELL_VOLTAGE_TOO_HIGH())),
        (1 << 12, (battery.unknown_alarm(bit=12),)),
        (None, None),
    ],
)
def test_alarms_of_the_gps_port(bits: int | None, expected: tuple[Reason, ...] | None) -> None:
    assert nw_alarms(bits) == expected


@pytest.mark.parametrize(
    ("software", "expected"),
    [
        *((software, battery.CELL_VOLTAGE_TOO_HIGH()) for software in ("11.48", "11.52", "11.55", "11.51h")),
        *((software, battery.BATTERY_FULLY_CHARGED()) for software in ("11.47", "11.56", "11.284", "10.07", "15.38")),
        *((software, battery.unknown_alarm(bit=4)) for software in (None, "", "V")),
    ],
)
def test_what_bit_4_means_depends_on_the_firmware(software: str | None, expected: Reason) -> None:
    assert alarms(1 << 4, software) == (expected,)
