"""The journal on disk. A dry run has its own, so that it neither forgets nor restores what was really done."""

from pathlib import Path

from services.tuya.journal import Journal
from services.tuya.settings import TuyaSettings
from shared.conditions import plugs
from shared.errors import ConfigError, StorageError
from shared.files import OURS_ALONE
from shared.health import Health
from shared.state_file import StateFile

SETTING = "TUYA_JOURNAL_FILE"


class JournalFile:
    """Loads and saves the journal, and reports where that fails."""

    def __init__(self, settings: TuyaSettings, health: Health) -> None:
        file = settings.tuya_journal_file
        path = file.with_suffix(".dry_run.json") if settings.tuya_dry_run else file
        self._file = StateFile(SETTING, path, Journal, mode=OURS_ALONE)
        self._health = health

    def load(self) -> Journal:
        """Return the journal. A damaged one is reported and set aside. Raises ConfigError where it is unusable."""
        journal = self._file.load(self._report_damaged)
        try:
            self._file.save(journal)  # an unwritable one is better found at the start than in an outage
        except StorageError as error:
            raise ConfigError(error.reason) from None
        return journal

    def save(self, journal: Journal) -> None:
        """Replace the journal; it is on disk when this returns. Raises StorageError: nothing may be switched then."""
        try:
            self._file.save(journal)
        except StorageError as error:
            self._health.report("journal", plugs.journal_unwritable(cause=error.reason))
            raise
        self._health.report("journal", None)

    def _report_damaged(self, aside: Path) -> None:
        self._health.report("damaged", plugs.journal_damaged(file=str(aside)))


def peek(file: Path) -> Journal:
    """Return the journal, and change nothing. Raises ConfigError."""
    return StateFile(SETTING, file, Journal).peek()
