"""Sessions that were ended by logging out. A copied cookie of one opens nothing any more, even after a restart."""

import logging
import secrets
import threading
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from shared.errors import ConfigError, StorageError
from shared.files import OURS_ALONE
from shared.state_file import StateFile

log = logging.getLogger("access")

SETTING = "DASHBOARD_STATE_DIR"
Seconds = Annotated[float, Field(ge=0, le=253_000_000_000)]
"""A moment in seconds since 1970, in a year that a calendar has."""


class EndedContent(RootModel[dict[str, Seconds]]):
    """The file: when each session ended."""

    root: dict[str, Seconds] = {}


def new_session() -> str:
    """Return an identity for a session."""
    return secrets.token_urlsafe(16)


class EndedSessions:
    """Identities of ended sessions with the time they ended, in a file where one is given.

    They are forgotten after `lifetime_s`, when their cookies are no longer valid by themselves.
    """

    def __init__(self, lifetime_s: float, file: Path | None = None) -> None:
        self._lifetime_s = lifetime_s
        self._file = StateFile(SETTING, file, EndedContent, mode=OURS_ALONE) if file else None
        self._lock = threading.Lock()
        self._ended = _stored(self._file) if self._file else {}

    def __contains__(self, session: str) -> bool:
        return session in self._ended

    def end(self, session: str, now_s: float) -> None:
        """End a session."""
        with self._lock:
            kept = {name: at for name, at in self._ended.items() if now_s - at <= self._lifetime_s}
            self._ended = kept | {session: now_s}
            self._store()

    def _store(self) -> None:
        if not self._file:
            return
        try:
            self._file.save(EndedContent(self._ended))
        except StorageError as error:
            log.warning("%s The ended session is valid again after a restart.", error)


def _stored(file: StateFile[EndedContent]) -> dict[str, float]:
    """Return the content of a file; nothing if it is missing or damaged."""
    try:
        return file.peek().root
    except ConfigError as error:
        log.warning("%s Sessions that were ended may be valid again.", error)
        return {}
