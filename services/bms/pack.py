"""What is known of one battery, from its frames; time is told to it."""

from datetime import datetime, timedelta

from services.bms import decode
from services.bms.devices import Entry
from services.bms.frame import Frame, FrameType
from services.bms.health import Limits, judge
from services.bms.layout import Choice, choose
from shared.messages import BatteryInfo, BatteryState


class Pack:
    """One battery. Frames go in with `take`, messages come out."""

    def __init__(self, entry: Entry, limits: Limits) -> None:
        self.entry = entry
        self.device: decode.Device | None = None
        self.choice = Choice(entry.layout)
        self.read_at: datetime | None = None
        self.rssi_dbm: int | None = None
        self.links = 0
        self.bad_frames = 0
        self._fallback = limits
        self._read: dict[str, object] = {}
        self._last = b""
        self._settings = b""

    def take(self, frame: Frame, at: datetime) -> None:
        """Learn from a frame. A cell frame that is the last one again is a module that hangs, and no news."""
        if frame.type is FrameType.DEVICE:
            self.device = decode.device(frame.data)
        elif frame.type is FrameType.SETTINGS:
            self._settings = frame.data
        elif frame.type is FrameType.CELLS and frame.data != self._last:
            self._last = frame.data
            self._take_cells(frame.data, at)

    def _take_cells(self, data: bytes, at: datetime) -> None:
        known = self.choice.layout
        self.choice = choose(data, self.device.software if self.device else None, known)
        if self.choice.layout is None:  # nothing proves it, so nothing is said
            return
        self._read = decode.cells(data, self.choice.layout, self.device.major if self.device else 0)
        self.read_at = at

    @property
    def settings(self) -> dict[str, float | bool | None]:
        """How it is set; the frame comes before the cells, which say how it is laid out."""
        return decode.settings(self._settings, self.choice.layout) if self._settings and self.choice.layout else {}

    @property
    def is_complete(self) -> bool:
        """Whether it has said who it is, how it is set, and how it fares."""
        return bool(self.device and self.settings and self.read_at)

    @property
    def limits(self) -> Limits:
        """What its owner wrote, or else its BMS, or else our settings say."""
        entry, own = self.entry, self.settings
        return Limits(
            cell_low_v=entry.cell_low_v or _number(own.get("cell_undervoltage_v")) or self._fallback.cell_low_v,
            cell_high_v=entry.cell_high_v or _number(own.get("cell_overvoltage_v")) or self._fallback.cell_high_v,
            cell_delta_v=entry.cell_delta_v or self._fallback.cell_delta_v,
        )

    def is_fresh(self, now: datetime, limit: timedelta) -> bool:
        """Whether its last reading is no older than a limit."""
        return self.read_at is not None and now - self.read_at <= limit

    def state(self, now: datetime) -> BatteryState:
        """Return the last reading as it is published, stamped with the moment it came."""
        at = self.read_at or now
        state = BatteryState.model_validate({**self._read, **self._turned(), "at": at})
        health, reasons = judge(state.alarms, state.cell_min_v, state.cell_max_v, state.wire_warning_bits, self.limits)
        return state.model_copy(
            update={
                "nominal_ah": self.entry.capacity_ah or _number(self.settings.get("nominal_ah")),
                "health": health,
                "health_reasons": reasons,
                "rssi_dbm": self.rssi_dbm,
                "frame_age_s": round((now - at).total_seconds(), 1),
                "reconnects": max(0, self.links - 1),
                "bad_frames": self.bad_frames,
            }
        )

    def info(self, at: datetime) -> BatteryInfo:
        """Return who it is, as it is published."""
        device = self.device
        cells = self._read.get("cell_voltages_v")
        return BatteryInfo(
            at=at,
            address=self.entry.address,
            name=self.entry.title,
            model=device and device.model,
            layout=self.choice.layout,
            hardware=device and device.hardware,
            software=device and device.software,
            serial_number=device and device.serial_number,
            manufactured=device and device.manufactured,
            device_name=device and device.name,
            cell_count=len(cells) if isinstance(cells, tuple) else None,
            settings=self.settings,
        )

    def _turned(self) -> dict[str, object]:
        """Return current and power with the other sign where the owner wants it so."""
        if not self.entry.invert_current:
            return {}
        return {name: -value for name in ("current_a", "power_w") if (value := _number(self._read.get(name)))}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
