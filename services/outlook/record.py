"""The record of the home, kept in memory: read completely once a day, and otherwise only its last day."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from services.outlook.history import History
from services.outlook.live import joined
from services.outlook.recorded_history import read_history, recorded_since
from services.outlook.settings import OutlookSettings
from services.outlook.steps import LONGEST_DAYS, STEP_S
from shared.errors import StorageError
from shared.health import Reporter
from shared.history.engine import reader
from shared.history.queries import Session

log = logging.getLogger("outlook")

WHOLE_EVERY = timedelta(days=1)
"""So corrections are noticed at most a day later."""


class Record:
    """The history from the recorder's database, and when it was read. Not thread-safe."""

    def __init__(self, settings: OutlookSettings, health: Reporter) -> None:
        self._engine = reader(settings.database, settings.database_home)
        self._file = settings.database if isinstance(settings.database, Path) else None
        self._zone = settings.time_zone
        self._health = health
        self._history = History(time=(), time_zone=self._zone)
        self._whole_at: datetime | None = None
        self._since: datetime | None = None

    def refresh(self, now: datetime) -> History:
        """Return the history up to now; if the database cannot be read, the one known before."""
        if self._file and not self._file.exists():
            return self._history
        try:
            self._read(now)
        except StorageError as error:
            self._health.report("history", error.reason)
        else:
            self._health.report("history", None)
        return self._history

    def forget(self) -> None:
        """Read everything again next time: the clock was set."""
        self._whole_at = None

    def _read(self, now: datetime) -> None:
        with Session(self._engine) as session:
            since = recorded_since(session)
            whole = self._is_whole_due(since, now)
            days = LONGEST_DAYS if whole else 1
            found = read_history(session, now, time_zone=self._zone, days=days)
        if whole:
            self._history, self._whole_at, self._since = found, now, since
        else:
            since_s = (now.timestamp() // STEP_S - days * 288) * STEP_S
            self._history = joined(self._history, found, since_s)

    def _is_whole_due(self, since: datetime | None, now: datetime) -> bool:
        """Whether to read everything: a restored or imported history begins earlier than the one before."""
        if self._whole_at is None or not len(self._history.time) or now - self._whole_at >= WHOLE_EVERY:
            return True
        return since is not None and (self._since is None or since < self._since)
