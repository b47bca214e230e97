"""Holds what all plugs have in common, with the journal saved before anybody sees it."""

from collections.abc import Callable
from dataclasses import replace

from services.tuya.journal import Journal
from services.tuya.next_step import SharedState
from shared.messages import GridState


class SharedStateStore:
    """The current shared state. `save` writes a journal to disk, or raises StorageError: then it does not count."""

    def __init__(self, shared: SharedState, save: Callable[[Journal], None] = lambda _: None) -> None:
        self.shared = shared
        self._save = save

    def persist(self, journal: Journal) -> None:
        """Replace the journal. Raises StorageError."""
        self._save(journal)
        self.shared = replace(self.shared, journal=journal)

    def set_grid(self, grid: GridState) -> None:
        """Replace the last message about the grid."""
        self.shared = replace(self.shared, grid=grid)
