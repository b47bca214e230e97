"""Work that takes minutes and must not delay the recording: salvaging damaged databases, and the nightly backup."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

from services.recorder.mending import mend, mended, pending
from services.recorder.nightly_backup import BackupError, Backups
from services.recorder.store import Store, open_store, set_aside
from shared.backoff import Backoff
from shared.clock import Clock, utc_now
from shared.conditions import storage
from shared.errors import DamagedError, StorageError
from shared.health import Health

log = logging.getLogger("recorder")

T = TypeVar("T")

LOOK_S = 5.0
BUSY_S, REST_S = 0.05, 0.05
"""Half of the time is left for the recording."""
RETRY_FIRST_S, RETRY_MOST_S = 5.0, 600.0
BACKUP_RETRY_S = 1800.0


class StoppedError(Exception):
    """The recorder is stopping: unfinished work starts over after the next start."""


class Pace:
    """Sleeps half of the time, and ends the work when the recorder stops."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._stopping = threading.Event()

    def breathe(self) -> None:
        """Sleep if it has worked for long enough. Raises StoppedError."""
        if self._stopping.is_set():
            raise StoppedError
        if time.monotonic() - self._since > BUSY_S:
            self._stopping.wait(REST_S)
            self._since = time.monotonic()

    def stop(self) -> None:
        """End the work."""
        self._stopping.set()


class Caretaker:
    """Salvages and backs up one SQLite file, in parallel with the recording and with its own connections."""

    def __init__(self, place: Path, backups: Backups | None, zone: tzinfo, health: Health, clock: Clock) -> None:
        self._place, self._backups, self._zone = place, backups, zone
        self._health, self._clock = health, clock
        self._pace = Pace()
        self._backup_due = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
        if waiting := pending(self._place):
            self._health.report("damaged", storage.salvaging(name=waiting[0].name))
        elif done := mended(self._place, utc_now()):
            self._health.report("damaged", done.reason())
        try:
            while True:
                pause = LOOK_S
                try:
                    await self._mend()
                    self._health.report("salvage", None)
                    backoff.reset()
                    await self._back_up()
                except StorageError as error:
                    self._health.report("salvage", error.reason)
                    pause = backoff.next_s()
                await asyncio.sleep(pause)
        finally:
            self._pace.stop()

    async def _mend(self) -> None:
        for damaged in pending(self._place):
            backup = self._backups.newest() if self._backups else None
            done = await self._work(lambda store: mend(damaged, store, backup, utc_now(), self._pace.breathe))  # noqa: B023
            self._health.report("damaged", done.reason())

    async def _back_up(self) -> None:
        if self._backups is None or not self._clock.trusted or time.monotonic() < self._backup_due:
            return
        self._backup_due = time.monotonic() + BACKUP_RETRY_S
        backups, now = self._backups, self._clock.now()
        try:
            made = await self._work(lambda store: backups.make(store, now, self._zone, self._pace.breathe))
            self._health.report("backup", None)
            if made:
                log.info("The backup of the night is %s.", made)
        except DamagedError as damage:
            self._health.report("damaged", set_aside(damage, utc_now()))
            self._backup_due = 0.0  # as soon as it is salvaged
        except BackupError as error:
            self._health.report("backup", error.reason)
        except StorageError as error:  # the database is busy; if that lasts, the recording reports it
            log.info("The backup of the night has to wait. %s", error)
            self._backup_due = 0.0

    async def _work(self, work: Callable[[Store], T]) -> T:
        def with_store() -> T:
            with closing(open_store(self._place)) as store:
                return work(store)

        return await asyncio.to_thread(with_store)
