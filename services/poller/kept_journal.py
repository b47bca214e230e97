"""The journal of an inverter's settings, in memory and on disk."""

from collections.abc import Callable, Collection
from pathlib import Path

from services.poller.setting_journal import SettingJournal, dated, is_changed, redated
from shared.clock import Clock
from shared.conditions import inverter_settings as control
from shared.errors import ConfigError, StorageError
from shared.health import Reporter
from shared.state_file import StateFile
from shared.trusted_time import ClockChange

HANDED_OVER = "left"
"""The mark in the name of a journal that was set aside."""


def left_journals(folder: Path, names: Collection[str]) -> dict[Path, SettingJournal]:
    """Return the journals of none of these names that have settings to be put back, by their files.

    One that is damaged has none: whoever reads it for its own reports that.
    """
    others = (file for file in folder.glob("*.json") if file.stem not in names)
    journals = {file: _peeked(file) for file in (*others, *folder.glob(f"*.json.{HANDED_OVER}-*"))}
    return {file: journal for file, journal in journals.items() if is_changed(journal)}


def _peeked(file: Path) -> SettingJournal:
    try:
        return StateFile("INVERTER_JOURNAL_DIR", file, SettingJournal).peek()
    except ConfigError:
        return SettingJournal()


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

    def hand_over(self, own: SettingJournal) -> None:
        """Set the journal aside for another inverter to take over, and begin one. Raises StorageError."""
        self.require(self.content)
        self._file.set_aside(HANDED_OVER)
        self.keep(own)

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
