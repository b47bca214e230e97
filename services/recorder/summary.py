"""Readings to roll-ups, and small roll-ups to large ones, pure."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from services.recorder.integrate import Flow, counted, energy, plausible
from shared.history.derived import DAY, FIVE_MINUTES, HOUR_MS, STEP_MS, Source

Figures = dict[str, Any]
"""A row of a roll-up without its device."""


def five_minutes(source: Source, rows: Sequence[Sequence[Any]], start: int, end: int) -> list[Figures]:
    """Return the roll-ups from `start` up to `end`, of rows (at, *fields) that reach five minutes farther."""
    if not rows:
        return []
    ats, *columns = zip(*rows, strict=True)
    by_field = dict(zip(source.fields, columns, strict=True))
    edges = range(start, end + 1, STEP_MS)
    flows = {
        field: energy([(at, value) for at, value in zip(ats, by_field[field], strict=True) if value is not None], edges)
        for field in source.flows
    }
    made = []
    for index, (begin, finish) in enumerate(pairwise(edges)):
        low, high = bisect_left(ats, begin), bisect_left(ats, finish)
        if low < high:
            figures: Figures = {"step": FIVE_MINUTES, "at": begin, "n": high - low}
            for field, column in by_field.items():
                figures |= _spread(field, [value for value in column[low:high] if value is not None])
            made.append(figures | _energies(source, {field: flow[index] for field, flow in flows.items()}))
    return made


def _spread(field: str, values: Sequence[float]) -> Figures:
    if not values:
        return {f"{field}_min": None, f"{field}_mean": None, f"{field}_max": None}
    return {f"{field}_min": min(values), f"{field}_mean": sum(values) / len(values), f"{field}_max": max(values)}


def _energies(source: Source, flows: Mapping[str, Flow | None]) -> Figures:
    figures: Figures = {}
    for field, (taken, given) in source.flows.items():
        flow = flows[field]
        if taken:
            figures[taken] = flow and flow.taken
        if given:
            figures[given] = flow and flow.given
    return figures


def combined(source: Source, rows: Sequence[Mapping[str, Any]], step: int, at: int) -> Figures:
    """Return the roll-up of the smaller ones within it, their means weighed by the number of readings."""
    figures: Figures = {"step": step, "at": at, "n": sum(row["n"] for row in rows)}
    for field in source.fields:
        known = [row for row in rows if row[f"{field}_mean"] is not None]
        weight = sum(row["n"] for row in known)
        figures[f"{field}_min"] = min((row[f"{field}_min"] for row in known), default=None)
        figures[f"{field}_mean"] = sum(row[f"{field}_mean"] * row["n"] for row in known) / weight if known else None
        figures[f"{field}_max"] = max((row[f"{field}_max"] for row in known), default=None)
    for name in source.energies:
        values = [row[name] for row in rows if row[name] is not None]
        figures[name] = sum(values) if values else None
    return figures


def day(source: Source, rows: Sequence[Mapping[str, Any]], at: int, before: Mapping[str, Any] | None) -> Figures:
    """Return a day's roll-up; the sun's energy from the inverter's counters where they can be believed.

    `before` is the last five minutes of the evening before, if they were recorded.
    """
    figures = combined(source, rows, DAY, at)
    if "pv_kwh" in figures:
        # the first and last of a day need not be recorded, but a counter knows what went on in between
        unknown_h = ((rows[-1]["at"] + STEP_MS - at) - len(rows) * STEP_MS) / HOUR_MS
        peak_kw = (figures["pv_power_w_max"] or 0) / 1000
        for counter in _counters(rows, before):
            if plausible(counter, figures["pv_kwh"], unknown_h, peak_kw):
                figures["pv_kwh"] = counter
                break
    return figures


def _counters(rows: Sequence[Mapping[str, Any]], before: Mapping[str, Any] | None) -> Iterator[float]:
    """Return what the counters say: the one of today, which begins at nothing, then the total."""
    today = _known(rows, "pv_energy_today_kwh_max")
    if today:
        yield counted(today, (before and before["pv_energy_today_kwh_max"]) or 0.0)
    total = _known(rows, "pv_energy_total_kwh_max")
    if total:
        yield counted(total, (before and before["pv_energy_total_kwh_max"]) or total[0])


def _known(rows: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]
