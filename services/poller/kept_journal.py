"""The journal of an inverter's settings, in memory and on disk."""

from collections.abc import Callable
from pathlib import Path

from services.poller.setting_journal import SettingJournal, dated, redated
from shared.clock import Clock
from shared.conditions import inverter_settings as control
from shared.errors import StorageError
from shared.health import Reporter
from shared.state_file import StateFile
from shared.trusted_time import ClockChange


class KeptJournal:
    """What is known is kept in memory, even if the disk is full; what must be on disk first is saved with `require`."""

    def __init__(self, file: StateFile[SettingJournal], health: Reporter, clock: Clock) -> None:
        self._file = file
        self._health = health
        self._clock = clock
        self.content = dated(file.load(self._on_damaged), clock.now(), trusted=clock.trusted)

    def require(self, journal: SettingJournal) -> None:
        """Keep a journal once it is on disk. Raises StorageError, and then nothing has changed."""
        self._file.save(journal)
        self.content = journal

    def keep(self, journal: SettingJournal) -> None:
        """Keep a journal; if the disk is full, only in memory, and a restart reads the last saved one."""
        if journal == self.content:
            return
        self.content = journal
        try:
            self._file.save(journal)
        except StorageError as error:
            self._health.report("settings_journal", error.reason)
        else:
            self._health.report("settings_journal", None)

    def take_over(self, other: Path, joined: SettingJournal) -> None:
        """Keep a journal merged with the one in another file. Raises StorageError, and then nothing has changed.

        The file moves here first: a kill must not leave two journals that restore the same settings.
        """
        self._file.take_over(other)
        self.keep(dated(joined, self._clock.now(), trusted=self._clock.trusted))

    def remember(self, journal: SettingJournal) -> None:
        """Keep a journal in memory until the next one is saved."""
        self.content = journal

    def change(self, change: Callable[[SettingJournal], SettingJournal]) -> None:
        """Keep the journal after a change."""
        self.keep(change(self.content))

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self.content = dated(redated(self.content, change), self._clock.now(), trusted=self._clock.trusted)

    def _on_damaged(self, aside: Path) -> None:
        self._health.report("settings_journal", control.journal_damaged(file=str(aside)))
