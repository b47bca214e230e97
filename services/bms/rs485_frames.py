"""What JK packs say on an RS485 line, and the few requests that this program makes there. Pure.

A pack answers a *trigger*, which is a Modbus write of zeros to one of three registers, with the same 300-byte frame as
over Bluetooth, followed by Modbus's answer to the write. Only those last 8 bytes say which pack has spoken. Writes to
other registers shut a pack down or overwrite its settings: requests are made from the list `Trigger` and from nothing
else. Registers may be read too (0x03), big-endian, at the frame's offset less 6.

Sources: tlamoureux24/JK-BMS-by-Modbus-RS485, txubelaxu/esphome-jk-bms, and captures of software 15.10 to 19.31.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from services.bms.frame_layouts import DEVICE_INFO, FORMATS, JK02_32S, SETTINGS, Kind
from services.bms.framing import HEADER, SIZE, TYPE_OFFSET, Frame, FrameType, checksum, to_frame
from shared.modbus_crc import crc16

ADDRESSES = range(16)
MASTER = 0
"""The address of a pack that polls the others itself."""
ADDRESS_OFFSET = 270
"""Where a settings frame holds the address that is set in the pack."""
REQUEST_SIZE, ANSWER_SIZE = 11, 8
WRITE, READ = 0x10, 0x03


class Trigger(IntEnum):
    """The registers that make a pack send a frame; the only ones that are ever written, and only with zeros."""

    DEVICE = 0x161C
    SETTINGS = 0x161E
    CELLS = 0x1620


FRAME_OF = {
    Trigger.DEVICE: FrameType.DEVICE,
    Trigger.SETTINGS: FrameType.SETTINGS,
    Trigger.CELLS: FrameType.CELLS,
}


@dataclass(frozen=True)
class BusFrame:
    """A frame and the pack that sent it. `own_address` is what its settings say, if it is a settings frame."""

    address: int
    frame: Frame
    own_address: int | None = None


@dataclass(frozen=True)
class HeardTrigger:
    """Somebody asks a pack for a frame: this program itself, by an echo, or a master."""

    address: int


def trigger_bytes(trigger: Trigger, address: int) -> bytes:
    """Return the request that makes a pack send a frame."""
    return _with_crc(bytes((address, WRITE)) + Trigger(trigger).to_bytes(2, "big") + bytes((0, 1, 2, 0, 0)))


def read_bytes(address: int, register: int, count: int) -> bytes:
    """Return the request to read registers, which are 2 bytes each although their numbers count bytes."""
    return _with_crc(bytes((address, READ)) + register.to_bytes(2, "big") + count.to_bytes(2, "big"))


def read_answer(data: bytes, address: int, count: int) -> bytes | None:
    """Return the registers in what was received after a read, or None if they are not there."""
    head = bytes((address, READ, 2 * count))
    at = data.find(head)
    while at >= 0:
        answer = data[at : at + 5 + 2 * count]
        if len(answer) == 5 + 2 * count and _with_crc(answer[:-2]) == answer:
            return answer[3:-2]
        at = data.find(head, at + 1)
    return None


class BusAssembler:
    """Turns what is heard on the line into frames of packs and requests; `damaged` counts frames that were dropped."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[BusFrame | HeardTrigger]:
        """Take bytes and yield what they complete."""
        self._buffer += data
        while True:
            at = self._buffer.find(HEADER)
            yield from self._requests(at)
            if at < 0 or len(self._buffer) < SIZE + ANSWER_SIZE:
                return
            frame = to_frame(self._buffer[:SIZE])
            if frame is None:
                self.damaged += 1
                self._buffer = self._buffer[len(HEADER) :]
                continue
            found = _sender(frame, self._buffer[SIZE : SIZE + ANSWER_SIZE + 1])
            if found is None and len(self._buffer) <= SIZE + ANSWER_SIZE:
                return  # a byte of padding may be before the answer
            self._buffer = self._buffer[SIZE:]
            if found:
                yield found
            else:
                self.damaged += 1

    def _requests(self, header_at: int) -> Iterator[HeardTrigger]:
        """Take away what is before the next header, and yield the requests in it."""
        before = self._buffer if header_at < 0 else self._buffer[:header_at]
        start = 0
        for at in range(len(before) - REQUEST_SIZE + 1):
            if at >= start and (heard := _heard(before[at : at + REQUEST_SIZE])):
                start = at + REQUEST_SIZE
                yield heard
        kept = max(start, len(before) - REQUEST_SIZE + 1, 0) if header_at < 0 else header_at
        self._buffer = self._buffer[kept:]


def registers_to_frame(kind: FrameType, blocks: Mapping[int, bytes]) -> Frame:
    """Return the frame that a pack would have sent, from registers by their first number; what is missing is zero."""
    base = {FrameType.SETTINGS: 0x1000, FrameType.CELLS: 0x1200, FrameType.DEVICE: 0x1400}[kind]
    data = bytearray(SIZE)
    data[:TYPE_OFFSET] = HEADER
    data[TYPE_OFFSET] = kind
    for first, block in blocks.items():
        start = first - base + 6
        for offset, size in _fields(kind):
            if start <= offset and offset + size <= start + len(block):
                piece = block[offset - start : offset - start + size]
                data[offset : offset + size] = piece if kind is FrameType.DEVICE else piece[::-1]
    data[-1] = checksum(bytes(data[:-1]))
    return Frame(kind, bytes(data))


def _fields(kind: FrameType) -> Iterator[tuple[int, int]]:
    """Yield offset and size of every field; texts and single bytes have the same order in registers."""
    if kind is FrameType.DEVICE:
        yield from ((field.offset, field.size) for field in DEVICE_INFO if field.offset < 38)
        return
    if kind is FrameType.SETTINGS:
        yield from ((field.offset, _size(field.kind)) for field in SETTINGS)
        return
    yield from ((field.offset, _size(field.kind)) for field in JK02_32S.fields)
    yield JK02_32S.mask, _size("u32")
    for row in (JK02_32S.voltages, JK02_32S.resistances):
        yield from ((row.offset + slot * _size(row.kind), _size(row.kind)) for slot in range(JK02_32S.slots))


def _size(kind: Kind) -> int:
    return FORMATS[kind].size


def _sender(frame: Frame, behind: bytes) -> BusFrame | None:
    """Return the frame with its pack, from the answer behind it, which may have a byte of padding before it."""
    own = int.from_bytes(frame.data[ADDRESS_OFFSET : ADDRESS_OFFSET + 4], "little")
    own_address = own if frame.type is FrameType.SETTINGS else None
    for at in (0, 1):
        answer = behind[at : at + ANSWER_SIZE]
        if len(answer) == ANSWER_SIZE and _with_crc(answer[:-2]) == answer and answer[0] in ADDRESSES:
            for trigger, kind in FRAME_OF.items():
                if kind is frame.type and answer[1:6] == bytes((WRITE, *trigger.to_bytes(2, "big"), 0, 1)):
                    return BusFrame(answer[0], frame, own_address)
    return BusFrame(own_address, frame, own_address) if own_address in ADDRESSES else None  # type: ignore[arg-type]


def _heard(data: bytes) -> HeardTrigger | None:
    is_one = data[0] in ADDRESSES and any(data == trigger_bytes(trigger, data[0]) for trigger in Trigger)
    return HeardTrigger(data[0]) if is_one else None


def _with_crc(data: bytes) -> bytes:
    """Return bytes with Modbus's CRC behind them."""
    return data + crc16(data)
