"""The old dialect of the GPS (UART-TTL) port of JK-B and JK-BD boards: frames that begin with `NW`. Pure.

One battery is at a port; it answers *read all* with a list of tags and values without lengths. Commands of this dialect
also write settings and switch the battery: the request for everything is the only one that is made here.

Source: syssi/esphome-jk-bms (docs/protocol-design-uart-ttl-gps-port.md), and captures of software 6.1 and 11.51.
"""

import re
from collections.abc import Iterator, Mapping

from services.bms.alarms import nw_alarms
from services.bms.decode import DeviceInfo, Reading, cell_spread
from shared.messages import Balancing

HEADER = b"NW"
READ_ALL, ANSWER = 0x06, 0x01
COMMAND_OFFSET, TYPE_OFFSET, DATA_OFFSET = 8, 10, 11
TAIL_SIZE = 9
"""Record number, end mark and sum."""
LEAST_SIZE = DATA_OFFSET + TAIL_SIZE
MOST_SIZE = 600
"""An answer has 243 bytes and 3 for each cell; what claims to be longer is no frame."""
CELLS = 0x79
PASSWORD = 0xB2
MEASURED_FROM_CELLS = (0x83, 0x85)
"""The tags of voltage and charge."""
SIZES: Mapping[int, int] = {
    **dict.fromkeys((0x85, 0x86, 0x9D, 0xA9, 0xAB, 0xAC, 0xAE, 0xAF, 0xB1, 0xB3, 0xB8, 0xC0), 1),
    **dict.fromkeys((*range(0x80, 0x85), 0x87, 0x8A, 0x8B, 0x8C, 0x8E, 0x8F), 2),
    **dict.fromkeys((*range(0x90, 0x9D), *range(0x9E, 0xA9), 0xAD, 0xB0), 2),
    **dict.fromkeys((0x89, 0xAA, 0xB5, 0xB6, 0xB9), 4),
    **{PASSWORD: 10, 0xB4: 8, 0xB7: 15, 0xBA: 24},
}
"""Bytes of each tag's value."""
SETTINGS: Mapping[str, tuple[int, int]] = {  # tag and divisor
    "cell_overvoltage_v": (0x90, 1000),
    "cell_overvoltage_recovery_v": (0x91, 1000),
    "cell_undervoltage_v": (0x93, 1000),
    "cell_undervoltage_recovery_v": (0x94, 1000),
    "max_discharge_current_a": (0x97, 1),
    "max_charge_current_a": (0x99, 1),
    "start_balance_v": (0x9B, 1000),
    "balance_trigger_v": (0x9C, 1000),
    "cell_count": (0xA9, 1),
    "nominal_ah": (0xAA, 1),
}
SWITCHES: Mapping[str, int] = {"balancer_switch": 0x9D, "charge_switch": 0xAB, "discharge_switch": 0xAC}
CELL_V, PACK_V = (0.0, 5.5), (0.0, 1000.0)
CURRENT_A, TEMPERATURE_C = (-1000.0, 1000.0), (-60.0, 150.0)
VERSION = re.compile(r"H?(.*?)_+S(.*?)_*")
MODEL = re.compile(r"JK[_-][A-Z0-9-]+")

Tags = Mapping[int, int]


def request_bytes() -> bytes:
    """Return the request for everything, the only one that there is."""
    body = bytes((0, 0, 0, 0, READ_ALL, 3, 0)) + bytes(5) + b"\x68"
    frame = HEADER + (len(body) + 6).to_bytes(2, "big") + body
    return frame + sum(frame).to_bytes(4, "big")


class NwAssembler:
    """Turns what is received into answers to *read all*; `damaged` counts headers without a valid frame."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes and yield the answers that they complete; an echo of the request is none."""
        self._buffer += data
        while True:
            at = self._buffer.find(HEADER)
            if at < 0:
                self._buffer = self._buffer[-1:]  # perhaps half a header
                return
            self._buffer = self._buffer[at:]
            if len(self._buffer) < 4:
                return
            size = int.from_bytes(self._buffer[2:4], "big") + 2
            if LEAST_SIZE <= size <= MOST_SIZE and len(self._buffer) < size:
                return
            frame = self._buffer[:size]
            is_valid = LEAST_SIZE <= size <= MOST_SIZE and _is_valid(frame)
            self._buffer = self._buffer[size if is_valid else len(HEADER) :]
            if not is_valid:
                self.damaged += 1
            elif frame[COMMAND_OFFSET] == READ_ALL and frame[TYPE_OFFSET] == ANSWER:
                yield frame


def _is_valid(frame: bytes) -> bool:
    return frame[-5] == 0x68 and int.from_bytes(frame[-4:], "big") == sum(frame[:-4]) & 0xFFFF


def decode(frame: bytes) -> Reading | None:
    """Return what an answer says, None if it names no cell, or only zeros. The password in it is skipped.

    A board that sees no cell sends zeros for voltage and charge, which are unknown then; it says with an alarm why.
    """
    cells, tags, texts = _parse(frame[DATA_OFFSET:-TAIL_SIZE])
    if not any(cells.values()):
        if not cells or not nw_alarms(tags.get(0x8B)):
            return None
        tags = {tag: raw for tag, raw in tags.items() if tag not in MEASURED_FROM_CELLS}
    volts = tuple(_scaled(cells.get(number), 1000, CELL_V) for number in range(1, max(cells) + 1))
    voltage, current = _scaled(tags.get(0x83), 100, PACK_V), _current_a(tags)
    soc = _scaled(tags.get(0x85), 1, (0, 100))
    full_ah = float(tags.get(0xB9) or tags.get(0xAA) or 0) or None
    status = tags.get(0x8C)
    minutes, lifetime = tags.get(0xB6), tags.get(0x89)
    values = {
        "voltage_v": voltage,
        "current_a": current,
        "power_w": None if voltage is None or current is None else round(voltage * current, 1) + 0.0,
        "soc_percent": soc,
        "remaining_ah": None if soc is None or full_ah is None else round(full_ah * soc / 100, 3),
        "full_ah": full_ah,
        "cycles": tags.get(0x87),
        "lifetime_ah": None if lifetime is None else float(lifetime),
        "runtime_s": None if minutes is None or minutes >= 1 << 25 else 60 * minutes,
        "cell_voltages_v": volts,
        **cell_spread([(volt, number) for number, volt in enumerate(volts, 1) if volt]),
        "temperatures_c": (_celsius(tags.get(0x82)), _celsius(tags.get(0x81))),
        "mosfet_temperature_c": _celsius(tags.get(0x80)),
        "charging_mosfet": None if status is None else bool(status & 1),
        "discharging_mosfet": None if status is None else bool(status & 2),
        "balancing": Balancing.OFF if status is not None and not status & 4 else None,  # else it does not say how
        "alarms": nw_alarms(tags.get(0x8B)),
    }
    settings: dict[str, float | bool | None] = {
        name: None if tags.get(tag) is None else tags[tag] / divide_by for name, (tag, divide_by) in SETTINGS.items()
    }
    settings |= {name: None if tags.get(tag) is None else bool(tags[tag]) for name, tag in SWITCHES.items()}
    return Reading(values, _device(texts), settings)


def _parse(data: bytes) -> tuple[dict[int, int], dict[int, int], dict[int, str]]:
    """Return cells in mV by number, values and texts by tag. An unknown tag ends it: its length is unknown, too."""
    cells: dict[int, int] = {}
    tags: dict[int, int] = {}
    texts: dict[int, str] = {}
    at = 0
    while at < len(data):
        tag = data[at]
        if tag == CELLS and at + 1 < len(data):
            size, start = data[at + 1], at + 2
            for one in range(start, min(start + size, len(data)) - 2, 3):
                cells[data[one]] = int.from_bytes(data[one + 1 : one + 3], "big")
            at = start + size
            continue
        size = SIZES.get(tag, 0)
        value = data[at + 1 : at + 1 + size]
        if not size or len(value) < size:
            break
        if tag == PASSWORD:
            pass
        elif size > 4 or tag == 0xB5:
            texts[tag] = "".join(letter for letter in value.decode("ascii", "ignore") if letter.isprintable()).strip()
        else:
            tags[tag] = int.from_bytes(value, "big")
        at += 1 + size
    return {number: volt for number, volt in cells.items() if 1 <= number <= 32}, tags, texts


def _current_a(tags: Tags) -> float | None:
    """Return the current, positive while charging: by bit 15 with protocol 1, by its distance to 100 A with 0."""
    raw = tags.get(0x84)
    if raw is None or tags.get(0xC0) not in (0, 1):
        return None
    hundredths = 10_000 - raw if tags[0xC0] == 0 else raw & 0x7FFF if raw & 0x8000 else -raw
    # the captured answer of a charger at 208 hundredths has bit 15 set; 0 has no sign
    return _scaled(hundredths, 100, CURRENT_A)


def _celsius(raw: int | None) -> float | None:
    """Return a temperature: what is above 100 is below zero, 101 is -1."""
    return None if raw is None else _scaled(100 - raw if raw > 100 else raw, 1, TEMPERATURE_C)


def _scaled(raw: int | None, divide_by: int, limits: tuple[float, float]) -> float | None:
    if raw is None:
        return None
    number = raw / divide_by + 0.0
    return number if limits[0] <= number <= limits[1] else None


def _device(texts: Mapping[int, str]) -> DeviceInfo:
    """Return what the board is: by a version such as `11.XA_S11.51___`; the maker's text may name the model."""
    version = VERSION.fullmatch(texts.get(0xB7, ""))
    model = MODEL.search(texts.get(0xBA, ""))
    return DeviceInfo(
        model=model[0] if model else None,
        hardware=(version[1] or None) if version else None,
        software=(version[2] or None) if version else None,
        name=None,
        manufactured=texts.get(0xB5) or None,
        serial_number=None,
    )
