"""The old dialect of the GPS port: what is asked, and what the answers mean."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms.nw_frames import NwAssembler, decode, request_bytes
from shared.conditions import battery
from shared.messages import Balancing, BatteryState
from simulators.jk.frames import Identity, Measurement
from simulators.jk.uart import PASSWORD, UartBoard

REFERENCE = Path(__file__).parents[3] / "shared/reference/jkbms/rs485_frames.json"
IDENTITY = Identity("Old", "JK_B1A8S20P", "11.51", "11.XA", "4012")
READINGS = st.builds(
    Measurement,
    cells_v=st.lists(st.integers(500, 5000).map(lambda mv: mv / 1000), min_size=1, max_size=24).map(tuple),
    current_a=st.integers(-9900, 9900).map(lambda hundredths: hundredths / 100),
    soc_percent=st.integers(0, 100),
    full_ah=st.integers(1, 1000),
    temperatures_c=st.tuples(st.integers(-40, 100), st.integers(-40, 100)),
    mosfet_c=st.integers(-40, 100),
)


def answers(data: bytes, *cuts: int) -> list[bytes]:
    found: list[bytes] = []
    assembler, start = NwAssembler(), 0
    for size in (*cuts, len(data)):
        found += assembler.feed(data[start : start + size])
        start += size
    return found


def test_the_only_request_reads() -> None:
    assert request_bytes().hex() == "4e5700130000000006030000000000006800000129"
    sources = {path.name: path.read_text() for path in Path("services/bms").glob("*.py")}
    assert sources["uart_port.py"].count(".send(") == sources["uart_port.py"].count(".send(request_bytes())") == 1
    makers = [name for name, text in sources.items() if "nw_frames import" in text]
    assert makers == ["uart_port.py"], "nobody else speaks this dialect"


@given(READINGS, st.sampled_from((0, 1)))
def test_an_answer_means_what_the_board_has_measured(measured: Measurement, protocol: int) -> None:
    reading = decode(UartBoard(IDENTITY, lambda: measured, protocol=protocol).answer())
    assert reading
    values = reading.values
    assert values["cell_voltages_v"] == measured.cells_v
    assert values["voltage_v"] == pytest.approx(measured.voltage_v, abs=0.006)
    assert values["current_a"] == pytest.approx(measured.current_a)
    assert (values["soc_percent"], values["full_ah"]) == (measured.soc_percent, measured.full_ah)
    assert (values["temperatures_c"], values["mosfet_temperature_c"]) == (measured.temperatures_c, measured.mosfet_c)
    assert BatteryState.model_validate({**values, "at": "2026-11-29T22:00:00Z"})
    assert reading.device
    assert (reading.device.model, reading.device.hardware, reading.device.software) == ("JK_B1A8S20P", "11.XA", "11.51")
    assert reading.settings["cell_undervoltage_v"] == 2.6
    assert PASSWORD.decode() not in repr(reading)


@given(st.lists(st.integers(min_value=1, max_value=400), max_size=6), st.binary(max_size=30))
def test_every_cut_gives_the_same_answer_and_an_echo_is_none(cuts: list[int], noise: bytes) -> None:
    board = UartBoard(IDENTITY, lambda: Measurement((3.3,) * 16, -1.0, 50))
    said = noise.replace(b"N", b"") + request_bytes() + board.answer() + b"\xff"
    assert answers(said, *cuts) == [board.answer()]


@given(st.data())
def test_a_changed_byte_is_no_answer_or_a_sum_that_fits(data: st.DataObject) -> None:
    answer = bytearray(UartBoard(IDENTITY, lambda: Measurement((3.3,) * 8, -1.0, 50)).answer())
    at = data.draw(st.integers(0, len(answer) - 1))
    answer[at] ^= data.draw(st.integers(1, 255))
    assert answers(bytes(answer)) == []


@given(st.binary(max_size=300))
def test_whatever_comes_is_survived(data: bytes) -> None:
    answers(b"NW" + data)
    frame = b"NW\x00\x00" + bytes(4) + b"\x06\x00\x01" + data + bytes(9)
    reading = decode(frame)
    if reading:
        BatteryState.model_validate({**reading.values, "at": "2026-11-29T22:00:00Z"})


def zeros(warnings: int) -> bytes:
    """Return an answer of a board whose sense wires are unplugged."""
    data = bytes.fromhex("79 06 01 0000 02 0000 80 0016 83 0000 84 0000 85 00 aa 000000c8 8c 0008 c0 01")
    return bytes(11) + data + b"\x8b" + warnings.to_bytes(2, "big") + bytes(9)


def test_a_board_that_sees_no_cell_has_an_alarm_and_neither_0_v_nor_a_charge_of_0_percent() -> None:
    reading = decode(zeros(1 << 11))
    assert reading
    told = BatteryState.model_validate({**reading.values, "at": "2026-11-29T22:00:00Z"})
    assert (told.voltage_v, told.soc_percent, told.remaining_ah, told.power_w) == (None, None, None, None)
    assert (told.cell_voltages_v, told.mosfet_temperature_c, told.charging_mosfet) == ((0.0, 0.0), 22.0, False)
    assert told.alarms == (battery.CELL_VOLTAGE_TOO_LOW(),)


@pytest.mark.parametrize("warnings", [0, 1])
def test_zeros_of_a_board_that_starts_say_nothing(warnings: int) -> None:
    assert decode(zeros(warnings)) is None


def test_an_unknown_tag_ends_an_answer_but_what_came_before_it_counts() -> None:
    answer = UartBoard(IDENTITY, lambda: Measurement((3.3,) * 4, -1.0, 50)).answer()
    cut = answer[: answer.index(b"\x84", 30)] + b"\xee\x84\x00\x64" + answer[-9:]
    reading = decode(cut)
    assert reading
    assert (reading.values["voltage_v"], reading.values["current_a"], reading.values["alarms"]) == (13.2, None, None)


@pytest.mark.parametrize(
    ("tags", "name", "expected"),
    [
        ("83 0520 84 80c8 c0 01", "power_w", 26.2),
        ("83 0520 84 00c8 c0 01", "power_w", -26.2),
        ("84 2774 c0 00", "current_a", -1.0),
        ("84 26ac c0 00", "current_a", 1.0),
        ("84 0064 c0 02", "current_a", None),
        ("84 0064", "current_a", None),
        ("85 64", "soc_percent", 100),
        ("85 65", "soc_percent", None),
        ("85 21 aa 000000c8 b9 00000069", "remaining_ah", 34.65),
        ("85 32 aa 000000c8 b9 00000000", "remaining_ah", 100.0),
        ("85 65 aa 000000c8", "remaining_ah", None),
        ("85 32", "full_ah", None),
        ("87 0105", "cycles", 261),
        ("89 00000102", "lifetime_ah", 258.0),
        ("b6 00000102", "runtime_s", 258 * 60),
        ("b6 02000000", "runtime_s", None),
        ("80 0065", "mosfet_temperature_c", -1.0),
        ("80 0064", "mosfet_temperature_c", 100.0),
        ("81 0015 82 0019", "temperatures_c", (25.0, 21.0)),
        ("8c 0001", "charging_mosfet", True),
        ("8c 0001", "discharging_mosfet", False),
        ("8c 0002", "charging_mosfet", False),
        ("8c 0002", "discharging_mosfet", True),
        ("8c 0003", "balancing", Balancing.OFF),
        ("8c 0004", "balancing", None),
        ("", "balancing", None),
        ("8b 0803", "alarms", (battery.MOSFET_TOO_HOT(), battery.CELL_VOLTAGE_TOO_LOW())),
        ("8b 9000", "alarms", (battery.unknown_alarm(bit=12), battery.unknown_alarm(bit=15))),
        ("8b 0001", "alarms", ()),
    ],
)
def test_a_value_of_a_board(tags: str, name: str, expected: object) -> None:
    reading = decode(bytes(11) + bytes.fromhex("79 06 01 0ce4 03 0ce6" + tags) + bytes(9))
    assert reading
    assert reading.values["cell_voltages_v"] == (3.3, None, 3.302)
    assert reading.values[name] == expected


def test_settings_of_a_board() -> None:
    reading = decode(bytes(11) + bytes.fromhex("79 03 01 0ce4 90 0e42 97 0064 9d 01 a9 10 ab 00 ac 01") + bytes(9))
    assert reading
    assert {name: value for name, value in reading.settings.items() if value is not None} == {
        "cell_overvoltage_v": 3.65,
        "max_discharge_current_a": 100,
        "balancer_switch": True,
        "cell_count": 16,
        "charge_switch": False,
        "discharge_switch": True,
    }


@pytest.mark.skipif(not REFERENCE.exists(), reason="captures are not part of the repository")
def test_captured_answers_come_out_as_their_values() -> None:
    captures = [one for one in json.loads(REFERENCE.read_text()) if one["dialect"] == "D"]
    assert len(captures) == 2
    for capture in captures:
        request, answer = map(bytes.fromhex, capture["hex"].split("|"))
        assert request == request_bytes()
        assert answers(request + answer) == [answer]
        reading, truth = decode(answer), capture["decoded"]
        assert reading
        values = reading.values
        assert list(values["cell_voltages_v"]) == truth["cells_v"]  # type: ignore[call-overload]
        assert (values["voltage_v"], values["current_a"]) == (truth["pack_v"], truth["current_a"])
        assert (values["soc_percent"], values["mosfet_temperature_c"]) == (truth["soc_pct"], truth["mos_temp_c"])
        assert values["runtime_s"] == 60 * truth["working_minutes"]
        assert reading.settings["cell_overvoltage_v"] == truth["cell_ovp_v"]
