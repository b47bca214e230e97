"""Upkeep of the database: roll-ups, outage records, compression, retention.

It runs in small transactions between two batches. A kill loses nothing: the ledger of what is due is written in the
transaction of the rows themselves.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, select

from services.recorder import dead_letters, outage_records
from services.recorder.compress import Compressor
from services.recorder.hour_check import HourCheck
from services.recorder.ledger import Chunk, lock_runs, lock_upkeep, next_chunk, purge_horizon, settle
from services.recorder.partition_upkeep import tend_partitions
from services.recorder.retention import note, purge, set_note
from services.recorder.rollups import Rollups
from services.recorder.rows import MAX_AHEAD
from services.recorder.store import Store
from services.recorder.undated import Dating
from shared.conditions import Reason
from shared.conditions import clock as conditions
from shared.history.derived import DAY, HOUR_MS, SOURCES, ZONE_NOTE
from shared.history.homes import split_name
from shared.history.tables import grid_state, inverter_state, outage_schedule, to_ms

INTERVAL_S = 60.0
"""Between two runs; queries read newer readings from the rows."""
SOON_S = 5.0
"""The pause after a full batch: a recorder that was away catches up quickly."""
BUDGET_S = 0.2
"""How long the next batch may have to wait."""
COMPRESS_AFTER = timedelta(days=10)
"""Longer than the broker queues messages for an absent recorder, so that hardly any hour is compressed twice."""


class Upkeep:
    """Upkeep in bounded portions between two batches."""

    def __init__(
        self,
        store: Store,
        zone: ZoneInfo,
        raw_days: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        dating: Dating | None = None,
        copies: Callable[[], Sequence[Path]] = tuple,
    ) -> None:
        self._store, self._zone, self._raw_days = store, zone, raw_days
        self._dating = dating
        self._compressor = Compressor(store)
        self.hours = HourCheck(store, copies)
        self._clock = clock
        self._idle_until = clock()
        self._zone_checked = False

    def work(self, now: datetime, *, trusted: bool = True) -> bool:
        """Do what is due, within the budget, and return whether it was time to look for it.

        Raises StorageError if the database cannot be written. While the clock is not trusted, nothing is done that
        cannot be repeated.
        """
        started = self._clock()
        if started < self._idle_until:
            return False
        if not self._zone_checked:
            self._store.run(self._check_zone)
            self._zone_checked = True
        while self._clock() - started < BUDGET_S:
            if not self._step(now, trusted=trusted):
                self._idle_until = self._clock() + INTERVAL_S
                self.hours.work()
                break
        return True

    def run_now(self) -> None:
        """Run again soon, as many messages have arrived at once."""
        self._idle_until = min(self._idle_until, self._clock() + SOON_S)

    def finish(self, now: datetime) -> None:
        """Do everything that is due, however long it takes."""
        self._store.run(self._check_zone)
        while self._step(now, trusted=True):
            pass

    def disagreement(self, now: datetime) -> Reason | None:
        """Return what to report if the clock is behind the readings: one of them is wrong."""
        newest = self._store.newest()
        behind = newest is not None and now < newest - MAX_AHEAD
        return conditions.disagrees(now=now, newest=newest) if newest and behind else None

    def _step(self, now: datetime, *, trusted: bool) -> bool:
        """Do the first thing that is due; return whether there was any. Roll-ups come before purging."""
        newest = self._store.newest()
        return (
            (trusted and dead_letters.record_early(self._store, now))
            or (self._dating is not None and self._dating.step())
            # a running outage is computed up to now, or to the last measurement
            or self._store.run(
                partial(
                    self._process_chunk,
                    now=newest if newest and not trusted else now,
                    closed_by=to_ms(max(now, newest) if newest else now),
                )
            )
            or (trusted and not self.disagreement(now) and self._step_for_good(now))
        )

    def _step_for_good(self, now: datetime) -> bool:
        """Do the first due thing that cannot be undone."""
        cutoff = to_ms(now - COMPRESS_AFTER)
        if self._compressor.has_work:  # it keeps what it found to do between portions
            return self._compressor.work(cutoff)
        return (
            tend_partitions(self._store, now, COMPRESS_AFTER)
            or purge(self._store, self._raw_days, now)
            or self._compressor.work(cutoff)
        )

    def _process_chunk(self, connection: Connection, now: datetime, closed_by: int) -> bool:
        lock_upkeep(connection)
        chunk = next_chunk(connection, closed_by)
        if chunk is None:
            return False
        # nothing can be recomputed from purged rows: what was derived from them stays
        horizon = purge_horizon(connection, chunk.source)
        if chunk.source == grid_state.name:
            lock_runs(connection, chunk.devices)
        if chunk.source in SOURCES:
            Rollups(connection, SOURCES[chunk.source], chunk.devices).refresh(
                chunk.start, chunk.end, self._zone, horizon
            )
        if max(chunk.start, horizon) < chunk.end:
            self._refresh_outages(connection, chunk, max(chunk.start, horizon), now)
        settle(connection, chunk)
        return True

    def _refresh_outages(self, connection: Connection, chunk: Chunk, start: int, now: datetime) -> None:
        homes = sorted({split_name(device)[0] for device in chunk.devices})
        if chunk.source == inverter_state.name:
            homes = outage_records.homes_with_outages(connection, homes, start, chunk.end)
        for home in homes:
            scope = outage_records.Scope(home, self._zone, now)
            if chunk.source == grid_state.name:
                outage_records.refresh(connection, scope, start, chunk.end)
            elif chunk.source == outage_schedule.name:
                outage_records.refresh_schedule(connection, scope, start)
            elif chunk.source == inverter_state.name:
                outage_records.refresh_figures(connection, scope, start, chunk.end)

    def _check_zone(self, connection: Connection) -> None:
        """Recompute all days if they were computed in another time zone."""
        lock_upkeep(connection)
        before = note(connection, ZONE_NOTE)
        if before == self._zone.key:
            return
        for source in SOURCES.values() if before else ():
            days = source.rollup.c
            query = select(days.device, func.min(days.at), func.max(days.at)).where(days.step == DAY)
            spans = connection.execute(query.group_by(days.device)).all()
            connection.execute(delete(source.rollup).where(days.step == DAY))
            for device, first, last in spans:
                Rollups(connection, source, [device]).refresh_days(first, last + 25 * HOUR_MS, self._zone)
        set_note(connection, ZONE_NOTE, self._zone.key)
