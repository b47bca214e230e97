"""Frames to values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms import decode
from services.bms.alarms import alarms
from services.bms.frame import SIZE, Assembler, FrameType
from services.bms.layout import Choice, Layout, by_version, choose
from shared.messages import BatteryState
from simulators.jk.frames import Identity, Measurement, cell_frame, device_frame, settings_frame
from tests.bms.captures import CAPTURES, Capture

NAMES = {
    "cell_voltages": "cell_voltages_v",
    "cell_resistances": "cell_resistances_ohm",
    "voltage": "voltage_v",
    "total_voltage_sum": "voltage_v",
    "current": "current_a",
    "capacity_remaining": "remaining_ah",
    "capacity_full": "full_ah",
    "cycles": "cycles",
    "cycle_capacity": "lifetime_ah",
    "soh": "soh_percent",
    "total_runtime_s": "runtime_s",
    "charge_mosfet": "charging_mosfet",
    "discharge_mosfet": "discharging_mosfet",
    "mosfet_temp": "mosfet_temperature_c",
    "balance_current": "balance_current_a",
}
DEVICE_NAMES = {"model": "model", "hw_version": "hardware", "sw_version": "software", "device_name": "name"}
SETTING_NAMES = {
    "cell_uvp": "cell_undervoltage_v",
    "cell_ovp": "cell_overvoltage_v",
    "balance_trigger_voltage": "balance_trigger_v",
    "trigger_delta_voltage": "balance_trigger_v",
    "max_charge_current": "max_charge_current_a",
    "max_discharge_current": "max_discharge_current_a",
    "max_balance_current": "max_balance_current_a",
    "cell_count": "cell_count",
    "charge_switch": "charge_switch",
    "nominal_capacity": "nominal_ah",
    "charge_utp": "charge_undertemperature_c",
    "start_balance_voltage": "start_balance_v",
}
CELLS = (3.31, 3.32, 3.30, 3.31)


def frames_of(capture: Capture):
    assembler = Assembler()
    read = [frame for chunk in capture.chunks for frame in assembler.feed(chunk)]
    return list(zip(read, (frame.get("decoded", {}) for frame in capture.frames), strict=True))


def expect(told: dict[str, object], decoded: dict[str, object], names: dict[str, str]) -> None:
    for name, value in decoded.items():
        if name in names:
            mine = told[names[name]]
            wanted = tuple(value) if isinstance(value, list) else value or None if isinstance(value, str) else value
            assert mine == pytest.approx(wanted, abs=2e-3) if not isinstance(wanted, str) else mine == wanted, name


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.id)
def test_a_captured_frame_comes_out_as_its_values(capture: Capture) -> None:
    for frame, decoded in frames_of(capture):
        match frame.type:
            case FrameType.CELLS:
                assert choose(frame.data, None) == Choice(Layout(capture.layout))
                told = decode.cells(frame.data, Layout(capture.layout), 14)
                expect(told, decoded, NAMES)
                BatteryState.model_validate({**told, "at": "2026-11-24T00:00:00Z"})
            case FrameType.DEVICE:
                expect(vars(decode.device(frame.data)), decoded, DEVICE_NAMES)
            case FrameType.SETTINGS:
                expect(decode.settings(frame.data, Layout(capture.layout)), decoded, SETTING_NAMES)


@pytest.mark.parametrize("layout", list(Layout))
def test_what_the_simulator_packs_is_what_is_read(layout: Layout) -> None:
    reading = Measurement(CELLS, -45.678, 55.5, full_ah=280.0, alarm_bits=1 << 11, balance_a=0.7)
    told = decode.cells(cell_frame(layout, reading, 7), layout, 15)
    assert told["cell_voltages_v"] == CELLS
    assert (told["cell_min_v"], told["cell_min_number"]) == (3.30, 3)
    assert (told["cell_max_v"], told["cell_max_number"], told["cell_delta_v"]) == (3.32, 2, 0.02)
    assert told["balancing"] == "charging"
    if layout is not Layout.JK04:
        assert (told["current_a"], told["soc_percent"], told["remaining_ah"]) == (-45.678, 55.5, 155.4)
        assert told["power_w"] == round(13.24 * -45.678, 1)
        assert told["alarms"] == ("cell voltage too low",)


def test_pass_codes_are_in_the_frame_and_in_nothing_that_is_read() -> None:
    codes = (b"7391", b"846205")
    for software in ("10.07", "15.38", "3.3.0"):
        identity = Identity("Pack", "JK", software, "10", "4012", passcodes=codes)
        data = device_frame(identity)
        assert codes[0] in data
        assert not any(code.decode() in str(vars(decode.device(data))) for code in codes)
    old = bytearray(device_frame(Identity("Pack", "JK", "10.07", "10", "0123456789")))
    old[97:102] = b"54321"
    assert decode.device(bytes(old)).serial_number == "0123456789"


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0, ()),
        (1 << 19, ()),
        (1 << 19 | 1, ("wire resistance too high",)),
        (1 << 30, ("unknown alarm 30",)),
        (None, None),
    ],
)
def test_alarms(bits, expected) -> None:
    assert alarms(bits) == expected


@pytest.mark.parametrize(
    ("remaining", "full", "whole", "expected"),
    [
        (113.245, 202.0, 56, 56.1),
        (None, 202.0, 56, 56),
        (113.0, 0.0, 56, 56),
        (100.0, 100.0, None, 100.0),
        (150.0, 100.0, None, None),
        (10.0, 100.0, 56, 56),
        (None, None, None, None),
    ],
)
def test_state_of_charge(remaining, full, whole, expected) -> None:
    assert decode.soc_percent(remaining, full, whole) == expected


def test_a_sensor_that_is_not_there_is_unknown() -> None:
    told = decode.cells(cell_frame("JK02_32S", Measurement(CELLS, 0, 50), 1), Layout.JK02_32S, 15)
    assert told["temperatures_c"] == (18.1, 18.6, None, None)
    assert decode.cells(cell_frame("JK02_32S", Measurement(CELLS, 0, 50), 1), Layout.JK02_32S, 11)[
        "temperatures_c"
    ] == (
        18.1,
        18.6,
    )


@pytest.mark.parametrize(
    ("software", "layout"),
    [
        ("11.284", Layout.JK02_32S),
        ("19.27", Layout.JK02_32S),
        ("10.07", Layout.JK02_24S),
        ("9.01M3", Layout.JK02_24S),
        ("3.3.0", None),
        ("", None),
        (None, None),
        ("v2", None),
    ],
)
def test_layout_by_version(software, layout) -> None:
    assert by_version(software) is layout


def test_layout_where_content_and_version_disagree_is_said_and_the_content_wins() -> None:
    choice = choose(cell_frame("JK02_24S", Measurement(CELLS, 1, 50), 1), "15.38")
    assert choice.layout is Layout.JK02_24S
    assert "should send JK02_32S" in (choice.doubt or "")


def test_a_pack_with_a_dead_cell_is_read_by_its_version_and_said() -> None:
    dead = cell_frame("JK02_32S", Measurement((3.3, 0.0, 3.3, 3.3), 1, 50), 1)
    choice = choose(dead, "15.38")
    assert choice.layout is Layout.JK02_32S
    assert choice.doubt
    assert choose(dead, "15.38", Layout.JK02_32S) == Choice(Layout.JK02_32S)
    assert choose(dead, None).layout is None


def test_nothing_proven_is_nothing_read() -> None:
    assert choose(bytes(SIZE), "15.38").layout is None
    assert choose(bytes(SIZE), None).layout is None


@given(st.binary(min_size=SIZE, max_size=SIZE), st.sampled_from(Layout), st.sampled_from(["15.38", "10.07", None]))
def test_any_bytes_decode_to_something_that_can_be_published(data: bytes, layout: Layout, software) -> None:
    choose(data, software)
    decode.device(data)
    decode.settings(data, layout)
    told = decode.cells(data, layout, 15)
    BatteryState.model_validate_json(
        BatteryState.model_validate({**told, "at": "2026-11-24T00:00:00Z"}).model_dump_json()
    )


def test_the_settings_of_the_simulator() -> None:
    identity = Identity("Pack", "JK", "15.38", "15A", "4012")
    told = decode.settings(settings_frame(identity, 16, 200), Layout.JK02_32S)
    assert (told["cell_count"], told["nominal_ah"], told["charge_switch"]) == (16, 220.0, True)
