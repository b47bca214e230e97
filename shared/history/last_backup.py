"""The last good backup of a SQLite database, as recorded in it."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select

from shared.history.derived import upkeep_note
from shared.history.queries import Database, rows_of
from shared.messages import iso

NOTE = "last_backup"


@dataclass(frozen=True)
class LastBackup:
    """A checked copy, and the moment of its content."""

    file: Path
    at: datetime

    def to_json(self) -> str:
        """Return it as it is stored."""
        return json.dumps({"file": str(self.file), "at": iso(self.at)})

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Return what is stored, or None if another version or a bad disk has left something else."""
        try:
            value = json.loads(text)
            return cls(Path(value["file"]), datetime.fromisoformat(value["at"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


def last_backup(database: Database) -> LastBackup | None:
    """Return the last good backup, or None if none is known. Raises StorageError."""
    rows = rows_of(database, select(upkeep_note.c.value).where(upkeep_note.c.name == NOTE))
    return LastBackup.from_json(rows[0].value) if rows else None
