"""What all plugs have in common: the journal, the rules and the grid. Pure, but for the function that saves."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.tuya.grid_rules import Rules
from services.tuya.journal import Journal
from shared.messages import GridState


@dataclass(frozen=True)
class SharedState:
    """What all plugs have in common; the journal in it is on disk."""

    journal: Journal
    rules: Rules
    grid: GridState | None = None


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
