"""The journal on disk. A dry run has its own, so that it neither forgets nor restores real actions."""

import fcntl
import time
from pathlib import Path
from typing import TextIO

from services.tuya.journal import Journal
from services.tuya.settings import TuyaSettings
from shared.conditions import files, plugs
from shared.conditions.system import os_reason
from shared.errors import ConfigError, StorageError
from shared.files import OURS_ALONE
from shared.health import Health
from shared.state_file import StateFile

SETTING = "TUYA_JOURNAL_FILE"
LOCK_PATIENCE_S = 5.0
"""A restarted service may wait for its predecessor to end."""
LOCK_PAUSE_S = 0.1


class JournalFile:
    """Loads and saves the journal, and reports if that fails."""

    def __init__(self, settings: TuyaSettings, health: Health) -> None:
        file = settings.tuya_journal_file
        path = file.with_suffix(".dry_run.json") if settings.tuya_dry_run else file
        self._path = path
        self._file = StateFile(SETTING, path, Journal, mode=OURS_ALONE)
        self._health = health

    def load(self) -> Journal:
        """Return the journal. A damaged one is reported and set aside. Raises ConfigError if it is unusable."""
        self._lock = self._locked()
        journal = self._file.load(self._report_damaged)
        try:
            self._file.save(journal)  # better to notice an unwritable one now than in an outage
        except StorageError as error:
            raise ConfigError(error.reason) from None
        return journal

    def _locked(self) -> TextIO:
        """Return an open file that locks the journal while this process lives."""
        file = self._path.with_name(f".{self._path.name}.lock")
        try:
            opened = file.open("a")
        except OSError as error:
            cause = os_reason(error)
            raise ConfigError(files.unwritable(name=SETTING, file=str(file), cause=cause)) from None
        until_s = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > until_s:
                    opened.close()
                    raise ConfigError(plugs.journal_in_use(file=str(self._path))) from None
                time.sleep(LOCK_PAUSE_S)
            else:
                return opened

    def save(self, journal: Journal) -> None:
        """Replace the journal, and wait until it is on disk. Raises StorageError, and then nothing may be switched."""
        try:
            self._file.save(journal)
        except StorageError as error:
            self._health.report("journal", plugs.journal_unwritable(cause=error.reason))
            raise
        self._health.report("journal", None)

    def _report_damaged(self, aside: Path) -> None:
        self._health.report("damaged", plugs.journal_damaged(file=str(aside)))


def peek(file: Path) -> Journal:
    """Return the journal without changing anything. Raises ConfigError."""
    return StateFile(SETTING, file, Journal).peek()
