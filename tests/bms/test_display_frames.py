"""What a board sends to its display."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms.decode import Reading
from services.bms.display_frames import DisplayAssembler, decode
from shared.conditions import Reason, battery
from shared.messages import BatteryState
from simulators.jk.frames import Identity, Measurement
from simulators.jk.uart import UartBoard

# syssi/esphome-jk-bms, docs/display-protocol/traffic.log
CAPTURED = bytes.fromhex(
    "A55A5D821000148500000003006300E0001A001800010FC90000000100010FD00FCD0FD11033102F0F5C0F530FC30FC20FCF0FC10FCF0FD0"
).ljust(96, b"\0")
OTHERS = bytes.fromhex("A55A0582205307E0" + "A55A03800100" + "5AA500010005" + "0001")
IDENTITY = Identity("Old", "JK-B2A24S15P", "10.07", "10.XG", "4012")


def board(**measured: object) -> UartBoard:
    values = {"cells_v": (3.3,) * 16, "current_a": -12.5, "soc_percent": 64} | measured
    return UartBoard(IDENTITY, lambda: Measurement(**values))  # type: ignore[arg-type]


def test_a_captured_status() -> None:
    (reading,) = DisplayAssembler().feed(OTHERS + CAPTURED + OTHERS)
    values = reading.values
    assert (values["voltage_v"], values["current_a"], values["soc_percent"]) == (52.53, 0.0, 99)
    assert (values["cell_min_v"], values["cell_max_v"], values["cell_delta_v"]) == (3.923, 4.147, 0.224)
    assert len(values["cell_voltages_v"]) == 13  # type: ignore[arg-type]
    assert (values["mosfet_temperature_c"], values["temperatures_c"]) == (26.0, (24.0,))
    assert values["alarms"] == (battery.WARNING_WITHOUT_A_NAME(),)


@given(st.lists(st.integers(min_value=1, max_value=120), max_size=6))
def test_every_cut_gives_the_same_readings(cuts: list[int]) -> None:
    said = OTHERS + CAPTURED + OTHERS + board().status() + CAPTURED[:50] + CAPTURED
    found: list[Reading] = []
    assembler, start = DisplayAssembler(), 0
    for size in (*cuts, len(said)):
        found += assembler.feed(said[start : start + size])
        start += size
    assert [one.values["soc_percent"] for one in found] == [99, 64, 99]
    assert assembler.damaged == 1


def test_a_status_that_contradicts_itself_does_not_count() -> None:
    assert decode(board().status())
    assert decode(board(soc_percent=101).status()) is None
    damaged = bytearray(board().status())
    damaged[6] ^= 0x08
    assert decode(bytes(damaged)) is None, "20 V away from what the cells add up to"


@pytest.mark.parametrize("noise", [b"", bytes(200), b"\xa5\x5a" * 100])
def test_noise_is_no_reading(noise: bytes) -> None:
    assert list(DisplayAssembler().feed(noise)) == []


@given(st.binary(min_size=90, max_size=90))
def test_whatever_counts_can_be_published(data: bytes) -> None:
    reading = decode(CAPTURED[:6] + data)
    if reading:
        BatteryState.model_validate({**reading.values, "at": "2026-11-29T22:00:00Z"})


@pytest.mark.parametrize(
    ("offset", "alarm"),
    [
        (72, battery.CELL_VOLTAGE_TOO_LOW()),
        (74, battery.CELL_VOLTAGE_TOO_HIGH()),
        (76, battery.CURRENT_TOO_HIGH()),
        (78, battery.MOSFET_TOO_HOT()),
        (80, battery.BATTERY_TOO_HOT()),
        (82, battery.SHORT_CIRCUIT()),
        (84, battery.NO_COMMUNICATION_WITH_THE_COPROCESSOR()),
        (86, battery.WIRE_RESISTANCE_TOO_HIGH()),
        (88, battery.CELL_COUNT_DIFFERS_FROM_THE_SETTINGS()),
    ],
)
def test_alarms_are_named(offset: int, alarm: Reason) -> None:
    reading = decode(changed(offset, 1))
    assert reading
    assert reading.values["alarms"] == (alarm,)
    assert decode(changed(offset, 2)) is None


@pytest.mark.parametrize(
    ("offset", "word", "name", "expected"),
    [
        (2, 0xFF83, "current_a", -12.5),
        (2, 0xFF83, "power_w", -656.6),
        (6, 100, "soc_percent", 100),
        (10, 0xFFFB, "mosfet_temperature_c", -5),
        (12, 0xFFFB, "temperatures_c", (-5,)),
        (14, 0, "alarms", ()),
        (20, 0, "charging_mosfet", False),
        (20, 1, "charging_mosfet", True),
        (22, 0, "discharging_mosfet", False),
        (22, 1, "discharging_mosfet", True),
    ],
)
def test_a_value_of_a_status(offset: int, word: int, name: str, expected: object) -> None:
    reading = decode(changed(offset, word))
    assert reading
    assert reading.values[name] == expected


@pytest.mark.parametrize("offset", [24 + 2 * 5, 24 + 2 * 14])
def test_a_gap_between_cells_is_no_status(offset: int) -> None:
    assert decode(changed(offset, 0 if offset < 50 else 3900)) is None


def changed(offset: int, word: int) -> bytes:
    """Return the captured status with another word."""
    return CAPTURED[: 6 + offset] + word.to_bytes(2, "big") + CAPTURED[8 + offset :]
