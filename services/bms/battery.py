"""The state of one battery, pure: events from its connection go in, the messages to publish come out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from services.bms import decode
from services.bms.battery_health import Limits, assess
from services.bms.frame_delay import FrameDelay
from services.bms.frame_layouts import Layout
from services.bms.framing import Frame, FrameType
from services.bms.layout_detection import Detection, detect
from services.bms.listed_battery import Dialect, ListedBattery
from services.bms.reading_interval import connects_each_time, min_interval_s
from shared.conditions import Reason, bms
from shared.messages import Availability, BatteryInfo, BatteryState, Contact
from shared.trusted_time import ClockChange


@dataclass(frozen=True)
class Updates:
    """What has changed since the last publication; None is unchanged."""

    availability: Availability | None
    info: BatteryInfo | None
    state: BatteryState | None


class Phase(Enum):
    """How far the way to a battery has come."""

    SEARCHING = auto()
    CONNECTING = auto()
    CONNECTED = auto()


FIRST_ON_RS485 = "14.0"
SILENT_ON_A_WIRE = {
    Dialect.NW: bms.no_answer_at_gps_port,
    Dialect.DISPLAY: bms.nothing_heard_at_display_port,
}
DISPROVEN_BY_SEARCHING = frozenset(
    one.code
    for one in (
        bms.NO_ADAPTER,
        bms.NOT_PERMITTED,
        bms.NO_DBUS,
        bms.NO_BLUETOOTHD,
        bms.DBUS_REJECTED,
        bms.no_such_adapter,
        bms.no_answer_from_bluetooth,
        bms.scan_failed,
    )
)
"""Reasons that no longer hold once the adapter scans."""
DISPROVEN_BY_FINDING = DISPROVEN_BY_SEARCHING | {bms.not_found.code, bms.connection_lost.code}
"""Reasons that no longer hold once the battery advertises."""
DISPROVEN_BY_CONNECTING = DISPROVEN_BY_FINDING | {
    one.code for one in (bms.connect_failed, bms.line_unusable, bms.line_lost)
}
"""Reasons that no longer hold once the connection is made, or the line is open."""


class Battery:
    """Everything that is known of one battery, and what was last published of it.

    It is online, and its reading is published, once a new reading and the device that sent it are known, or the device
    was asked for in vain. It is offline with `on_silence`, and with a failure unless every reading has a connection of
    its own. Before the first of either, the availability that an earlier run published still holds.
    """

    def __init__(
        self,
        listed: ListedBattery,
        limits: Limits,
        interval_s: float,
        availability: Availability | None = None,
        state: BatteryState | None = None,
    ) -> None:
        self.listed = listed
        self.device: decode.DeviceInfo | None = None
        self.detection = Detection(listed.layout)
        self.read_at: datetime | None = None
        self.is_online = False
        self.problem: Reason | None = None
        """The last failure since the last reading."""
        self.availability = availability
        self.info: BatteryInfo | None = None
        self.state = state
        """The last published state, perhaps of an earlier run."""
        self._limits = limits
        self._interval_s = interval_s
        self._published_at: datetime | None = None
        self._is_published = False
        self._has_news = False
        self._rssi_dbm: int | None = None
        self._phase = Phase.SEARCHING
        self._was_found = False
        self._is_silent = False
        self._is_mute = False
        self._waits_for_device = True
        self._delay = FrameDelay()
        self._connections = 0
        self._bad_frames = 0
        self._reading: Mapping[str, object] = {}
        self._last_cell_frame = b""
        self._decoded_frame = b""
        """The cell frame that the reading is from."""
        self._settings_frame = b""
        self._told_settings: dict[str, float | bool | None] = {}

    # events

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self.read_at, self._published_at = change.moved((self.read_at, self._published_at))
        self.availability, self.info, self.state = change.moved((self.availability, self.info, self.state))
        self._delay = FrameDelay()

    def on_searching(self) -> None:
        """The adapter is there and scans for the battery."""
        self._disprove(DISPROVEN_BY_SEARCHING)

    def on_found(self) -> None:
        """The battery advertises, or is still connected; the connection is being made."""
        self._phase, self._was_found, self._is_mute = Phase.CONNECTING, True, False
        self._disprove(DISPROVEN_BY_FINDING)

    def on_connected(self, rssi_dbm: int | None) -> None:
        """A connection was made, after an advertisement of this strength if there was one.

        A reading of an earlier connection that has not been published yet never will be.
        """
        self.device = None
        self._waits_for_device = True
        self._delay = FrameDelay()
        self._is_mute = False
        self._has_news = False
        self._rssi_dbm = rssi_dbm or self._rssi_dbm
        self._connections += 1
        self._phase, self._was_found = Phase.CONNECTED, True
        self._disprove(DISPROVEN_BY_CONNECTING)

    def on_no_device(self) -> None:
        """The device was asked for in vain: what the cells say counts without it."""
        self._waits_for_device = False
        self._settle()

    def on_disconnected(self) -> None:
        """The connection was closed, lost, or never made."""
        self._phase = Phase.SEARCHING

    def on_frame(self, frame: Frame, at: datetime) -> None:
        """A frame was received. A cell frame that equals the last one comes from a hung module and is not news."""
        if frame.type is FrameType.DEVICE:
            self.device = decode.device_info(frame.data)
            if self._has_news and self._decoded_frame and self.detection.layout:
                self._reading = self._decoded(self._decoded_frame, self.detection.layout)
            self._settle()
        elif frame.type is FrameType.SETTINGS:
            self._settings_frame = frame.data
        elif frame.type is FrameType.CELLS and frame.data != self._last_cell_frame:
            self._last_cell_frame = frame.data
            self._on_cells(frame.data, at)

    def on_reading(self, reading: decode.Reading, at: datetime) -> None:
        """A reading was received that answers a request of now, or is broadcast."""
        self.device = reading.device or self.device
        self._told_settings = reading.settings
        self._reading, self.read_at, self._has_news = reading.values, at, True
        self._settle()

    def on_bad_frames(self, count: int) -> None:
        """Damaged frames were received and dropped."""
        self._bad_frames += count

    def on_failure(self, reason: Reason) -> None:
        """The battery was not found, not connected, or the connection failed.

        Where every reading has its own connection, the last reading holds until the next is overdue.
        """
        self.problem = reason
        if not connects_each_time(self._interval_s):
            self.is_online = self._is_published = False

    def on_silence(self) -> None:
        """There was no new reading for too long."""
        self.is_online = self._is_published = False
        self._has_news = False
        self._is_silent = True
        self._is_mute = self._phase is Phase.CONNECTED

    def _disprove(self, codes: frozenset[str]) -> None:
        """Forget the last failure if it no longer holds."""
        if self.problem and self.problem.code in codes:
            self.problem = None

    def _on_cells(self, data: bytes, at: datetime) -> None:
        self.detection = detect(data, self.device.software if self.device else None, self.detection.layout)
        if self.detection.layout is None:
            return
        reading = self._decoded(data, self.detection.layout)
        if decode.says_nothing(reading):
            return
        self._reading, self._decoded_frame = reading, data
        runtime_s = self._reading.get("runtime_s")
        late_s = self._delay.of(at.timestamp(), _number(runtime_s))
        self.read_at = at - timedelta(seconds=late_s)
        self._has_news = True
        self._settle()

    def _decoded(self, cells: bytes, layout: Layout) -> dict[str, object]:
        """Return what a cell frame means, as far as the device that sent it is known."""
        return decode.cells_of(cells, layout, self.software, self.device)

    def _settle(self) -> None:
        """Be online with a reading whose device is known, or was asked for in vain."""
        if self._has_news and (self.device or not self._waits_for_device):
            self.is_online = True
            self.problem, self._is_silent = None, False

    # what follows from them

    @property
    def settings(self) -> dict[str, float | bool | None]:
        """The settings of the BMS. Their frame comes before the cell frames, which prove its layout."""
        layout = self.detection.layout
        return decode.settings(self._settings_frame, layout) if self._settings_frame and layout else self._told_settings

    @property
    def software(self) -> str | None:
        """The software version; packs with RS485 that do not say theirs have one of the first, 14."""
        unknown = FIRST_ON_RS485 if self.listed.port else None
        return self.device.software if self.device else unknown

    @property
    def is_current(self) -> bool:
        """Whether the battery is online and its last published state is of now."""
        return self.is_online and self._is_published

    @property
    def is_complete(self) -> bool:
        """Whether device, settings and a reading are known."""
        return bool(self.device and self.settings and self.read_at)

    @property
    def limits(self) -> Limits:
        """The limits in the list of batteries, else those of the BMS, else those of our settings."""
        listed, settings = self.listed, self.settings
        return Limits(
            cell_low_v=listed.cell_low_v or _number(settings.get("cell_undervoltage_v")) or self._limits.cell_low_v,
            cell_high_v=listed.cell_high_v or _number(settings.get("cell_overvoltage_v")) or self._limits.cell_high_v,
            cell_delta_v=listed.cell_delta_v or self._limits.cell_delta_v,
        )

    @property
    def silence_reason(self) -> Reason:
        """Why a connected battery sends nothing new."""
        name, doubt = self.listed.title, self.detection.doubt
        if self.listed.port:
            return SILENT_ON_A_WIRE.get(self.listed.dialect, bms.no_answer_on_line)(name=name)
        if doubt and self.detection.layout is None:
            return bms.not_readable(name=name, doubt=doubt)
        return bms.silent(name=name) if self.device else bms.silent_unpaired(name=name)

    @property
    def _reason(self) -> Reason | None:
        """Why the battery is offline: its last failure, or else where the way to it has stopped; None until known."""
        if self.problem or not self._is_silent:
            return self.problem
        if self._phase is Phase.CONNECTING:
            return bms.CONNECTING()
        if self._phase is Phase.CONNECTED:
            return self.silence_reason if self._is_mute else bms.DATA_AWAITED()
        return bms.SEARCHING_AGAIN() if self._was_found else bms.NOT_FOUND_YET()

    # messages

    def take_updates(self, now: datetime) -> Updates:
        """Return what is to be published now, and remember it as published."""
        return Updates(self._new_availability(now), self._new_info(now), self._new_state(now))

    def _new_availability(self, now: datetime) -> Availability | None:
        reason = None if self.is_online else self._reason
        if not self.is_online and reason is None:
            return None
        contact = Contact.ONLINE if self.is_online else Contact.OFFLINE
        before = self.availability
        if before and before.state is contact and before.reason == reason:
            return None
        since = before.since if before and before.state is contact else now
        self.availability = Availability(at=now, state=contact, since=since, reason=reason)
        return self.availability

    def _new_info(self, now: datetime) -> BatteryInfo | None:
        is_known = self.is_complete or (self.read_at and not self._waits_for_device)
        if not self.is_online or not is_known:
            return None
        info = self.to_info(now)
        if self.info and info.model_copy(update={"at": self.info.at}) == self.info:
            return None
        self.info = info
        return info

    def _new_state(self, now: datetime) -> BatteryState | None:
        """Return the reading that has just come, if it is due."""
        if not self.is_online or not self._has_news or not self.read_at:
            return None
        self._has_news = False
        least = timedelta(seconds=min_interval_s(self._interval_s))
        if self._published_at and self.read_at - self._published_at < least:
            return None
        self._published_at, self._is_published = self.read_at, True
        self.state = self.to_state(now)
        return self.state

    def to_state(self, now: datetime) -> BatteryState:
        """Return the last reading with its health, stamped with the moment it was measured."""
        at = self.read_at or now
        state = BatteryState.model_validate({**self._reading, **self._inverted(), "at": at})
        health, reasons = assess(state.alarms, state.cell_min_v, state.cell_max_v, state.wire_warning_bits, self.limits)
        return state.model_copy(
            update={
                "nominal_ah": self.listed.capacity_ah or self._set_capacity_ah,
                "health": health,
                "health_reasons": reasons,
                "rssi_dbm": self._rssi_dbm,
                "frame_age_s": round((now - at).total_seconds(), 1),
                "reconnects": max(0, self._connections - 1),
                "bad_frames": self._bad_frames,
            }
        )

    @property
    def _set_capacity_ah(self) -> float | None:
        """The capacity that the owner has set; nobody sets that of a balancer, which does not use it."""
        return None if decode.is_balancer(self.device) else _number(self.settings.get("nominal_ah"))

    def to_info(self, at: datetime) -> BatteryInfo:
        """Return what the BMS is and how it is set."""
        device = self.device
        cells = self._reading.get("cell_voltages_v")
        return BatteryInfo(
            at=at,
            address=self.listed.address,
            name=self.listed.title,
            model=device and device.model,
            layout=self.detection.layout,
            hardware=device and device.hardware,
            software=device and device.software,
            serial_number=device and device.serial_number,
            manufactured=device and device.manufactured,
            device_name=device and device.name,
            cell_count=len(cells) if isinstance(cells, tuple) else None,
            interval_s=self._interval_s,
            settings=self.settings,
        )

    def _inverted(self) -> dict[str, object]:
        """Return current and power with the opposite sign, if the list of batteries asks for it."""
        if not self.listed.invert_current:
            return {}
        return {name: -value for name in ("current_a", "power_w") if (value := _number(self._reading.get(name)))}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
