"""The last good backup of a SQLite database, as the recorder notes it there."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from shared.history.derived import upkeep_note
from shared.history.queries import Database, rows_of
from shared.messages import iso

NOTE = "last_backup"


@dataclass(frozen=True)
class LastBackup:
    """A checked copy, and the moment as of which it is."""

    file: Path
    at: datetime

    def to_json(self) -> str:
        """Return it as it is stored."""
        return json.dumps({"file": str(self.file), "at": iso(self.at)})


def last_backup(database: Database) -> LastBackup | None:
    """Return the last good backup, None if there never was one. Raises StorageError."""
    rows = rows_of(database, select(upkeep_note.c.value).where(upkeep_note.c.name == NOTE))
    if not rows:
        return None
    value = json.loads(rows[0].value)
    return LastBackup(Path(value["file"]), datetime.fromisoformat(value["at"]))
