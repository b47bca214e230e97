"""Aggregates readings into five-minute roll-ups, and those into hours and days. Pure."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from services.recorder.energy import counter_increase, integrate, plausible
from shared.energy import Energy
from shared.history.derived import DAY, FIVE_MINUTES, HOUR_MS, STEP_MS, Source

Aggregate = dict[str, Any]
"""A row of a roll-up table without its device."""


def five_minutes(source: Source, rows: Sequence[Sequence[Any]], start: int, end: int) -> list[Aggregate]:
    """Return the roll-ups from `start` up to `end`; `rows` (at, *fields) extend five minutes beyond on both sides."""
    if not rows:
        return []
    times, *columns = zip(*rows, strict=True)
    by_field = dict(zip(source.fields, columns, strict=True))
    edges = range(start, end + 1, STEP_MS)
    energies = {
        field: integrate(
            [(at, value) for at, value in zip(times, by_field[field], strict=True) if value is not None], edges
        )
        for field in source.flows
    }
    result = []
    for index, (begin, finish) in enumerate(pairwise(edges)):
        low, high = bisect_left(times, begin), bisect_left(times, finish)
        if low < high:
            aggregate: Aggregate = {"step": FIVE_MINUTES, "at": begin, "n": high - low}
            for field, column in by_field.items():
                aggregate |= _min_mean_max(field, [value for value in column[low:high] if value is not None])
            result.append(aggregate | _energy_columns(source, {name: kwh[index] for name, kwh in energies.items()}))
    return result


def _min_mean_max(field: str, values: Sequence[float]) -> Aggregate:
    if not values:
        return {f"{field}_min": None, f"{field}_mean": None, f"{field}_max": None}
    return {f"{field}_min": min(values), f"{field}_mean": sum(values) / len(values), f"{field}_max": max(values)}


def _energy_columns(source: Source, energies: Mapping[str, Energy | None]) -> Aggregate:
    aggregate: Aggregate = {}
    for field, (positive, negative) in source.flows.items():
        energy = energies[field]
        if positive:
            aggregate[positive] = energy and energy.positive
        if negative:
            aggregate[negative] = energy and energy.negative
    return aggregate


def min_mean_max(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Return the number of readings (*fields), then min, mean and max of each field."""
    figures: list[Any] = [len(rows)]
    if len(rows) == 1:  # the usual case, several times as fast
        return figures + [value for value in rows[0] for _ in range(3)]
    for column in zip(*rows, strict=True):
        known = [value for value in column if value is not None] if None in column else column
        figures += (min(known), sum(known) / len(known), max(known)) if known else (None, None, None)
    return figures


def combine(source: Source, rows: Sequence[Mapping[str, Any]], step: int, at: int) -> Aggregate:
    """Return the roll-up over five-minute ones; means are weighted by the number of readings."""
    aggregate: Aggregate = {"step": step, "at": at, "n": sum(row["n"] for row in rows)}
    aggregate["known_h"] = len(rows) * STEP_MS / HOUR_MS
    for field in source.fields:
        known = [row for row in rows if row[f"{field}_mean"] is not None]
        weight = sum(row["n"] for row in known)
        aggregate[f"{field}_min"] = min((row[f"{field}_min"] for row in known), default=None)
        aggregate[f"{field}_mean"] = sum(row[f"{field}_mean"] * row["n"] for row in known) / weight if known else None
        aggregate[f"{field}_max"] = max((row[f"{field}_max"] for row in known), default=None)
    for name in source.energies:
        values = [row[name] for row in rows if row[name] is not None]
        aggregate[name] = sum(values) if values else None
    return aggregate


def combine_day(
    source: Source, rows: Sequence[Mapping[str, Any]], at: int, before: Mapping[str, Any] | None
) -> Aggregate:
    """Return the roll-up of a day; PV energy is taken from the inverter's counters if they are plausible.

    `before` is the last five-minute roll-up of the previous evening, if there is one.
    """
    aggregate = combine(source, rows, DAY, at)
    if "pv_kwh" in aggregate:
        # readings may be missing, but a counter keeps counting
        unknown_h = ((rows[-1]["at"] + STEP_MS - at) - len(rows) * STEP_MS) / HOUR_MS
        peak_kw = (aggregate["pv_power_w_max"] or 0) / 1000
        for counter in _counters(rows, before):
            if plausible(counter, aggregate["pv_kwh"], unknown_h, peak_kw):
                aggregate["pv_kwh"] = counter
                break
    return aggregate


def by_hour(rows: Sequence[Mapping[str, Any]], name: str, local_hour: Callable[[int], int]) -> list[float | None]:
    """Return an energy by the 24 local hours, one of which is repeated or skipped when the clocks change.

    `local_hour` returns that hour for a time in ms.
    """
    found: list[float | None] = [None] * 24
    for row in rows:
        if row[name] is not None:
            hour = local_hour(row["at"])
            found[hour] = (found[hour] or 0.0) + row[name]
    return found


def _counters(rows: Sequence[Mapping[str, Any]], before: Mapping[str, Any] | None) -> Iterator[float]:
    """Yield the day's energy by the daily counter, which starts at zero, then by the lifetime counter."""
    today = _known(rows, "pv_energy_today_kwh_max")
    if today:
        yield counter_increase(today, (before and before["pv_energy_today_kwh_max"]) or 0.0)
    total = _known(rows, "pv_energy_total_kwh_max")
    if total:
        yield counter_increase(total, (before and before["pv_energy_total_kwh_max"]) or total[0])


def _known(rows: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]
