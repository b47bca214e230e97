"""Every payload on the broker. Units are in the field names; None means unknown, never zero."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)

from shared.conditions import Reason, values
from shared.validation import InvalidValueError

DAY = timedelta(days=1)


def _utc_milliseconds(at: datetime) -> datetime:
    try:
        at = at.astimezone(UTC)
        at - DAY, at + DAY  # so that it has a date in any time zone
    except OverflowError:
        raise InvalidValueError(values.MOMENT_OUT_OF_RANGE()) from None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def iso(at: datetime) -> str:
    """Return a moment as it is written on the wire: 2026-11-23T18:02:11.250Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_DATE_TIME = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-][01]\d:[0-5]\d)$"
)

Moment = Annotated[
    AwareDatetime,
    AfterValidator(_utc_milliseconds),
    PlainSerializer(iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _DATE_TIME}),
]
"""A moment in UTC, in whole milliseconds, so that a message equals itself after a round trip."""


def _with_midnights(day: date) -> date:
    try:
        day - 2 * DAY, day + 3 * DAY  # so that its first and last moments are valid in any time zone, too
    except OverflowError:
        raise InvalidValueError(values.MOMENT_OUT_OF_RANGE()) from None
    return day


CalendarDay = Annotated[date, AfterValidator(_with_midnights)]
"""A local day that begins and ends within the years of the calendar."""


VERSION = 2
"""The version of the payloads' schema."""

Int32 = Annotated[int, Field(ge=-(2**31), lt=2**32)]
"""A whole number that every database can hold: 32 bits, signed or unsigned."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise InvalidValueError(values.NO_SUCH_ZONE()) from None
    return name


Minutes = Annotated[float, Field(ge=-5_000_000, le=5_000_000)]
"""A duration of at most about nine years, which can be added to a moment."""

Zone = Annotated[str, AfterValidator(_zone)]
"""The name of a time zone that this machine knows."""


LONGEST_UPTIME_S = 250_000_000_000
"""From 1970 to the last years of the calendar: a clock may be this far ahead."""


class ClockStamp(BaseModel):
    """A moment independent of any clock: the boot id of the host, and the seconds since that boot."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    boot: str = Field(max_length=64)
    uptime_s: float = Field(ge=0, le=LONGEST_UPTIME_S)


class ServiceClock(ClockStamp):
    """The clock of a service's host at the moment of its status, and whether it is set."""

    trusted: bool


class Message(BaseModel):
    """What every payload carries: `at`, the moment it was measured, and `v`, the version of its schema.

    clock is present only while the clock of the measuring host is not set: moments in the 1970s then count from that
    boot, and a later status of the same boot, once the clock is set, shows when they really were. Since version 2 every
    explanation is a Reason; retained messages of version 1, with bare sentences, are still read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    at: Moment
    v: Int32 = VERSION
    clock: ClockStamp | None = Field(default=None, exclude_if=lambda clock: clock is None)


def _renamed(**names: str) -> Any:
    """Return a validator that reads messages of version 1, in which these fields had other names: old=new."""

    def rename(given: Any) -> Any:
        if not isinstance(given, dict) or not names.keys() & given.keys():
            return given
        return {names.get(name, name): value for name, value in given.items()}

    return model_validator(mode="before")(rename)


class Contact(StrEnum):
    """Whether a device answers."""

    ONLINE = "online"
    OFFLINE = "offline"


class Availability(Message):
    """Whether the device itself answers, since when, and if not, why."""

    state: Contact
    since: Moment
    reason: Reason | None = None

    _version_1 = _renamed(why="reason")


class ServiceHealth(StrEnum):
    """Whether a service works: fully, partly, not at all as it is not configured, or it is gone."""

    ONLINE = "online"
    DEGRADED = "degraded"
    DISABLED = "disabled"
    OFFLINE = "offline"


class ProcessStamp(BaseModel):
    """Which process of a service this is: its own id, and for how long it has been running."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    id: str = Field(max_length=64)
    age_s: float


class ServiceStatus(Message):
    """Whether a service works, and if not, why. Repeated every 30 s; if `at` is older than 90 s, the service is gone.

    since is None in the will, which the broker publishes when the service vanishes. clock is present in every other
    status. process distinguishes two processes of one service: the younger one stops with exit code 78.
    """

    process: ProcessStamp | None = Field(default=None, exclude_if=lambda process: process is None)
    clock: ServiceClock | None = Field(default=None, exclude_if=lambda clock: clock is None)
    state: ServiceHealth
    since: Moment | None
    reasons: tuple[Reason, ...] = ()
    version: str

    _version_1 = _renamed(reason="reasons")

    @field_validator("reasons", mode="before")
    @classmethod
    def _as_list(cls, given: Any) -> Any:
        return () if given is None else (given,) if isinstance(given, str) else given


Phase = Annotated[int, Field(ge=1, le=3)]
"""A phase of the grid, by its number."""


class Grid(StrEnum):
    """Whether the inverter's grid input has power. Unknown is never an outage."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class ReplayRequest(Message):
    """The broker has kept nothing for the recorder, so what was published lately shall be published again."""


class GridState(Message):
    """Whether the grid is on, repeated with every reading of the inverter.

    transition_id identifies the last confirmed change between on and off. It changes when power really goes or comes
    back, and stays the same through unknown, repeats and restarts. last_known and last_known_since are the last
    confirmed state while state is unknown.

    Several inverters give one verdict. The grid is on while any phase is; phases, by number, is present if the list of
    inverters names them, and shows which one is gone (false) or unknown (null). dissenters is present if an inverter
    sees no power while another one on the same phase does. voltage_v and frequency_hz are those of one inverter that
    agrees with the verdict.
    """

    state: Grid
    since: Moment
    transition_id: str | None = None
    last_known: Grid | None = None
    last_known_since: Moment | None = None
    voltage_v: float | None = None
    frequency_hz: float | None = None
    phases: dict[Phase, bool | None] | None = Field(default=None, exclude_if=lambda phases: phases is None)
    dissenters: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)


class Mode(StrEnum):
    """Operating mode, register 201. Off-grid (battery or sun feed the home) is no outage: it is normal in SBU mode."""

    POWER_ON = "power_on"
    STANDBY = "standby"
    MAINS = "mains"
    OFF_GRID = "off_grid"
    BYPASS = "bypass"
    CHARGING = "charging"
    FAULT = "fault"
    UNKNOWN = "unknown"


class InverterState(Message):
    """One reading of the inverter.

    Units are in the field names. battery_power_w and battery_current_a are positive while charging, grid_power_w
    while importing. None means that the inverter did not report the value; it never means zero.

    The inverter `all` is the sum of several: inverters are those of the list, and silent those without a reading now.
    If a value of one of them is unknown, so is the sum. Voltages, frequencies and temperatures are not summed; charge
    and voltage of the battery are known if all agree, as inverters on one battery bank do.
    """

    mode: Mode = Mode.UNKNOWN
    mode_code: Int32 | None = None

    grid_voltage_v: float | None = None
    grid_frequency_hz: float | None = None
    grid_power_w: Int32 | None = None
    grid_charging_power_w: Int32 | None = None
    external_ct_power_w: Int32 | None = None

    inverter_voltage_v: float | None = None
    inverter_current_a: float | None = None
    inverter_frequency_hz: float | None = None
    inverter_power_w: Int32 | None = None
    inverter_charging_power_w: Int32 | None = None
    inverter_charging_current_a: float | None = None

    output_voltage_v: float | None = None
    output_current_a: float | None = None
    output_frequency_hz: float | None = None
    load_power_w: Int32 | None = None
    load_apparent_power_va: Int32 | None = None
    load_percent: Int32 | None = None

    output2_voltage_v: float | None = None
    output2_current_a: float | None = None
    output2_power_w: Int32 | None = None
    output2_apparent_power_va: Int32 | None = None
    output2_load_percent: Int32 | None = None

    total_output_current_a: float | None = None
    total_load_power_w: Int32 | None = None
    total_load_apparent_power_va: Int32 | None = None
    total_load_percent: Int32 | None = None

    battery_voltage_v: float | None = None
    battery_current_a: float | None = None
    battery_current_average_a: float | None = None
    battery_power_w: Int32 | None = None
    battery_soc_percent: float | None = Field(default=None, ge=0, le=100)

    pv_power_w: Int32 | None = None
    pv_charging_power_w: Int32 | None = None
    pv_charging_current_a: float | None = None
    pv1_voltage_v: float | None = None
    pv1_current_a: float | None = None
    pv1_power_w: Int32 | None = None
    pv2_voltage_v: float | None = None
    pv2_current_a: float | None = None
    pv2_power_w: Int32 | None = None
    pv_energy_today_kwh: float | None = None
    pv_energy_total_kwh: float | None = None

    bus_voltage_v: float | None = None
    inverter_temperature_c: Int32 | None = None
    dcdc_temperature_c: Int32 | None = None
    pv_temperature_c: Int32 | None = None

    fault_bits: Int32 | None = None
    warning_bits: Int32 | None = None
    warning_bits_masked: Int32 | None = None
    faults: tuple[Reason, ...] | None = None
    warnings: tuple[Reason, ...] | None = None
    power_flow_bits: Int32 | None = None
    power_flow_ext_bits: Int32 | None = None
    inverters: tuple[str, ...] | None = Field(default=None, exclude_if=lambda names: names is None)
    silent: tuple[str, ...] | None = Field(default=None, exclude_if=lambda names: names is None)


class InverterInfo(Message):
    """What the inverter is and how it is set, read rarely.

    settings holds every setting that the layout documents, by name, which includes the unit; choices appear by name.
    phase is the phase of the grid that it is connected to, if the list of inverters names it. interval_s is how often
    it is read.
    """

    model: str
    layout: str
    protocol_number: Int32 | None = None
    device_type: Int32 | None = None
    serial_number: str | None = None
    firmware: str | None = None
    rated_power_w: Int32 | None = None
    phase: Phase | None = Field(default=None, exclude_if=lambda phase: phase is None)
    interval_s: float | None = Field(default=None, ge=0, le=1_000_000_000)
    settings: dict[str, float | Int32 | str | None] = Field(default_factory=dict)


def _setting_value(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:  # it has a fault for each of the types
        raise InvalidValueError(values.NOT_A_SETTING_VALUE()) from None


SettingValue = Annotated[
    Annotated[StrictInt, Field(ge=-(2**31), lt=2**32)]
    | Annotated[StrictFloat, Field(allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=64)],
    WrapValidator(_setting_value),
]
"""The value of a setting: a number in the unit of its name, or the name of a choice. "12" is no number."""


class InverterControl(StrEnum):
    """Whether settings of the inverter may be changed: not at all, by command, or also automatically."""

    OFF = "off"
    SETTINGS = "settings"
    AUTOMATIC = "automatic"


AUTOMATIC = "automatic"
"""The author of a change that nobody has just asked for: charging ahead of outages, quiet hours."""


class SettingCommand(Message):
    """A command to change a setting of an inverter; an old, retained or repeated one is refused. `by` names the sender.

    value is a number in the unit of the setting's name, or one of the setting's choices.
    """

    value: SettingValue
    by: str = Field(max_length=64)


class SettingOutcome(StrEnum):
    """The outcome of a change: confirmed, not written, refused by the inverter, not taken over, or unknown."""

    CONFIRMED = "confirmed"
    NOT_WRITTEN = "not_written"
    REFUSED = "refused"
    NOT_TAKEN_OVER = "not_taken_over"
    UNKNOWN = "unknown"


class SettingChange(Message):
    """An attempt to change a setting and its outcome: an event, not a state. before is None if it is unknown.

    by is the sender of the command, `automatic`, or `device` if it was changed at the inverter's own panel or by
    another program. profile is present if it was a step of one.
    """

    value: SettingValue
    before: SettingValue | None = None
    by: str
    outcome: SettingOutcome
    reason: Reason | None = None
    profile: str | None = Field(default=None, exclude_if=lambda profile: profile is None)


class SettingState(BaseModel):
    """A setting: its value, and what it may be changed to; reason says why it cannot be changed now.

    A choice has choices; a number has low, high and step, given the present values of related settings. changed_by is
    who changed it last: the sender of a command, `automatic`, or `device` for the inverter's own panel or another
    program; None if it has not changed since this program has been watching. returns_to is present while a value is
    temporary: it is the value that will be put back. The setting `clock` is the inverter's own clock: `right`, which is
    all that it can be set to, or the minutes that it is behind, negative if it is ahead.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    value: SettingValue | None = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    writable: bool = False
    reason: Reason | None = None
    changed_by: str | None = None
    changed_at: Moment | None = None
    returns_to: SettingValue | None = Field(default=None, exclude_if=lambda value: value is None)


class InverterSettings(Message):
    """The settings that can be changed on some units of the inverter's family, and whether they can on this one.

    changing names the one that is being changed right now.
    """

    control: InverterControl
    changing: str | None = None
    settings: dict[str, SettingState] = Field(default_factory=dict)


ProfileName = Annotated[str, Field(min_length=1, max_length=40)]
"""The owner's name for a profile, such as "winter night", in any script."""


class ProfileDifference(BaseModel):
    """A setting that a profile would change: its present value, None if unknown, and the wanted one."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    setting: str
    value: SettingValue | None = None
    wanted: SettingValue


class ProfileState(BaseModel):
    """A profile of the list: what it sets, and how that differs from now; if nothing differs, it is in force.

    reason says why it cannot be applied now; None if it can.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: ProfileName
    settings: dict[str, SettingValue]
    differences: tuple[ProfileDifference, ...] = ()
    reason: Reason | None = None


class ProfileRun(BaseModel):
    """A profile that is being applied, or undone after a step was refused (undoing)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    profile: ProfileName
    by: str
    since: Moment
    undoing: bool = False


class ProfileOutcome(StrEnum):
    """The outcome of a profile: in force, nothing written, all as before, or some of it still changed."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    ROLLED_BACK = "rolled_back"
    PARTLY = "partly"


class ProfileChange(Message):
    """An attempt to apply a profile as a whole, and its outcome: an event.

    changed are the settings that are not what they were before it, with their values.
    """

    profile: ProfileName
    by: str
    outcome: ProfileOutcome
    changed: dict[str, SettingValue] = Field(default_factory=dict)
    reason: Reason | None = None


class InverterProfiles(Message):
    """The profiles of INVERTER_PROFILES_FILE, the one that is being applied right now, and the last attempt.

    reason is the mistake in the file.
    """

    profiles: tuple[ProfileState, ...] = ()
    applying: ProfileRun | None = None
    last: ProfileChange | None = None
    reason: Reason | None = None


class ProfileCommand(Message):
    """A command to apply a profile; an old, retained or repeated one is refused. `by` names the sender."""

    profile: ProfileName
    by: str = Field(max_length=64)


class ChargeAheadPhase(StrEnum):
    """What charging ahead does.

    It is off, has nothing to do, waits until begins_at or (null) until the BMS allows charging, charges, puts the
    settings back, or is held off by a person.
    """

    OFF = "off"
    IDLE = "idle"
    WAITING = "waiting"
    CHARGING = "charging"
    PUTTING_BACK = "putting_back"
    HELD_OFF = "held_off"


class ChargeBasis(StrEnum):
    """What the target is based on: the outlook, or only the schedule and the charge."""

    OUTLOOK = "outlook"
    PLAN = "plan"


class ChargeAhead(Message):
    """Charging from the mains before an outage, in INVERTER_CONTROL=automatic: what is done, or in a dry run would be.

    The outage is the next one that needs it, by the schedule. target_percent is the charge needed when it begins, and
    current_a the mains charging current for it. settings are the values set for it (with dry_run: that would be set),
    before the values that will be put back. It ends at the target or when the outage begins (ends_at). reason says in
    one sentence what it does and why; warning says what will nevertheless not be reached. can_undo: an undo
    (`charge_ahead/set` with hold_off) would put the settings back, or keep them unchanged before this outage.
    """

    phase: ChargeAheadPhase
    dry_run: bool = False
    dry_run_until: Moment | None = None
    since: Moment
    outage_start: Moment | None = None
    outage_end: Moment | None = None
    basis: ChargeBasis | None = None
    charge_percent: float | None = None
    target_percent: float | None = None
    current_a: float | None = None
    begins_at: Moment | None = None
    ends_at: Moment | None = None
    settings: dict[str, SettingValue] = Field(default_factory=dict)
    before: dict[str, SettingValue] = Field(default_factory=dict)
    can_undo: bool = False
    reason: Reason | None = None
    warning: Reason | None = None


class ChargeAheadCommand(Message):
    """Undo: hold_off puts the settings back and leaves the next outage alone; hold_off=false withdraws that.

    An old, retained or repeated one is refused. `by` names the sender.
    """

    hold_off: bool
    by: str = Field(max_length=64)


class ChargeAheadStep(StrEnum):
    """What has happened to charging ahead.

    It began, changed its current, ended with everything put back, was held off, was allowed again, or failed.
    """

    BEGAN = "began"
    CHANGED = "changed"
    ENDED = "ended"
    HELD_OFF = "held_off"
    RELEASED = "released"
    FAILED = "failed"


class ChargeAheadEvent(Message):
    """A step of charging ahead: an event. With dry_run nothing was written: it is what would have been done.

    by is `automatic`, or who undid it. The rest is as in ChargeAhead at that moment; reason says what happened and why.
    """

    step: ChargeAheadStep
    dry_run: bool = False
    by: str = AUTOMATIC
    outage_start: Moment | None = None
    charge_percent: float | None = None
    target_percent: float | None = None
    current_a: float | None = None
    settings: dict[str, SettingValue] = Field(default_factory=dict)
    reason: Reason | None = None


class PackHealth(StrEnum):
    """A battery against its own limits: fine, near a limit, beyond one or with an alarm."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"
    UNKNOWN = "unknown"


class Balancing(StrEnum):
    """What the balancer does: nothing, charge a low cell, or discharge a high one."""

    OFF = "off"
    CHARGING = "charging"
    DISCHARGING = "discharging"


class BatteryState(Message):
    """One reading of a battery by its BMS; the battery `all` is the sum of all, `packs` are those that answer.

    current_a and power_w are positive while charging. Cells are counted from 1. full_ah is the BMS's estimate of the
    aged capacity, nominal_ah the capacity set by the owner. None means unknown; it never means zero.
    """

    voltage_v: float | None = None
    current_a: float | None = None
    power_w: float | None = None
    soc_percent: float | None = Field(default=None, ge=0, le=100)
    soh_percent: Int32 | None = None
    remaining_ah: float | None = None
    full_ah: float | None = None
    nominal_ah: float | None = None
    cycles: Int32 | None = None
    lifetime_ah: float | None = None
    runtime_s: Int32 | None = None

    cell_voltages_v: tuple[float | None, ...] | None = None
    cell_resistances_ohm: tuple[float | None, ...] | None = None
    cell_min_v: float | None = None
    cell_max_v: float | None = None
    cell_delta_v: float | None = None
    cell_min_number: Int32 | None = None
    cell_max_number: Int32 | None = None

    temperatures_c: tuple[float | None, ...] | None = None
    mosfet_temperature_c: float | None = None
    charging_mosfet: bool | None = None
    discharging_mosfet: bool | None = None
    precharging: bool | None = None
    heating: bool | None = None
    balancing: Balancing | None = None
    balance_current_a: float | None = None

    alarm_bits: Int32 | None = None
    alarms: tuple[Reason, ...] | None = None
    wire_warning_bits: Int32 | None = None
    health: PackHealth = PackHealth.UNKNOWN
    health_reasons: tuple[Reason, ...] = ()

    rssi_dbm: Int32 | None = None
    frame_age_s: float | None = None
    reconnects: Int32 | None = None
    bad_frames: Int32 | None = None
    packs: tuple[str, ...] | None = None


class BatteryInfo(Message):
    """What a battery's BMS is and how it is set; pass codes are never read. Names of settings include the unit.

    interval_s is how often the battery is read: once the next reading is overdue, the last one is out of date.
    """

    address: str
    name: str
    model: str | None = None
    layout: str | None = None
    hardware: str | None = None
    software: str | None = None
    serial_number: str | None = None
    manufactured: str | None = None
    device_name: str | None = None
    cell_count: Int32 | None = None
    interval_s: float | None = Field(default=None, ge=0, le=1_000_000_000)
    settings: dict[str, float | bool | None] = Field(default_factory=dict)


class DayState(StrEnum):
    """What is known about a day's planned outages. Unknown (nothing published) is not the same as no outages."""

    PLANNED = "planned"
    NO_OUTAGES = "no_outages"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    EMERGENCY = "emergency"


class Certainty(StrEnum):
    """How certain a planned outage is; unknown for an undocumented mark of the operator."""

    DEFINITE = "definite"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


class Window(BaseModel):
    """A planned outage from start to end, which may cross midnight."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    start: Moment
    end: Moment
    certainty: Certainty = Certainty.DEFINITE

    @model_validator(mode="after")
    def _forward(self) -> "Window":
        if self.end <= self.start:
            raise InvalidValueError(values.ENDS_BEFORE_START())
        return self


class PlannedDay(BaseModel):
    """One day of the operator's local time: its state, and when and by which source it was last confirmed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: CalendarDay
    state: DayState
    confirmed_at: Moment
    source: str | None = None


class HoursChangeKind(StrEnum):
    """What happened to hours without power."""

    ADDED = "added"
    CANCELLED = "cancelled"
    SHORTER = "shorter"
    LONGER = "longer"
    MOVED = "moved"
    JOINED = "joined"
    SPLIT = "split"
    REDRAWN = "redrawn"
    MORE_CERTAIN = "more_certain"
    LESS_CERTAIN = "less_certain"


class HoursChange(BaseModel):
    """Hours without power in the previous version of the schedule, and the same hours in the new one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: HoursChangeKind
    before: tuple[Window, ...] = ()
    after: tuple[Window, ...] = ()


class ScheduleChange(BaseModel):
    """How the schedule differs from the previous one, by its hours and never by the operator's time stamps.

    published are days that now have a schedule and had none before, withdrawn those that are unknown again, states
    those whose state changed otherwise (an emergency began or ended). `hours` does not repeat their hours.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Moment
    published: tuple[date, ...] = ()
    withdrawn: tuple[date, ...] = ()
    states: tuple[date, ...] = ()
    hours: tuple[HoursChange, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_windows(cls, given: Any) -> Any:
        """Read a change of version 0.1, which listed windows as added, removed and moved."""
        if not isinstance(given, dict) or "hours" in given:
            return given
        old = [{"kind": "added", "after": [one]} for one in given.get("added", ())]
        old += [{"kind": "cancelled", "before": [one]} for one in given.get("removed", ())]
        old += [{"kind": "moved", "before": [one["before"]], "after": [one["after"]]} for one in given.get("moved", ())]
        return given | {"hours": old}


class OutageSchedule(Message):
    """The planned outages of a queue, as far as they are known.

    windows are sorted, merged across midnight and in UTC; a day missing from days is unknown. fetched_at is when a
    source last answered, None if none has yet; stale means that this was more than a day ago. region and queue are the
    address of the schedule; region is None before version 2. reason says why there is no newer schedule. change is the
    last change, and survives restarts. superseded are outages of today and yesterday that had begun when a newer
    version dropped or shortened them, up to that moment: an actual outage in these hours was planned.
    """

    queue: str
    region: str | None = None
    source: str | None = None
    time_zone: Zone = "Europe/Kyiv"
    days: tuple[PlannedDay, ...] = ()
    windows: tuple[Window, ...] = ()
    superseded: tuple[Window, ...] = ()
    operator_stamp: Moment | None = None
    fetched_at: Moment | None = None
    stale: bool = False
    reason: Reason | None = None
    change: ScheduleChange | None = None

    _version_1 = _renamed(problem="reason")


class QueueVerdict(StrEnum):
    """Whether the home's outages fit its queue: too early to say, yes, another queue fits better, or none fits."""

    EARLY = "early"
    FITS = "fits"
    OTHER = "other"
    UNCLEAR = "unclear"


class QueueScore(BaseModel):
    """A queue, and how many of the home's outages began at the beginning of a scheduled one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    queue: str
    fitting: Int32


class QueueFit(Message):
    """How well the home's own outages fit its queue, by the published hours of all queues of the region.

    outages counts those since `since` on days with known hours; fitting counts those that began with a scheduled one of
    the home's queue. others are the queues that fit better, named only if that can hardly be a coincidence.
    """

    region: str
    queue: str
    outages: Int32
    fitting: Int32
    verdict: QueueVerdict
    others: tuple[QueueScore, ...] = ()
    since: Moment | None = None


class Via(StrEnum):
    """How a plug is reached: over the home network, or through Tuya's cloud."""

    LOCAL = "local"
    CLOUD = "cloud"


BY_GRID = "grid"
"""The author of a switch of a plug that follows the grid."""


class PlugState(Message):
    """Whether a plug is on (for each gang, if it has several), and how certain that is.

    confirmed means that `on` was read back from the plug after the last command; pending is the state that it should
    reach but has not yet. switched_by names who switched last: grid, the sender of a command, or device.
    """

    name: str
    on: bool | None = None
    gangs: dict[str, bool | None] = Field(default_factory=dict)
    reachable: bool | None = None
    confirmed: bool = False
    pending: bool | None = None
    via: Via | None = None
    switched_by: str | None = None
    since: Moment | None = None
    protected: bool = False
    dry_run: bool = False
    reason: Reason | None = None

    _version_1 = _renamed(problem="reason")


class PlugInfo(Message):
    """A listed plug: the owner's names for it and its gangs (by switch code), and what may be done with it.

    follows_grid is whether outages switch it off and on, enabled what the list says about that. seen is false while
    only a setting has decided about the plug (to switch it, or not to because of its name), and no person has. listed
    is false once it has left the list. reason says why a setup was refused, or a test failed; tested_at is when the
    plug was last switched off and on as a test, since the service was started.
    """

    name: str
    gangs: dict[str, str]
    enabled: bool
    protected: bool
    follows_grid: bool
    priority: Int32
    seen: bool = True
    listed: bool = True
    tested_at: Moment | None = None
    reason: Reason | None = None


class PlugSetup(Message):
    """A change of the list of plugs; what is None stays. An old or retained one is refused. `by` names the sender.

    test asks to switch the plug off and on again at once: only with the grid on, and never a protected plug.
    """

    enabled: bool | None = None
    protected: bool | None = None
    priority: int | None = Field(default=None, ge=0, le=10_000)
    test: bool = False
    by: str


class PlugCommand(Message):
    """A command to switch a plug; an old or retained one is refused. `by` names the sender."""

    on: bool
    gang: str | None = None
    by: str


class ActionOutcome(StrEnum):
    """The outcome of an attempt to switch."""

    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    REFUSED = "refused"
    DROPPED = "dropped"
    DRY_RUN = "dry_run"


class PlugAction(Message):
    """An attempt to switch a plug and its outcome: an event for the recorder and the bot, not a state."""

    on: bool
    gang: str | None = None
    by: str
    outcome: ActionOutcome
    via: Via | None = None
    transition_id: str | None = None
    reason: Reason | None = None

    _version_1 = _renamed(why="reason")


class AlertSent(Message):
    """An alert that the bot has decided on: an event. `at` is when it did; `event` identifies its cause.

    what is the alert in one sentence, kind its kind, and recipients the number of chats and channels that get it.
    """

    event: str = Field(max_length=500)
    what: Reason
    kind: str = Field(max_length=64)
    recipients: Int32


MinuteOfDay = Annotated[int, Field(ge=0, lt=1440)]
"""A local time, in minutes since midnight."""


class ChatAlerts(BaseModel):
    """What a chat has chosen: its quiet hours, both None if it has none, and whether alerts wait for their end.

    label is the end of the chat's number.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: str
    quiet_from_min: MinuteOfDay | None = None
    quiet_to_min: MinuteOfDay | None = None
    quiet_waits: bool = False


class AlertSettings(Message):
    """The limits of the bot's alerts, and the quiet hours of its chats, by keys that are not their numbers."""

    low_battery_percent: float
    imbalance_mv: Int32
    silent_minutes: float
    chats: dict[str, ChatAlerts] = Field(default_factory=dict)


class AlertSettingsCommand(Message):
    """A change of what the bot reports and when; what is None stays. An old or retained one is refused.

    quiet, its hours from one local time to another, and quiet_waits are those of the named chat; quiet=false means no
    quiet hours.
    """

    by: str = Field(max_length=64)
    low_battery_percent: float | None = Field(default=None, ge=1, le=95)
    imbalance_mv: int | None = Field(default=None, ge=1, le=1000)
    silent_minutes: float | None = Field(default=None, ge=1, le=1440)
    chat: str | None = Field(default=None, max_length=64)
    quiet: bool | None = None
    quiet_from_min: MinuteOfDay | None = None
    quiet_to_min: MinuteOfDay | None = None
    quiet_waits: bool | None = None


class PlannedShedding(BaseModel):
    """An outage ahead, and the plugs that will be switched off in it, the least important first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    start: Moment
    end: Moment
    plugs: tuple[str, ...] = ()


class PlugPlan(Message):
    """What the plug service will do in the planned outages of the next day, as things stand.

    by_outlook is whether the outlook decides (PLUG_POLICY), which it does again during an outage. With dry_run nothing
    is really switched. Published whenever it changes.
    """

    by_outlook: bool
    dry_run: bool
    outages: tuple[PlannedShedding, ...] = ()


class Verdict(StrEnum):
    """Whether the charge stays above the reserve until power returns. If uncertain, the chance is given with it."""

    LASTS = "lasts"
    UNCERTAIN = "uncertain"
    WILL_NOT_LAST = "will_not_last"
    UNKNOWN = "unknown"


class Band(BaseModel):
    """A value, with the range in which it lies eight times in ten."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    p10: float
    p50: float
    p90: float


class HoldsUntil(BaseModel):
    """When the reserve is reached if power stays away: early, typical and late; None: not within the forecast."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    early: Moment | None = None
    typical: Moment | None = None
    late: Moment | None = None


class PlugGain(BaseModel):
    """What switching off a plug for an outage would add; power_w is what it draws on average while it is on."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    plug: str
    power_w: float
    adds_min: Minutes


class SheddingChance(BaseModel):
    """The chance that the battery lasts if `plug` and those before it are off, and those after it are on.

    Without a plug it is the chance if all of them are on. None if unknown, as the home's load is, or that of a plug
    that would be switched on again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    plug: str | None
    chance: float | None = Field(default=None, ge=0, le=1)


class OutageOutlook(BaseModel):
    """The forecast of the battery for an outage, running or planned.

    end is None if it is unknown, as in an emergency or an unplanned outage; then only holds_until says something.
    chance is that of lasting until power really returns, which may be late. margin_min is for how long the charge lasts
    beyond `end`, negative if it falls short; late_min is how much later than `end` power usually returns, negative if
    earlier; margin_percent is the typical charge at the end minus the reserve. charge_needed_percent is the charge at
    the beginning with which the battery lasts nine times in ten, None if none is enough; charge_from is when charging
    has to begin at the measured charging power, None if the charge is enough or nothing can be done; in_time is whether
    there is enough time. shedding are the plugs that outages switch off, in that order, after an entry for none of
    them; empty for an outage that is only possible or has no known end.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    start: Moment
    end: Moment | None
    running: bool = False
    certainty: Certainty = Certainty.DEFINITE
    verdict: Verdict
    chance: float | None = Field(default=None, ge=0, le=1)
    margin_min: Minutes | None = None
    late_min: Minutes | None = None
    margin_percent: float | None = None
    charge_at_start: Band | None = None
    charge_at_end: Band | None = None
    holds_until: HoldsUntil = HoldsUntil()
    charge_needed_percent: float | None = None
    charge_from: Moment | None = None
    in_time: bool | None = None
    plugs: tuple[PlugGain, ...] = ()
    shedding: tuple[SheddingChance, ...] = ()


class ChargeStrip(BaseModel):
    """The forecast charge, in percent: a value every step_min minutes from `start` on."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    start: Moment
    step_min: int = Field(default=5, ge=1, le=1440)
    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]

    @model_validator(mode="after")
    def _within_the_calendar(self) -> "ChargeStrip":
        try:
            self.start + timedelta(minutes=self.step_min * max(map(len, (self.p10, self.p50, self.p90))))
        except OverflowError:
            raise InvalidValueError(values.MOMENT_OUT_OF_RANGE()) from None
        return self


class ChargeSource(StrEnum):
    """The source of the charge: the BMS, the inverter, or the energy counted since the battery was last full."""

    BMS = "bms"
    INVERTER = "inverter"
    COUNTED = "counted"


class ChargeReading(BaseModel):
    """The charge that the outlook starts from, and the charge by each source."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    percent: float
    source: ChargeSource
    bms_percent: float | None = None
    inverter_percent: float | None = None
    counted_percent: float | None = None
    last_full: Moment | None = None


class LearnedFigure(BaseModel):
    """A figure learned about this home: its name, which includes the unit, and the evidence for it.

    evidence is counted in evidence_unit (hours, days, outages ...); is_default marks a conservative assumption.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: str
    value: float
    evidence: float
    evidence_unit: str
    is_default: bool


class Scorecard(BaseModel):
    """The accuracy of the forecasts that were valid when the last ten outages began.

    missed_percent is the typical error of the charge at the end, in points. band_held of `outages` ended within the
    band. verdicts_right of verdicts_given, which are those of lasts or will_not_last, were right. usage_correction is
    the factor on the energy used in outages, because forecasts have erred in one direction.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    outages: Int32 = 0
    missed_percent: float | None = None
    band_held: Int32 = 0
    verdicts_given: Int32 = 0
    verdicts_right: Int32 = 0
    usage_correction: float = 1.0


class Outlook(Message):
    """Whether the battery lasts through the outages ahead, and what to do so that it does.

    outages are the running and the planned ones, in order of time; possible ones are judged in a second case in which
    they all happen, as strip_if_possible is. holds_until is until when the battery lasts if power goes now and stays
    away, or in an outage if it stays away. washing_from is when a washing machine (two hours of 1 kW) next does no
    harm. unknown says what the outlook does not know; without strip it knows nothing about the charge.
    """

    reserve_percent: float
    charge: ChargeReading | None = None
    outages: tuple[OutageOutlook, ...] = ()
    holds_until: HoldsUntil = HoldsUntil()
    washing_from: Moment | None = None
    strip: ChargeStrip | None = None
    strip_if_possible: ChargeStrip | None = None
    scorecard: Scorecard = Scorecard()
    learned: tuple[LearnedFigure, ...] = ()
    unknown: tuple[Reason, ...] = ()


class EnergyState(Message):
    """The home's energy counters in kWh, counted from power since `since`; they never go back, not even at a restart.

    Each direction has its own counter. Gaps of more than five minutes between readings are not counted. None means that
    the power was never known. Published once a minute, after the counters are saved.
    """

    since: Moment
    pv_kwh: float | None = Field(default=None, ge=0)
    load_kwh: float | None = Field(default=None, ge=0)
    grid_in_kwh: float | None = Field(default=None, ge=0)
    grid_out_kwh: float | None = Field(default=None, ge=0)
    battery_in_kwh: float | None = Field(default=None, ge=0)
    battery_out_kwh: float | None = Field(default=None, ge=0)


class GridChange(StrEnum):
    """What has happened to the grid."""

    WENT = "went"
    CAME = "came"


class GridEvent(Message):
    """The grid has gone or come back: an event, once for every new transition_id."""

    change: GridChange
    transition_id: str
    since: Moment


class Expectation(StrEnum):
    """What the schedule says about this moment."""

    POWER = "power"
    OUTAGE = "outage"
    POSSIBLE_OUTAGE = "possible_outage"
    EMERGENCY = "emergency"
    WAITING = "waiting"
    UNKNOWN = "unknown"


class NextOutage(Message):
    """The planned outage that is running, or else the next one; start and end are None if none is known.

    Published whenever it changes, also just because time passes. Outages that are only possible do not count.
    """

    expected: Expectation
    start: Moment | None = None
    end: Moment | None = None


class Liveness(Message):
    """Whether what is known about a device is current. Repeated every 15 s and never retained."""

    state: Contact
