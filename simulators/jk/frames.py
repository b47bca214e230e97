"""Frames of a JK, packed by the protocol description and independently of the service's tables, to test those."""

import struct
from dataclasses import dataclass, field

FRAME = 300
HEADER = bytes.fromhex("55aaeb90")
ACKNOWLEDGEMENT = bytes.fromhex("aa5590ebc80101") + bytes(12) + b"\x44"


@dataclass(frozen=True)
class Measurement:
    """The measurements of a battery. Current is positive while charging."""

    cells_v: tuple[float, ...]
    current_a: float
    soc_percent: float
    full_ah: float = 200.0
    cycles: int = 60
    temperatures_c: tuple[float, float] = (18.1, 18.6)
    mosfet_c: float = 22.8
    alarm_bits: int = 0
    balance_a: float = 0.0
    runtime_s: int = 24_530_060

    @property
    def voltage_v(self) -> float:
        """The pack's voltage."""
        return sum(self.cells_v)


@dataclass
class Identity:
    """The identity that a battery reports."""

    name: str
    model: str
    software: str
    hardware: str
    serial: str
    variant: str = "JK02_32S"
    passcodes: tuple[bytes, bytes] = field(default=(b"1234", b"123456"), repr=False)


def frame(kind: int, counter: int, body: dict[int, bytes]) -> bytes:
    """Return a frame with pieces at their offsets, and its checksum."""
    data = bytearray(FRAME)
    data[:6] = HEADER + bytes((kind, counter & 0xFF))
    for offset, piece in body.items():
        data[offset : offset + len(piece)] = piece
    data[-1] = sum(data[:-1]) & 0xFF
    return bytes(data)


def device_frame(identity: Identity, counter: int = 0) -> bytes:
    """Return the device info frame, including pass codes in clear text."""
    first, second = identity.passcodes
    return frame(
        3,
        counter,
        {
            6: identity.model.encode()[:15],
            22: identity.hardware.encode()[:7],
            30: identity.software.encode()[:7],
            38: struct.pack("<II", 3_600, 5),
            46: identity.name.encode()[:15],
            62: first,
            78: b"240516",
            86: identity.serial.encode()[:11],
            118: second,
        },
    )


def settings_frame(identity: Identity, cells: int, full_ah: float, counter: int = 0) -> bytes:
    """Return the settings frame."""
    if identity.variant == "JK04":
        body = {34: bytes((cells,)), 38: _f(2.9), 98: _f(3.4), 106: _f(0.005), 110: _f(2.0), 114: b"\x01"}
        return frame(1, counter, body)
    volts = {6: 3.5, 10: 2.6, 14: 2.65, 18: 3.65, 22: 3.6, 26: 0.01, 30: 3.45, 34: 2.7, 38: 3.45, 42: 3.35, 46: 2.5}
    amps = {50: 100.0, 62: 150.0, 78: 2.0, 130: full_ah + 20, 138: 3.4}
    tenths = {82: 60, 90: 65, 98: 2, 106: 90}
    whole = {114: cells, 118: 1, 122: 1, 126: 1}
    body = {offset: struct.pack("<I", round(value * 1000)) for offset, value in (volts | amps).items()}
    body |= {offset: struct.pack("<i", value * 10) for offset, value in tenths.items()}
    return frame(1, counter, body | {offset: struct.pack("<I", value) for offset, value in whole.items()})


def cell_frame(variant: str, reading: Measurement, counter: int) -> bytes:
    """Return the cell info frame, which is streamed."""
    pack = {"JK02_24S": _jk02_24s, "JK02_32S": _jk02_32s, "JK04": _jk04}[variant]
    return frame(2, counter, pack(reading))


def _jk02_24s(reading: Measurement) -> dict[int, bytes]:
    return _jk02(reading, mask_at=54, ohm_at=64, rest_at=118) | {
        134: _i16(reading.mosfet_c * 10),
        136: struct.pack("<H", reading.alarm_bits & 0xFFFF),
    }


def _jk02_32s(reading: Measurement) -> dict[int, bytes]:
    return _jk02(reading, mask_at=70, ohm_at=80, rest_at=150) | {
        144: _i16(reading.mosfet_c * 10),
        166: struct.pack("<I", reading.alarm_bits),
        254: _i16(reading.mosfet_c * 10),
        256: _i16(-2000),
        258: _i16(-2000),
    }


def _jk02(reading: Measurement, *, mask_at: int, ohm_at: int, rest_at: int) -> dict[int, bytes]:
    """Return the common fields: in the same order, 32 bytes later behind the resistances."""
    cells = [round(volt * 1000) for volt in reading.cells_v]
    remaining = reading.full_ah * reading.soc_percent / 100
    first, second = reading.temperatures_c
    return {
        6: struct.pack(f"<{len(cells)}H", *cells),
        mask_at: struct.pack("<I", (1 << len(cells)) - 1),
        mask_at + 4: struct.pack("<HH", round(sum(cells) / len(cells)), max(cells) - min(cells)),
        mask_at + 8: bytes((cells.index(max(cells)), cells.index(min(cells)))),
        ohm_at: struct.pack(f"<{len(cells)}H", *(60 + number % 5 for number in range(len(cells)))),
        rest_at: struct.pack("<I", round(reading.voltage_v * 1000)),
        rest_at + 4: struct.pack("<I", round(abs(reading.voltage_v * reading.current_a) * 1000)),
        rest_at + 8: struct.pack("<i", round(reading.current_a * 1000)),
        rest_at + 12: _i16(first * 10) + _i16(second * 10),
        rest_at + 20: _i16(reading.balance_a * 1000),
        rest_at + 22: bytes((1 if reading.balance_a else 0, round(reading.soc_percent))),
        rest_at + 24: struct.pack("<II", round(remaining * 1000), round(reading.full_ah * 1000)),
        rest_at + 32: struct.pack("<II", reading.cycles, reading.cycles * round(reading.full_ah * 1000)),
        rest_at + 40: b"\x64",
        rest_at + 44: struct.pack("<I", reading.runtime_s),
        rest_at + 48: b"\x01\x01",
    }


def _jk04(reading: Measurement) -> dict[int, bytes]:
    cells = reading.cells_v
    return {
        6: b"".join(_f(volt) for volt in cells),
        102: b"".join(_f(0.12) for _ in cells),
        202: _f(sum(cells) / len(cells)) + _f(max(cells) - min(cells)),
        214: struct.pack("<I", (1 << len(cells)) - 1),
        218: bytes((cells.index(max(cells)), cells.index(min(cells)), 1 if reading.balance_a else 0)),
        222: _f(reading.balance_a),
        286: struct.pack("<I", reading.runtime_s),
    }


def _f(number: float) -> bytes:
    return struct.pack("<f", number)


def _i16(number: float) -> bytes:
    return struct.pack("<h", round(number))
