"""The roll-ups of devices: the running step grows with each reading, others are recomputed from the readings."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, tuple_

from services.recorder import aggregation
from services.recorder.statements import extension
from shared.energy import GAP_MS
from shared.history.derived import DAY, FIVE_MINUTES, HOUR, HOUR_MS, LONGEST_DAY_MS, SOURCES, STEP_MS, Source
from shared.history.local_days import midnight, next_midnight
from shared.history.readings import readings_by_device
from shared.history.tables import from_ms, to_json

VERSION_BITS = 31
"""So that the sum over any number of days fits into 64."""


Steps = Mapping[str, Sequence[Any]]
"""Rows of a roll-up by device, ordered by time."""


@dataclass(frozen=True)
class Rollups:
    """The roll-ups of some devices of a source, in an open transaction, with as many statements for any number."""

    connection: Connection
    source: Source
    devices: Sequence[str]

    def refresh(self, start: int, end: int, zone: tzinfo, horizon: int) -> None:
        """Recompute the roll-ups that readings from `start` up to `end` contribute to.

        Before `horizon` the readings were purged: existing roll-ups stay, only missing ones are added.
        """
        first, last = start - STEP_MS, end + STEP_MS  # energy between two readings may belong to the next step
        computed = self._computed(first, last)
        existing = self._existing(first, min(last, horizon)) if horizon > first else set()
        since = min(max(first, horizon), last)
        missing = [row for row in computed if (row["device"], row["at"]) not in existing]
        self._replace(FIVE_MINUTES, since, last, missing)
        self._refresh_hours(first // HOUR_MS * HOUR_MS, -(-last // HOUR_MS) * HOUR_MS)
        self.refresh_days(first, last + HOUR_MS, zone)  # a day starts from the counters of the evening before

    def refresh_days(self, start: int, end: int, zone: tzinfo) -> None:
        """Recompute all local days that overlap `start` up to `end`."""
        at = midnight(start, zone)
        while at < end:
            following = next_midnight(at, zone)
            days = []
            for device, steps in self._five_minutes(at - HOUR_MS, following).items():
                rows = [row for row in steps if row["at"] >= at]
                before = steps[-len(rows) - 1] if len(steps) > len(rows) else None
                if rows:
                    days.append({"device": device} | self._day(rows, at, before, zone))
            self._replace(DAY, at, following, days)
            at = following

    def refresh_steps(self, start: int, end: int) -> None:
        """Recompute the five-minute roll-ups from `start` up to `end`."""
        self._replace(FIVE_MINUTES, start, end, self._computed(start, end))

    def _computed(self, start: int, end: int) -> list[aggregation.Aggregate]:
        span = (start - GAP_MS, end + GAP_MS + 1)
        found = readings_by_device(self.connection, self.source.raw, self.source.fields, self.devices, span)
        return [
            {"device": device} | step
            for device, samples in found.items()
            for step in aggregation.five_minutes(self.source, samples, start, end)
        ]

    def _day(self, rows: Sequence[Any], at: int, before: Any, zone: tzinfo) -> aggregation.Aggregate:
        day = aggregation.combine_day(self.source, rows, at, before) | {"version": secrets.randbits(VERSION_BITS)}
        if name := self.source.by_hour:
            hours = aggregation.by_hour(rows, name, lambda ms: from_ms(ms).astimezone(zone).hour)
            day[f"{name}_by_hour"] = to_json(hours)
        return day

    def _refresh_hours(self, start: int, end: int) -> None:
        hours: dict[tuple[str, int], list[Any]] = {}
        for device, steps in self._five_minutes(start, end).items():
            for row in steps:
                hours.setdefault((device, row["at"] // HOUR_MS * HOUR_MS), []).append(row)
        rows = [
            {"device": device} | aggregation.combine(self.source, steps, HOUR, at)
            for (device, at), steps in hours.items()
        ]
        self._replace(HOUR, start, end, rows)

    def _existing(self, start: int, end: int) -> set[tuple[str, int]]:
        rollup = self.source.rollup.c
        query = select(rollup.device, rollup.at).where(*self._where(FIVE_MINUTES, start, end))
        return {(row.device, row.at) for row in self.connection.execute(query)}

    def _five_minutes(self, start: int, end: int) -> Steps:
        where, rollup = self._where(FIVE_MINUTES, start, end), self.source.rollup.c
        query = select(self.source.rollup).where(*where).order_by(rollup.device, rollup.at)
        found: dict[str, list[Any]] = {}
        for row in self.connection.execute(query).mappings():
            found.setdefault(row["device"], []).append(row)
        return found

    def _replace(self, step: int, start: int, end: int, rows: Sequence[aggregation.Aggregate]) -> None:
        """Replace the roll-ups of a span, except those made of more readings than there are now.

        Readings never become fewer, unless they were purged, or lost with a damaged page; see also forget_rollups.
        """
        rollup, counts = self.source.rollup.c, {(row["device"], row["at"]): row["n"] for row in rows}
        query = select(rollup.device, rollup.at, rollup.n).where(*self._where(step, start, end))
        better = {(device, at) for device, at, n in self.connection.execute(query) if n > counts.get((device, at), 0)}
        where = self._where(step, start, end)
        if better:
            where = (*where, tuple_(rollup.device, rollup.at).not_in(sorted(better)))
        self.connection.execute(delete(self.source.rollup).where(*where))
        rows = [row for row in rows if (row["device"], row["at"]) not in better]
        if rows:
            self.connection.execute(insert(self.source.rollup), rows)

    def _where(self, step: int, start: int, end: int) -> Sequence[Any]:
        rollup = self.source.rollup.c
        return rollup.device.in_(self.devices), rollup.step == step, rollup.at >= start, rollup.at < end


def forget_rollups(connection: Connection, source: Source, readings: Iterable[tuple[str, int]]) -> None:
    """Delete the roll-ups with readings (device, at) that belong to another time; upkeep recomputes them.

    Their steps have to be marked as due.
    """
    rollup = source.rollup.c
    for device, at in sorted({(device, at // STEP_MS * STEP_MS) for device, at in readings}):
        steps = and_(rollup.step == FIVE_MINUTES, rollup.at == at)
        hours = and_(rollup.step == HOUR, rollup.at == at // HOUR_MS * HOUR_MS)
        days = and_(rollup.step == DAY, rollup.at > at - LONGEST_DAY_MS, rollup.at <= at)
        connection.execute(delete(source.rollup).where(rollup.device == device, or_(steps, hours, days)))


def extend_steps(connection: Connection, source: Source, rows: Iterable[Sequence[Any]]) -> None:
    """Add new readings (the columns of the raw table) to their five-minute roll-ups, except the energy.

    Upkeep recomputes that with the hour and the day, as it needs the readings before and after.
    """
    pick = _picker(source.raw.name)
    steps: dict[tuple[str, int], list[Sequence[Any]]] = {}
    for row in rows:
        steps.setdefault((row[0], row[1] // STEP_MS * STEP_MS), []).append(pick(row))
    # sorted, so that two recorders cannot deadlock
    parameters = [
        (device, FIVE_MINUTES, at, *aggregation.min_mean_max(steps[device, at])) for device, at in sorted(steps)
    ]
    connection.exec_driver_sql(extension(source.raw.name, connection.dialect.name), parameters)


@cache
def _picker(name: str) -> Any:
    source = SOURCES[name]
    columns = source.raw.columns.keys()
    return itemgetter(*(columns.index(field) for field in source.fields))
