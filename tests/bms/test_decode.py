"""Frames to values."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms import decode
from services.bms.battery import Battery
from services.bms.frame_layouts import Layout
from services.bms.framing import SIZE, Frame, FrameAssembler, FrameType, checksum
from services.bms.layout_detection import Detection, detect
from shared.conditions import battery
from shared.messages import BatteryState, PackHealth
from simulators.jk.frames import Identity, Measurement, cell_frame, device_frame, settings_frame
from tests.bms.captures import CAPTURES, Capture
from tests.bms.jk import battery as battery_of_nothing

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
AT = datetime(2026, 11, 24, tzinfo=UTC)
CELLS = (3.31, 3.32, 3.30, 3.31)


def frames_of(capture: Capture):
    assembler = FrameAssembler()
    read = [frame for chunk in capture.chunks for frame in assembler.feed(chunk)]
    return list(zip(read, (frame.get("decoded", {}) for frame in capture.frames), strict=True))


def expect(values: Mapping[str, object], decoded: dict[str, object], names: dict[str, str]) -> None:
    for name, value in decoded.items():
        if name in names:
            mine = values[names[name]]
            wanted = tuple(value) if isinstance(value, list) else value or None if isinstance(value, str) else value
            assert mine == pytest.approx(wanted, abs=2e-3) if not isinstance(wanted, str) else mine == wanted, name


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.id)
def test_a_captured_frame_comes_out_as_its_values(capture: Capture) -> None:
    for frame, decoded in frames_of(capture):
        match frame.type:
            case FrameType.CELLS:
                assert detect(frame.data, None) == Detection(Layout(capture.layout))
                values = decode.cells(frame.data, Layout(capture.layout), "14.20")
                expect(values, decoded, NAMES)
                BatteryState.model_validate({**values, "at": "2026-11-24T00:00:00Z"})
            case FrameType.DEVICE:
                expect(vars(decode.device_info(frame.data)), decoded, DEVICE_NAMES)
            case FrameType.SETTINGS:
                expect(decode.settings(frame.data, Layout(capture.layout)), decoded, SETTING_NAMES)


@pytest.mark.parametrize("layout", list(Layout))
def test_what_the_simulator_packs_is_what_is_read(layout: Layout) -> None:
    reading = Measurement(CELLS, -45.678, 55.5, full_ah=280.0, alarm_bits=1 << 11, balance_a=0.7)
    values = decode.cells(cell_frame(layout, reading, 7), layout, "15.38")
    assert values["cell_voltages_v"] == CELLS
    assert (values["cell_min_v"], values["cell_min_number"]) == (3.30, 3)
    assert (values["cell_max_v"], values["cell_max_number"], values["cell_delta_v"]) == (3.32, 2, 0.02)
    assert values["balancing"] == "charging"
    if layout is not Layout.JK04:
        assert (values["current_a"], values["soc_percent"], values["remaining_ah"]) == (-45.678, 55.5, 155.4)
        assert values["power_w"] == round(13.24 * -45.678, 1)
        assert values["alarms"] == (battery.CELL_VOLTAGE_TOO_LOW(),)


def test_pass_codes_are_in_the_frame_and_in_nothing_that_is_read() -> None:
    codes = (b"7391", b"846205")
    for software in ("10.07", "15.38", "3.3.0"):
        identity = Identity("Pack", "JK", software, "10", "4012", passcodes=codes)
        data = device_frame(identity)
        assert codes[0] in data
        assert not any(code.decode() in str(vars(decode.device_info(data))) for code in codes)
    old = bytearray(device_frame(Identity("Pack", "JK", "10.07", "10", "0123456789")))
    old[97:102] = b"54321"
    assert decode.device_info(bytes(old)).serial_number == "0123456789"


@pytest.mark.parametrize(
    ("remaining", "full", "whole", "expected"),
    [
        (113.245, 202.0, 56, 56.1),
        (None, 202.0, 56, 56),
        (113.0, 0.0, 56, 56),
        (100.0, 100.0, None, 100.0),
        (150.0, 100.0, None, None),
        (10.0, 100.0, 56, 56),
        (57.0, 100.0, 56, 57.0),
        (57.1, 100.0, 56, 56),
        (55.0, 100.0, 56, 55.0),
        (100.1, 100.0, 100, 100),
        (100.0, 100.0, 99, 100.0),
        (50.0, 0.0, None, None),
        (None, None, None, None),
    ],
)
def test_state_of_charge(remaining, full, whole, expected) -> None:
    assert decode.soc_percent(remaining, full, whole) == expected


def test_of_cells_alike_the_first_is_named() -> None:
    assert decode.cell_spread([(3.3, 2), (3.4, 3), (3.3, 5), (3.4, 7)]) == {
        "cell_min_v": 3.3,
        "cell_max_v": 3.4,
        "cell_delta_v": 0.1,
        "cell_min_number": 2,
        "cell_max_number": 3,
    }


@pytest.mark.parametrize(
    ("software", "sensors"),
    [("13.9", 2), ("14.0", 4), ("14", 4), ("V14.0", 2), ("\u0661\u0664.0", 2), (None, 2), ("", 2)],
)
def test_how_many_sensors_are_real_depends_on_the_software(software: str | None, sensors: int) -> None:
    values = decode.cells(cell_frame("JK02_32S", Measurement(CELLS, 0, 50), 1), Layout.JK02_32S, software)
    assert len(values["temperatures_c"]) == sensors  # type: ignore[arg-type]


def test_a_sensor_that_is_not_there_is_unknown() -> None:
    values = decode.cells(cell_frame("JK02_32S", Measurement(CELLS, 0, 50), 1), Layout.JK02_32S, "15.38")
    assert values["temperatures_c"] == (18.1, 18.6, None, None)
    assert decode.cells(cell_frame("JK02_32S", Measurement(CELLS, 0, 50), 1), Layout.JK02_32S, "11.21")[
        "temperatures_c"
    ] == (
        18.1,
        18.6,
    )


@given(st.binary(min_size=SIZE, max_size=SIZE), st.sampled_from(Layout), st.sampled_from(["15.38", "10.07", None]))
def test_any_bytes_decode_to_something_that_can_be_published(data: bytes, layout: Layout, software) -> None:
    detect(data, software)
    decode.device_info(data)
    decode.settings(data, layout)
    values = decode.cells(data, layout, "15.38")
    BatteryState.model_validate_json(
        BatteryState.model_validate({**values, "at": "2026-11-24T00:00:00Z"}).model_dump_json()
    )


def test_the_settings_of_the_simulator() -> None:
    identity = Identity("Pack", "JK", "15.38", "15A", "4012")
    values = decode.settings(settings_frame(identity, 16, 200), Layout.JK02_32S)
    assert (values["cell_count"], values["nominal_ah"], values["charge_switch"]) == (16, 220.0, True)


def captured(parts: Mapping[int, str]) -> bytes:
    """Return a captured frame, of which only the parts that are not zero are written down."""
    data = bytearray(SIZE)
    for offset, part in parts.items():
        data[offset : offset + len(part) // 2] = bytes.fromhex(part)
    assert checksum(bytes(data[:-1])) == data[-1]
    return bytes(data)


def with_checksum(parts: Mapping[int, str]) -> bytes:
    """Return a frame whose values are known, but not its checksum."""
    data = bytearray(SIZE - 1)
    for offset, part in parts.items():
        data[offset : offset + len(part) // 2] = bytes.fromhex(part)
    return bytes(data) + bytes((checksum(bytes(data)),))


WITHOUT_SENSE_WIRES = (
    captured(  # JK_B2A8S30P, software 19.07: esp32-ble-v19-example-faker2.yaml of syssi/esphome-jk-bms
        {0: "55aaeb9002", 144: "ab", 162: "ab00ab0004", 178: "c04504", 194: "4f2a", 214: "ff", 226: "9b353f40"}
        | {240: "01010b0101007d", 254: "ab0030f830f8", 262: "0c", 266: "8502", 270: "407e05", 276: "01"}
        | {287: "feff7fdc2f0101810b01", 299: "45"}
    )
)


def test_a_board_that_sees_no_cell_knows_no_voltage_and_no_charge() -> None:
    assert detect(WITHOUT_SENSE_WIRES, "19.07") == Detection(Layout.JK02_32S)
    values = decode.cells(WITHOUT_SENSE_WIRES, Layout.JK02_32S, "19.07")
    unknown = ("voltage_v", "power_w", "soc_percent", "remaining_ah", "soh_percent")
    assert [values[name] for name in unknown] == [None] * len(unknown)
    assert values["alarms"] == (battery.CELL_COUNT_DIFFERS_FROM_THE_SETTINGS(),)
    assert values["temperatures_c"] == (17.1, 17.1, None, None)
    assert not decode.says_nothing(values)
    state = BatteryState.model_validate({**values, "at": "2026-11-24T00:00:00Z"})
    assert (state.cell_min_v, state.cell_voltages_v) == (None, ())


def balancer(*, device_first: bool = True) -> Battery:
    """Return a JK_DZ11B2A24S that has sent what patman15/BMS_BLE-HA#636 has recorded, as described in its document."""
    ohms = (65, 72, 71, 68, 75, 71, 73, 71, 65, 141, 127, 73, 71, 72, 69, 65)
    volts = (*[3323] * 11, 3325, *[3323] * 4)
    parts = {0: "55aaeb9002", 70: "ffff", 74: "fb0c0200", 78: "0b", 150: "b7cf", 162: "74", 178: "409c", 194: "70b349"}
    parts |= {214: "ff", 6: words(volts), 80: words(ohms)}
    device = {0: "55aaeb9003", 6: b"JK_DZ11B2A24S".hex(), 22: b"11U".hex(), 30: b"11.55".hex()}
    known = battery_of_nothing()
    known.on_connected(-60)
    frames = [Frame(FrameType.DEVICE, with_checksum(device)), Frame(FrameType.CELLS, with_checksum(parts))]
    for frame in frames if device_first else reversed(frames):
        known.on_frame(frame, AT)
    assert known.is_online
    return known


def words(numbers: tuple[int, ...]) -> str:
    return b"".join(number.to_bytes(2, "little") for number in numbers).hex()


def test_a_balancer_knows_neither_current_nor_charge() -> None:
    state = BatteryState.model_validate({**balancer().to_state(AT).model_dump(), "at": AT})
    unknown = (*decode.NOT_OF_BALANCERS, "nominal_ah")
    assert [getattr(state, name) for name in unknown] == [None] * len(unknown)
    assert (state.voltage_v, state.cell_min_v, state.cell_max_v) == (53.175, 3.323, 3.325)
    assert state.temperatures_c == (11.6,)
    assert state.balance_current_a == 0
    assert (state.alarms, state.health) == ((), PackHealth.GREEN)


def test_a_frame_is_read_anew_once_it_is_known_to_be_a_balancers() -> None:
    first, second = balancer(device_first=True), balancer(device_first=False)
    assert first.to_state(AT) == second.to_state(AT)


@pytest.mark.parametrize("layout", list(Layout))
def test_a_frame_of_zeros_says_nothing(layout: Layout) -> None:
    assert decode.says_nothing(decode.cells(bytes(SIZE), layout, "15.38"))


def test_a_sum_of_cells_of_which_one_is_implausible_is_unknown() -> None:
    data = bytearray(cell_frame(Layout.JK04, Measurement(CELLS, 0, 50), 1))
    assert decode.cells(bytes(data), Layout.JK04, None)["voltage_v"] == pytest.approx(13.24)
    data[10:14] = b"\xff" * 4
    assert decode.cells(bytes(data), Layout.JK04, None)["voltage_v"] is None
