"""What the recorder has written, for /energy, /outages and /chart. Blocking: call it in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from services.bot.alerts import PLANNED, expected_around
from services.bot.words import Html, Voice, lines
from shared import outages as plans
from shared.history import queries
from shared.history.queries import GridSpan, Series
from shared.messages import Grid, OutageSchedule, Window
from shared.outages import Expected

FIELDS = ("load_power_w", "pv_power_w", "grid_power_w", "battery_soc_percent")
BUCKET = timedelta(minutes=5)
SHOWN = 8
"""Outages in one answer."""
POINTS = 480


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
    device, start = next(iter(queries.devices(engine)), None), now - length
    if device is None:
        return None
    data = queries.series(engine, device, FIELDS, start=start, end=now, buckets=POINTS)
    spans = queries.outages(engine, start=start, end=now)
    planned = plans.within(plan.windows, start, now) if plan else ()
    return None if data.empty else Chart(start, now, data, spans, planned)


def energy_text(engine: Engine, voice: Voice, zone: str) -> str:
    """Return the energy of today, yesterday and this month."""
    device = next(iter(queries.devices(engine)), None)
    if device is None:
        return voice("no_history")
    today = voice.today
    periods = {
        "today": (plans.bounds(today, zone)[0], voice.now),
        "yesterday": plans.bounds(today - timedelta(days=1), zone),
        "month": (plans.bounds(today.replace(day=1), zone)[0], voice.now),
    }
    figures = {name: _energy(engine, voice, device, bounds) for name, bounds in periods.items()}
    said = [voice("energy_line", period=voice(name), **values) for name, values in figures.items()]
    return lines(voice("energy_title"), *said, voice("energy_note"))


def _energy(engine: Engine, voice: Voice, device: str, bounds: tuple[datetime, datetime]) -> dict[str, Html]:
    start, end = bounds
    buckets = max(1, int((end - start) / BUCKET))
    data = queries.series(engine, device, FIELDS, start=start, end=end, buckets=buckets)
    step_h = data.step / timedelta(hours=1)

    def kwh(field: str) -> Html:
        known = [max(0.0, value) for value in data.values[field] if value is not None]
        return Html(voice.number("kilowatt_hours", sum(known) * step_h / 1000 if known else None, 1))

    return {"load": kwh("load_power_w"), "sun": kwh("pv_power_w"), "grid": kwh("grid_power_w")}


def outages_text(engine: Engine, voice: Voice, plan: OutageSchedule | None) -> str:
    """Return the last outages, newest first, and whether they were planned where the plan still says so."""
    if not queries.devices(engine):
        return voice("no_history")
    spans = queries.outages(engine, start=voice.now - timedelta(days=7), end=voice.now)
    lost = [span for span in spans if span.state is Grid.OFF][-SHOWN:]
    if not lost:
        return voice("no_recorded_outages")
    return lines(voice("outages_title"), *(_outage(voice, span, plan) for span in reversed(lost)))


def _outage(voice: Voice, span: GridSpan, plan: OutageSchedule | None) -> str:
    status = expected_around(plan, span.start)
    planned = Html("")
    if status.expected in PLANNED:
        planned = voice("is_planned")
    elif status.expected is Expected.LIGHT:
        planned = voice("is_unplanned")
    lasted = voice.lasted(span.end - span.start)
    if voice.now - span.end < queries.SILENCE:
        return voice("outage_now", began=voice.time(span.start), lasted=lasted, planned=planned)
    return voice("outage_line", window=voice.span(span.start, span.end), lasted=lasted, planned=planned)
