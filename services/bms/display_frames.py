"""What a JK-B or JK-BD board sends to its display, unasked: a status frame every few seconds at 2400 baud. Pure.

The frames are those of a DWIN display, and have no checksum. So a status frame counts only if its cells add up to its
voltage. Other frames write single registers of the display; they are skipped. Nothing is ever sent.

Source: syssi/esphome-jk-bms (docs/display-protocol), checked on its captures. Which sign the current has while charging
is not shown by them: that is its reading of the vendor's list.
"""

from collections.abc import Iterator, Mapping

from services.bms.decode import Reading, cell_spread
from shared.conditions import Condition, Reason, battery

HEADERS = (b"\xa5\x5a", b"\x5a\xa5")
STATUS = bytes.fromhex("5d821000")
"""Length, the display's write command, and the register at which the status begins."""
SIZE = 3 + 93
DATA_OFFSET = 6
CELLS_OFFSET, SLOTS = 24, 24
CELL_V = (0.3, 5.5)
TOLERANCE_V, TOLERANCE = 0.2, 0.01
WARNING_OFFSET = 14
ALARMS: Mapping[int, Condition[[]]] = {
    72: battery.CELL_VOLTAGE_TOO_LOW,
    74: battery.CELL_VOLTAGE_TOO_HIGH,
    76: battery.CURRENT_TOO_HIGH,
    78: battery.MOSFET_TOO_HOT,
    80: battery.BATTERY_TOO_HOT,
    82: battery.SHORT_CIRCUIT,
    84: battery.NO_COMMUNICATION_WITH_THE_COPROCESSOR,
    86: battery.WIRE_RESISTANCE_TOO_HIGH,
    88: battery.CELL_COUNT_DIFFERS_FROM_THE_SETTINGS,
}


class DisplayAssembler:
    """Finds status frames in what is heard; `damaged` counts those that contradict themselves."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Reading]:
        """Take bytes and yield the readings that they complete."""
        self._buffer += data
        while True:
            at = min((at for header in HEADERS if (at := self._buffer.find(header + STATUS)) >= 0), default=-1)
            if at < 0:
                self._buffer = self._buffer[-(len(STATUS) + 1) :]  # perhaps the start of a frame
                return
            self._buffer = self._buffer[at:]
            if len(self._buffer) < SIZE:
                return
            reading = decode(self._buffer[:SIZE])
            self._buffer = self._buffer[SIZE if reading else 1 :]
            if reading:
                yield reading
            else:
                self.damaged += 1


def decode(frame: bytes) -> Reading | None:
    """Return what a status frame says, None if it contradicts itself."""
    slots = [_at(frame, CELLS_OFFSET + 2 * slot) / 1000 for slot in range(SLOTS)]
    count = next((slot for slot, volt in enumerate(slots) if not volt), SLOTS)
    cells, voltage = slots[:count], _at(frame, 0) / 100
    is_consistent = (
        bool(cells)
        and not any(slots[count:])
        and all(CELL_V[0] <= volt <= CELL_V[1] for volt in cells)
        and abs(sum(cells) - voltage) <= TOLERANCE_V + TOLERANCE * voltage
        and _at(frame, 6) <= 100
        and all(_at(frame, offset) <= 1 for offset in (WARNING_OFFSET, 18, 20, 22, *ALARMS))
    )
    if not is_consistent:
        return None
    current = _signed(frame, 2) / 10 + 0.0
    values = {
        "voltage_v": voltage,
        "current_a": current,
        "power_w": round(voltage * current, 1) + 0.0,
        "soc_percent": float(_at(frame, 6)),
        "cell_voltages_v": tuple(cells),
        **cell_spread([(volt, number) for number, volt in enumerate(cells, 1)]),
        "temperatures_c": (float(_signed(frame, 12)),),
        "mosfet_temperature_c": float(_signed(frame, 10)),
        "charging_mosfet": bool(_at(frame, 20)),
        "discharging_mosfet": bool(_at(frame, 22)),
        "alarms": _alarms(frame),
    }
    return Reading(values)


def _alarms(frame: bytes) -> tuple[Reason, ...]:
    """Return the alarms; the warning sign alone does not say of what it warns."""
    named = tuple(alarm() for offset, alarm in ALARMS.items() if _at(frame, offset))
    return named or ((battery.WARNING_WITHOUT_A_NAME(),) if _at(frame, WARNING_OFFSET) else ())


def _at(frame: bytes, offset: int) -> int:
    return int.from_bytes(frame[DATA_OFFSET + offset : DATA_OFFSET + offset + 2], "big")


def _signed(frame: bytes, offset: int) -> int:
    return int.from_bytes(frame[DATA_OFFSET + offset : DATA_OFFSET + offset + 2], "big", signed=True)
