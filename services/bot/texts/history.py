"""What the recorder has written, for /energy, /outages and /chart. Blocking: call it in a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from services.bot.words import Html, Voice, lines
from shared import outages as plans
from shared.history import queries, reports
from shared.history.queries import GridSpan, Series
from shared.history.reports import By, Outage
from shared.messages import OutageSchedule, Window

FIELDS = ("load_power_w", "pv_power_w", "battery_soc_percent")
ENERGIES = {"load": "load_kwh", "sun": "pv_kwh", "grid": "grid_in_kwh"}
DAY = timedelta(days=1)
SHOWN = 8
"""Outages in one answer."""
LOOKED_AT = timedelta(days=30)
STEP = timedelta(minutes=5)
STEPS = {timedelta(days=1): STEP, timedelta(days=7): 4 * STEP}
"""How fine the picture of a length is: in steps that the roll-ups have, so that no raw rows are read."""


@dataclass(frozen=True)
class Chart:
    """What a picture shows."""

    start: datetime
    end: datetime
    data: Series
    outages: Sequence[GridSpan]
    planned: Sequence[Window]


def chart(engine: Engine, plan: OutageSchedule | None, now: datetime, length: timedelta) -> Chart | None:
    """Return the last hours or days, and the planned outages within; None where nothing is recorded."""
    device = next(iter(queries.devices(engine)), None)
    if device is None:
        return None
    end = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % STEP + STEP
    start = end - length
    data = queries.series(engine, device, FIELDS, start=start, end=end, buckets=length // STEPS[length])
    spans = queries.outages(engine, start=start, end=now)
    return None if data.empty else Chart(start, end, data, spans, _planned(engine, plan, start, end))


def _planned(engine: Engine, plan: OutageSchedule | None, start: datetime, end: datetime) -> tuple[Window, ...]:
    """Return what was planned: of the past as the recorder keeps it, of what the plan still knows as it says."""
    kept = [
        Window(start=one.plan_start, end=one.plan_end)
        for one in reports.outage_records(engine, start=start, end=end)
        if one.plan_start and one.plan_end
    ]
    return plans.within(plans.merged([*kept, *(plan.windows if plan else ())]), start, end)


def energy_text(engine: Engine, voice: Voice, zone: ZoneInfo) -> str:
    """Return the energy of today, yesterday and this month."""
    device = next(iter(queries.devices(engine)), None)
    if device is None:
        return voice("no_history")
    today, yesterday, month = voice.today, voice.today - DAY, voice.today.replace(day=1)
    first = min(yesterday, month)
    days = reports.energy(engine, device, first=first, last=today + DAY, by=By.DAY, zone=zone)
    periods = {"today": (today, today), "yesterday": (yesterday, yesterday), "month": (month, today)}
    said = [
        voice("energy_line", period=voice(name).capitalize(), **_energy(voice, days, *bounds))
        for name, bounds in periods.items()
    ]
    return lines(voice("energy_title"), *said, voice("energy_note"))


def _energy(voice: Voice, days: Mapping[date, Mapping[str, float | None]], first: date, last: date) -> dict[str, str]:
    """Return the sums of some days, the dash where nothing is known."""

    def kwh(column: str) -> str:
        known = [kept for day, kinds in days.items() if first <= day <= last and (kept := kinds[column]) is not None]
        return voice.number("kilowatt_hours", sum(known) if known else None, 1)

    return {name: kwh(column) for name, column in ENERGIES.items()}


def outages_text(engine: Engine, voice: Voice) -> str:
    """Return the last outages, newest first, and whether they were planned."""
    if not queries.recorded(engine):
        return voice("no_history")
    lost = reports.outage_records(engine, start=voice.now - LOOKED_AT, end=voice.now)[-SHOWN:]
    if not lost:
        return voice("no_recorded_outages")
    return lines(voice("outages_title"), *(_outage(voice, one) for one in reversed(lost)))


def _outage(voice: Voice, one: Outage) -> str:
    planned = Html("") if one.planned is None else voice("is_planned" if one.planned else "is_unplanned")
    lasted = voice.lasted((one.end or voice.now) - one.start)
    if one.end is None:
        return voice("outage_now", began=voice.time(one.start), lasted=lasted, planned=planned)
    return voice("outage_line", window=voice.span(one.start, one.end), lasted=lasted, planned=planned)
