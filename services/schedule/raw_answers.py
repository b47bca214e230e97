"""Raw answers, kept for a week for bug reports: one file per change and source, in a folder of limited size."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

KEEP = timedelta(days=7)
MOST_FILES = 300
MOST_BYTES = 20_000_000
NAME = "{at}-{source}.json"
STAMP = "%Y%m%dT%H%M%SZ"


class RawAnswers:
    """The folder of raw answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: dict[str, object] = {}

    def keep(self, source: str, raw: bytes, now: datetime, *, content: object) -> None:
        """Keep an answer whose content differs from the last one of its source, and delete old ones. Raises OSError."""
        if self._last.get(source) == content:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / NAME.format(at=now.astimezone(UTC).strftime(STAMP), source=source)
        file.write_bytes(raw)
        self._last[source] = content
        self._drop_old(source, now)

    def _drop_old(self, source: str, now: datetime) -> None:
        oldest = (now - KEEP).astimezone(UTC).strftime(STAMP)
        files = sorted(self._folder.glob(f"*Z-{source}.json"), reverse=True)
        size = 0
        for number, file in enumerate(files):
            size += file.stat().st_size
            if file.name < oldest or number >= MOST_FILES or (number and size > MOST_BYTES):
                file.unlink(missing_ok=True)
