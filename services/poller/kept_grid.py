"""The last change of the grid, on disk: a broker may save only once a minute, and lose it in a power cut."""

import logging
from pathlib import Path

from pydantic import BaseModel

from shared.errors import StorageError
from shared.messages import GridState
from shared.state_file import StateFile
from shared.trusted_time import ClockChange

log = logging.getLogger("poller")


class LastChange(BaseModel):
    """The file: the first message of the last change."""

    grid: GridState | None = None


class KeptGrid:
    """Saves each change once, right after it is published. With a full disk, only what the broker loses is lost."""

    def __init__(self, file: Path) -> None:
        self._file = StateFile("INVERTER_JOURNAL_DIR", file, LastChange)
        self.last = self._file.load(_on_damaged).grid

    def keep(self, message: GridState) -> None:
        """Save the first message of each change."""
        if message.transition_id is not None and (
            self.last is None or message.transition_id != self.last.transition_id
        ):
            self._save(message)

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        if self.last and (moved := change.moved(self.last)) != self.last:
            self._save(moved)

    def _save(self, message: GridState) -> None:
        self.last = message
        try:
            self._file.save(LastChange(grid=message))
        except StorageError as error:
            log.warning("%s", error)


def _on_damaged(aside: Path) -> None:
    log.warning("The last change of the grid was damaged on disk and set aside: %s", aside)
