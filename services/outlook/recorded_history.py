"""The record of this home, read from the recorder's database and never changed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from services.outlook.history import Floats, History, Plan, PlannedOutage
from services.outlook.steps import LONGEST_DAYS, STEP_S
from shared.history.derived import BATTERIES, INVERTERS, Source
from shared.history.past_schedules import planned_days
from shared.history.plug_switchings import switchings
from shared.history.queries import Database, grid_spans, recorded_devices, series
from shared.live_figures import ALL
from shared.messages import Certainty, DayState, Grid, OutageSchedule, Window
from shared.outages import FIRM, bounds, local_day, merged, state_of, within

STEP = timedelta(seconds=STEP_S)
CHUNK_STEPS = 31 * 288
"""Rows are turned into columns a month at a time, so that memory stays flat."""
LATE = timedelta(hours=6)
"""If power is later than this, it is another outage."""
PLUG_DAYS = timedelta(days=120)
INVERTER = ("total_load_power_w", "load_power_w", "pv_power_w", "battery_power_w", "battery_soc_percent")
BATTERY = ("soc_percent", "power_w", "remaining_ah", "voltage_v")


def read_history(database: Database, now: datetime, *, time_zone: str, days: int = LONGEST_DAYS) -> History:
    """Return what was recorded in this many days before a moment. Raises StorageError."""
    first = int(now.timestamp() // STEP_S) - days * 288
    size = days * 288 + 1
    start = datetime.fromtimestamp(first * STEP_S, UTC)
    total_w, load_w, pv_w, battery_w, soc = _columns(database, INVERTERS, INVERTER, first, size)
    bms_soc, bms_w, remaining_ah, voltage_v = _columns(database, BATTERIES, BATTERY, first, size)
    load_w = np.where(np.isfinite(total_w), total_w, load_w)
    known = np.flatnonzero(np.isfinite(load_w) | np.isfinite(soc) | np.isfinite(bms_soc))
    cut = slice(int(known[0]) if known.size else size - 1, None)
    return History(
        time=((first + np.arange(size, dtype=np.float64)) * STEP_S)[cut],
        load_w=load_w[cut],
        pv_power_w=pv_w[cut],
        battery_power_w=np.where(np.isfinite(battery_w), battery_w, bms_w)[cut],
        soc_percent=soc[cut],
        bms_soc_percent=bms_soc[cut],
        grid_on=_grid(database, start, now, first, size)[cut],
        planned=_planned(database, start, now),
        plug_events=_plug_events(database, now),
        nominal_wh=_nominal_wh(bms_soc, remaining_ah, voltage_v),
        time_zone=time_zone,
    )


def recorded_since(database: Database) -> datetime | None:
    """Return when the record begins, or None for an empty database. Raises StorageError."""
    devices = (device for source in (INVERTERS, BATTERIES) for device in recorded_devices(database, source))
    return min((device.first for device in devices), default=None)


def plan_of(schedule: OutageSchedule | None, now: datetime) -> Plan | None:
    """Return the plan from a schedule; it ends with the first unpublished day.

    An outage stays in it for some hours, as power may be late. From the midnight of an unpublished day on nothing is
    known, even if later days are published.
    """
    if schedule is None or not schedule.days:
        return None
    today = local_day(now, schedule.time_zone)
    known_until = bounds(today, schedule.time_zone)[0]
    day = today
    while state_of(schedule, day) in FIRM:
        known_until = bounds(day, schedule.time_zone)[1]
        day += timedelta(days=1)
    emergency = state_of(schedule, today) is DayState.EMERGENCY
    firm = [
        window
        for one in schedule.days
        if one.state is not DayState.EMERGENCY
        for window in within(schedule.windows, *bounds(one.day, schedule.time_zone))
    ]
    windows = [one for one in merged(firm) if one.end > now - LATE]
    if day == today and not emergency and not windows:
        return None
    dropped = [one for one in schedule.superseded if one.end > now - LATE]
    return Plan(_outages(windows), known_until, emergency, _outages(dropped))


def _outages(windows: Iterable[Window]) -> list[PlannedOutage]:
    return [PlannedOutage(one.start, one.end, possible=one.certainty is Certainty.POSSIBLE) for one in windows]


def _columns(database: Database, source: Source, fields: tuple[str, ...], first: int, size: int) -> list[Floats]:
    """Return the five-minute means of the sum of all devices, or of the device that was recorded last."""
    columns = [np.full(size, np.nan) for _ in fields]
    found = sorted(recorded_devices(database, source), key=lambda device: (device.name == ALL, device.last))
    if not found:
        return columns
    device = found[-1]
    begin = max(0, int(device.first.timestamp() // STEP_S) - first)
    for low in range(begin, size, CHUNK_STEPS):
        high = min(low + CHUNK_STEPS, size)
        start = datetime.fromtimestamp((first + low) * STEP_S, UTC)
        end = datetime.fromtimestamp((first + high) * STEP_S, UTC)
        steps = series(database, device.name, fields, start=start, end=end, buckets=high - low, source=source)
        for column, name in zip(columns, fields, strict=True):
            column[low:high] = np.array(steps.values[name], dtype=np.float64)
    return columns


def _grid(database: Database, start: datetime, now: datetime, first: int, size: int) -> Floats:
    grid = np.full(size, np.nan)
    for span in grid_spans(database, start=start, end=now):
        low = round(span.start.timestamp() / STEP_S) - first
        high = round(span.end.timestamp() / STEP_S) - first
        if span.end >= now - STEP:
            high = size
        if span.state is not Grid.UNKNOWN:
            grid[max(0, low) : max(0, high)] = 1.0 if span.state is Grid.ON else 0.0
    return grid


def _planned(database: Database, start: datetime, now: datetime) -> list[tuple[float, float]]:
    days = planned_days(database, start=start, end=now)
    windows = (window for day in days.values() for window in day.windows if window.certainty is not Certainty.POSSIBLE)
    return [(one.start.timestamp(), one.end.timestamp()) for one in merged(windows)]


def _plug_events(database: Database, now: datetime) -> dict[str, list[tuple[float, bool]]]:
    events: dict[str, list[tuple[float, bool]]] = {}
    for plug, at, on in switchings(database, start=now - PLUG_DAYS, end=now):
        events.setdefault(plug, []).append((at.timestamp(), on))
    return events


def _nominal_wh(soc: Floats, remaining_ah: Floats, voltage_v: Floats) -> float | None:
    """Return the capacity that the BMS uses."""
    known = np.flatnonzero((soc > 20) & (remaining_ah > 0) & (voltage_v > 0))[-288:]
    if not known.size:
        return None
    return float(np.median(remaining_ah[known] / soc[known] * 100 * voltage_v[known]))
