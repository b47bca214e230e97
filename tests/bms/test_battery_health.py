"""The health of a battery and its reasons."""

import pytest

from services.bms.battery_health import Limits, assess
from shared.conditions import battery
from shared.messages import PackHealth

LIMITS = Limits(cell_low_v=2.6, cell_high_v=3.65, cell_delta_v=0.1)


@pytest.mark.parametrize(
    ("alarms", "low", "high", "wires", "health"),
    [
        pytest.param((), 3.30, 3.32, 0, PackHealth.GREEN, id="well"),
        pytest.param((battery.BATTERY_FULLY_CHARGED(),), 3.40, 3.45, 0, PackHealth.GREEN, id="full-is-no-fault"),
        pytest.param((battery.MOSFET_TOO_HOT(),), 3.30, 3.32, 0, PackHealth.RED, id="an-alarm"),
        pytest.param((battery.WARNING_WITHOUT_A_NAME(),), 3.30, 3.32, 0, PackHealth.ORANGE, id="a-warning-of-nothing"),
        pytest.param(
            (battery.WIRE_RESISTANCE_TOO_HIGH(),), 3.30, 3.32, 1, PackHealth.ORANGE, id="the-alarm-of-a-bad-wire"
        ),
        pytest.param((battery.unknown_alarm(bit=30),), 3.30, 3.32, 0, PackHealth.ORANGE, id="an-alarm-nobody-knows"),
        pytest.param((), 3.50, 3.58, 0, PackHealth.ORANGE, id="nearly-too-high"),
        pytest.param((), 3.60, 3.65, 0, PackHealth.RED, id="too-high"),
        pytest.param((), 2.65, 2.70, 0, PackHealth.ORANGE, id="nearly-too-low"),
        pytest.param((), 2.60, 2.65, 0, PackHealth.RED, id="too-low"),
        pytest.param((), 3.20, 3.31, 0, PackHealth.ORANGE, id="apart"),
        pytest.param((), 3.00, 3.31, 0, PackHealth.RED, id="far-apart"),
        pytest.param((), 3.30, 3.32, 4, PackHealth.ORANGE, id="a-bad-wire"),
        pytest.param(None, None, None, None, PackHealth.UNKNOWN, id="nothing-known"),
        pytest.param((), None, None, 0, PackHealth.UNKNOWN, id="no-cells"),
        pytest.param((battery.BATTERY_FULLY_CHARGED(),), None, None, 0, PackHealth.UNKNOWN, id="full-without-cells"),
        pytest.param(
            (battery.CELL_COUNT_DIFFERS_FROM_THE_SETTINGS(),),
            None,
            None,
            0,
            PackHealth.RED,
            id="an-alarm-without-cells",
        ),
    ],
)
def test_health(alarms, low, high, wires, health) -> None:
    colour, reasons = assess(alarms, low, high, wires, LIMITS)
    assert colour is health
    assert bool(reasons) == (health in (PackHealth.RED, PackHealth.ORANGE))


def test_reasons_name_faults_before_warnings() -> None:
    _, reasons = assess((battery.MOSFET_TOO_HOT(),), 3.20, 3.65, 1, LIMITS)
    assert [reason.text for reason in reasons] == [
        "MOSFET too hot",
        "a cell at 3.650 V",
        "cells 450 mV apart",
        "a wire with too much resistance",
    ]
    assert reasons[2] == battery.cells_apart(millivolts=450.0)
