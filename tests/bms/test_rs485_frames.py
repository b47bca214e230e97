"""What is said on an RS485 line of JK packs, and what this program may say there."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms import decode
from services.bms.frame_layouts import Layout
from services.bms.framing import FrameType
from services.bms.rs485_frames import (
    ADDRESSES,
    FRAME_OF,
    BusAssembler,
    BusFrame,
    HeardTrigger,
    Trigger,
    read_answer,
    read_bytes,
    registers_to_frame,
    trigger_bytes,
)
from simulators.jk.frames import Identity, Measurement
from simulators.jk.tower import Tower, TowerPack
from simulators.transports.framing_rtu import with_crc

IDENTITY = Identity("Tower", "JK_PB2A16S15P", "15.38", "15A", "4012")
READING = Measurement(tuple(3.3 + 0.001 * slot for slot in range(16)), -12.5, 64, 280, alarm_bits=1 << 19)
REFERENCE = Path(__file__).parents[3] / "shared/reference/jkbms/rs485_frames.json"


def pack(address: int = 1, **how: object) -> TowerPack:
    return TowerPack(address, IDENTITY, lambda: READING, **how)  # type: ignore[arg-type]


def test_the_only_writes_are_three_registers_with_zeros() -> None:
    said = {trigger_bytes(trigger, address) for trigger in Trigger for address in ADDRESSES}
    allowed = {
        with_crc(bytes((address, 0x10, 0x16, low, 0, 1, 2, 0, 0)))
        for low in (0x1C, 0x1E, 0x20)
        for address in range(16)
    }
    assert said == allowed
    assert trigger_bytes(Trigger.CELLS, 1).hex() == "011016200001020000d6f1"


@given(st.integers(min_value=0, max_value=0xFFFF).filter(lambda register: register not in set(Trigger)))
def test_no_other_register_can_be_written(register: int) -> None:
    with pytest.raises(ValueError, match="is not a valid Trigger"):
        trigger_bytes(register, 1)  # type: ignore[arg-type]


def test_only_this_module_makes_writes() -> None:
    sources = (path.read_text() for path in Path("services/bms").glob("*.py") if path.name != "rs485_frames.py")
    assert not [source for source in sources if "0x10," in source or "WRITE" in source]


@given(data=st.data(), padded=st.booleans())
def test_every_cut_of_what_is_heard_gives_the_same(data: st.DataObject, *, padded: bool) -> None:
    said = trigger_bytes(Trigger.CELLS, 2) + pack(2, padded=padded).answer(Trigger.CELLS) + b"\xff\x00"
    said += pack(2, padded=padded).answer(Trigger.SETTINGS) + trigger_bytes(Trigger.CELLS, 3)
    assembler, start = BusAssembler(), 0
    heard: list[BusFrame | HeardTrigger] = []
    while start < len(said):
        size = data.draw(st.integers(min_value=1, max_value=400))
        heard += assembler.feed(said[start : start + size])
        start += size
    assert [(one.address, one.frame.type) if isinstance(one, BusFrame) else one for one in heard] == [
        HeardTrigger(2),
        (2, FrameType.CELLS),
        (2, FrameType.SETTINGS),
        HeardTrigger(3),
    ]


@given(st.binary(max_size=700), st.integers(min_value=0, max_value=307))
def test_noise_and_cut_frames_are_nobodys(noise: bytes, cut: int) -> None:
    assembler = BusAssembler()
    said = noise + pack(4).answer(Trigger.CELLS)[:cut]
    assert [one for one in assembler.feed(said) if isinstance(one, BusFrame)] == []
    list(assembler.feed(bytes(400)))
    (found,) = (one for one in assembler.feed(pack(5).answer(Trigger.CELLS)) if isinstance(one, BusFrame))
    assert found.address == 5


def test_a_frame_without_the_answer_behind_it_is_nobodys_unless_it_holds_its_address() -> None:
    assembler = BusAssembler()
    said = pack(3).frame(Trigger.CELLS) + bytes(20) + pack(3).frame(Trigger.SETTINGS) + bytes(20)
    (found,) = (one for one in assembler.feed(said) if isinstance(one, BusFrame))
    assert (found.address, found.own_address, found.frame.type) == (3, 3, FrameType.SETTINGS)


@pytest.mark.parametrize("trigger", Trigger)
def test_registers_and_triggers_say_the_same(trigger: Trigger) -> None:
    kind, tower = FRAME_OF[trigger], Tower([pack(7)])
    blocks = {}
    for first, count in {"CELLS": ((0x1200, 60), (0x1278, 60), (0x12F0, 8))}.get(
        trigger.name, ((0x1000, 34), (0x1044, 34)) if trigger is Trigger.SETTINGS else ((0x1400, 16),)
    ):
        answer = read_answer(b"\x00" + tower.on_received(read_bytes(7, first, count)), 7, count)
        assert answer
        blocks[first] = answer
    read, told = registers_to_frame(kind, blocks).data, pack(7).frame(trigger)
    if kind is FrameType.CELLS:
        assert decode.cells(read, Layout.JK02_32S, "15.38") == decode.cells(told, Layout.JK02_32S, "15.38")
    elif kind is FrameType.SETTINGS:
        assert decode.settings(read, Layout.JK02_32S) == decode.settings(told, Layout.JK02_32S)
    else:
        info = decode.device_info(read)
        assert (info.model, info.software, info.hardware) == ("JK_PB2A16S15P", "15.38", "15A")
        assert b"1234" not in read, "no pass code was asked for"


def test_a_reading_of_registers_with_a_wrong_sum_or_of_another_pack_is_none() -> None:
    answer = Tower([pack(7)]).on_received(read_bytes(7, 0x1200, 10))
    assert read_answer(answer, 8, 10) is None
    assert read_answer(answer[:-1] + b"\x00", 7, 10) is None or answer[-1] == 0
    assert read_answer(answer, 7, 11) is None


@pytest.mark.skipif(not REFERENCE.exists(), reason="captures are not part of the repository")
def test_captured_frames_come_out_as_their_values() -> None:
    captures = {one["name"]: one for one in json.loads(REFERENCE.read_text())}
    status = captures["status_addr1_308"]
    heard = list(BusAssembler().feed(bytes.fromhex(status["hex"].replace("|", ""))))
    assert heard[0] == HeardTrigger(1)
    assert isinstance(heard[1], BusFrame)
    cells, truth = decode.cells(heard[1].frame.data, Layout.JK02_32S, "15.10"), status["decoded"]
    assert heard[1].address == 1
    assert list(cells["cell_voltages_v"]) == truth["cells_v"]  # type: ignore[call-overload]
    assert (cells["voltage_v"], cells["current_a"]) == (truth["pack_v"], truth["current_a"])
    cycle = bytes.fromhex(captures["bus_cycle_master0_slave1"]["hex"].replace("|", ""))
    spoke = [
        (one.address, one.frame.type.name, one.own_address)
        for one in BusAssembler().feed(cycle)
        if isinstance(one, BusFrame)
    ]
    assert spoke == [(0, "CELLS", None), (0, "SETTINGS", 0), (1, "CELLS", None), (1, "SETTINGS", 1)]
    assert len([one for one in BusAssembler().feed(cycle) if isinstance(one, HeardTrigger)]) == 16
