"""What inverters, dongles and batteries send."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from zlib import crc32

from services.bms import decode as jk
from services.bms import display_frames, nw_frames
from services.bms.battery import Battery
from services.bms.battery_health import Limits
from services.bms.frame_layouts import Layout
from services.bms.framing import HEADER, SIZE, TYPES, Frame, FrameAssembler, FrameType, checksum
from services.bms.listed_battery import ListedBattery
from services.bms.rs485_frames import BusAssembler, BusFrame, read_answer, registers_to_frame
from services.poller.decode import all_zero, decode, has_power, to_info, to_state, warns_of_lost_grid
from services.poller.modbus_frames import (
    EyeBond,
    Framing,
    ModbusTcp,
    RawDongle,
    Request,
    Rtu,
    find_reply,
    is_damaged,
    mislabelled,
    speaks_pi30,
)
from services.poller.registers import Layout as RegisterLayout
from services.poller.transports.connection import BUFFER_BYTES, Connection
from services.poller.transports.dongle_discovery import MAX_DONGLES, DongleDiscovery
from shared.messages import BatteryState, InverterInfo, InverterState
from shared.modbus_crc import crc16
from simulators.jk.frames import Identity, Measurement
from simulators.jk.uart import UartBoard
from tests.bms.captures import CAPTURES
from tests.bms.test_display_frames import CAPTURED, OTHERS
from tests.fuzz.inputs import near_bytes
from tests.fuzz.target import Target
from tests.poller.captured_frames import CAPTURES as MODBUS
from tests.poller.captured_frames import DONGLES_HEARTBEAT, HEARTBEAT, PI30_NAK
from tests.poller.known_layouts import known_layout

AT = datetime(2026, 11, 30, 2, tzinfo=UTC)
LAYOUTS = tuple(known_layout(protocol) for protocol in (1, 3))
FRAMINGS: tuple[Framing, ...] = (ModbusTcp(), Rtu(), RawDongle(), EyeBond())
REQUESTS = (Request(1, 277, 5, 0x077A), Request(1, 201, 1, 0x0774), Request(1, 0x0140, 1, 1, words=(1,)))
IN_SECONDS = 8_192
"""What the fastest of these lines brings in most of a second, fed byte by byte."""
MOST_KEPT = SIZE + nw_frames.MOST_SIZE
"""No assembler may keep more than this of what it was fed in pieces."""
SOFTWARE = (None, "3.1", "11.28", "15.38", "19.99")
WRITTEN = bytes.fromhex("01100140000101e1")


def modbus(data: bytes) -> None:
    """Look for the reply to a request, of every kind of framing. The first byte chooses, and may put the sum right."""
    framing, request = FRAMINGS[data[0] % 4 if data else 0], REQUESTS[data[0] // 4 % 3 if data else 0]
    if data and data[0] & 0x40:
        data = data[:-2] + crc16(data[9 if isinstance(framing, EyeBond) else 1 : -2])
    connection = Connection()
    for start in range(1, len(data), 90):
        connection.data_received(data[start : start + 90])
    received = connection.received
    assert len(received) <= BUFFER_BYTES
    find_reply(framing, received, request)
    mislabelled(framing, received, request)
    is_damaged(framing, received, request)
    speaks_pi30(received)


def registers(data: bytes) -> None:
    """Take the bytes for the registers of an inverter, decode them, and read what is published again."""
    layout: RegisterLayout = LAYOUTS[data[0] % len(LAYOUTS) if data else 0]
    protocols = sorted(layout.protocols)
    registers = [register for protocol in protocols for register in layout.registers_for(protocol)]
    addresses = [address for register in registers for address in register.addresses]
    words = {address: int.from_bytes(data[1 + 2 * at : 3 + 2 * at], "big") for at, address in enumerate(addresses)}
    decoded = decode(layout, protocols[data[-1] % len(protocols)] if data else protocols[0], words)
    for inverted in (False, True):
        state = to_state(decoded, AT, inverted_battery=inverted)
        assert InverterState.model_validate_json(state.model_dump_json()) == state
    info = to_info(decoded, AT, layout)
    assert InverterInfo.model_validate_json(info.model_dump_json()) == info
    has_power(decoded), warns_of_lost_grid(decoded), all_zero(words)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def discovery(data: bytes) -> None:
    """Answer a search for dongles, from anywhere."""

    async def received() -> None:
        found = DongleDiscovery()
        for number in range(3):
            found.datagram_received(data, (data[-1:].hex() + str(number), 58899))
        assert len(found.answered) <= MAX_DONGLES

    _loop().run_until_complete(received())


def bluetooth(data: bytes) -> None:
    """Feed notifications of a JK, in pieces of a length that the first byte says."""
    assembler, size = FrameAssembler(), (data[0] if data else 0) + 1
    for start in range(1, len(data), size):
        for frame in assembler.feed(data[start : start + size]):
            battery_frame(frame)
        assert len(assembler._buffer) <= 2 * SIZE


def frame_contents(data: bytes) -> None:
    """Take the bytes for the contents of valid frames: whatever a battery says with a right checksum."""
    kinds = sorted(TYPES)
    for kind in kinds if not data else (kinds[data[0] % len(kinds)],):
        body = (HEADER + bytes((kind,)) + data[1:]).ljust(SIZE - 1, b"\0")[: SIZE - 1]
        battery_frame(Frame(FrameType(kind), body + bytes((checksum(body),))))


def battery_frame(frame: Frame) -> None:
    """Decode a frame in every layout, and let a battery publish what it says."""
    for layout in Layout:
        if frame.type is FrameType.CELLS:
            software = SOFTWARE[crc32(frame.data) % len(SOFTWARE)]
            _published(jk.cells(frame.data, layout, software))
        if frame.type is FrameType.SETTINGS:
            jk.settings(frame.data, layout)
    battery = Battery(ListedBattery(address="C8:47:80:00:00:01"), Limits(2.5, 3.65, 0.05), 10.0)
    battery.on_connected(-60)
    if frame.type is FrameType.DEVICE:
        jk.device_info(frame.data)
    battery.on_frame(frame, AT)
    battery.on_no_device()
    battery.take_updates(AT)


def _published(values: object) -> None:
    state = BatteryState.model_validate({**values, "at": AT})  # type: ignore[dict-item]
    assert BatteryState.model_validate_json(state.model_dump_json()) == state


def line(data: bytes) -> None:
    """Hear an RS485 line of several packs, in pieces."""
    assembler, size = BusAssembler(), (data[0] if data else 0) + 1
    for start in range(1, len(data), size):
        for heard in assembler.feed(data[start : start + size]):
            if isinstance(heard, BusFrame):
                battery_frame(heard.frame)
        assert len(assembler._buffer) <= MOST_KEPT
    read_answer(data, 1, 10)
    blocks = {0x1000 + 0x200 * (data[0] % 3 if data else 0): data[1:]}
    for kind in (FrameType.SETTINGS, FrameType.CELLS, FrameType.DEVICE):
        battery_frame(registers_to_frame(kind, blocks))


def gps_port(data: bytes) -> None:
    """Hear a GPS port, in pieces, and take the bytes for the contents of an answer with a right sum."""
    assembler, size = nw_frames.NwAssembler(), (data[0] if data else 0) + 1
    heard = [frame for start in range(1, len(data), size) for frame in assembler.feed(data[start : start + size])]
    assert len(assembler._buffer) <= MOST_KEPT
    for frame in (*heard, _nw(data[1:560])):
        if reading := nw_frames.decode(frame):
            _published(reading.values)


def _nw(content: bytes) -> bytes:
    head = nw_frames.HEADER + (len(content) + nw_frames.LEAST_SIZE - 2).to_bytes(2, "big")
    body = head + bytes((0, 0, 0, 0, nw_frames.READ_ALL, 0, nw_frames.ANSWER)) + content + bytes(4) + b"\x68"
    return body + (sum(body) & 0xFFFF).to_bytes(4, "big")


def display_port(data: bytes) -> None:
    """Hear a display port, in pieces, and take the bytes for a status."""
    assembler, size = display_frames.DisplayAssembler(), (data[0] if data else 0) + 1
    for start in range(1, len(data), size):
        for reading in assembler.feed(data[start : start + size]):
            _published(reading.values)
        assert len(assembler._buffer) <= MOST_KEPT
    if status := display_frames.decode(data.ljust(display_frames.SIZE, b"\0")):
        _published(status.values)


def _modbus_seeds() -> Iterator[bytes]:
    for capture in MODBUS:
        response = bytes.fromhex(capture.response)
        yield b"\x03" + response
        yield b"\x01" + response[8:]
        yield b"\0" + response[:2] + b"\0\0" + (len(response) - 10).to_bytes(2, "big") + response[8:-2]
        yield from (first + response for first in (b"\x43", b"\x4b"))
        yield from (first + response[8:] for first in (b"\x41", b"\x49"))
    yield b"\x0a" + WRITTEN
    yield from (b"\x03" + bytes.fromhex(text) for text in (HEARTBEAT, DONGLES_HEARTBEAT))
    yield b"\x01" + PI30_NAK
    yield b"\x01" + (refused := b"\x01\x83\x02") + crc16(refused)


NOTIFICATIONS = tuple(b"\x80" + b"".join(capture.chunks) for capture in CAPTURES)
BOARD = UartBoard(
    Identity("Old", "JK_B1A8S20P", "11.51", "11.XA", "4012"), lambda: Measurement((3.3,) * 16, -12.5, 64, 280)
)
ON_THE_LINE = tuple(
    b"\xff" + seed[1:] + bytes((1, 0x10, 0x16, 0x20, 0, 1)) + crc16(bytes((1, 0x10, 0x16, 0x20, 0, 1)))
    for seed in NOTIFICATIONS[:4]
)


def _target(name: str, run: object, *seeds: bytes, most: int = 700) -> Target:
    return Target(name, run, seeds, near_bytes(seeds, most), is_bytes=True, most=IN_SECONDS)  # type: ignore[arg-type]


DEVICES = (
    _target("Modbus TCP, RTU and dongle replies", modbus, *_modbus_seeds()),
    _target("registers of an inverter", registers, bytes(400), bytes(range(256)) * 2),
    _target("answers to the search for dongles", discovery, b"rsp>server=1;", b"rsp>server=2;\r\n", most=80),
    _target("JK over Bluetooth: notifications", bluetooth, *NOTIFICATIONS),
    _target("JK over Bluetooth: contents of valid frames", frame_contents, *(seed[4:304] for seed in NOTIFICATIONS)),
    _target("JK on RS485", line, *ON_THE_LINE),
    _target("JK at the GPS port", gps_port, b"\x40" + BOARD.answer(), b"\x40" + BOARD.answer()[11:-9]),
    _target("JK at the display port", display_port, b"\x20" + OTHERS + CAPTURED, BOARD.status()),
)
