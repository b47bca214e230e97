"""Sessions that were ended by logging out. A copied cookie of one opens nothing any more, even after a restart."""

import json
import logging
import secrets
import threading
from pathlib import Path

from shared.conditions.system import os_reason
from shared.files import OURS_ALONE, replace_atomically

log = logging.getLogger("access")


def new_session() -> str:
    """Return an identity for a session."""
    return secrets.token_urlsafe(16)


class EndedSessions:
    """Identities of ended sessions with the time they ended, in a file where one is given.

    They are forgotten after `lifetime_s`, when their cookies are no longer valid by themselves.
    """

    def __init__(self, lifetime_s: float, file: Path | None = None) -> None:
        self._lifetime_s = lifetime_s
        self._file = file
        self._lock = threading.Lock()
        self._ended = _stored(file) if file else {}

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
            replace_atomically(self._file, json.dumps(self._ended), mode=OURS_ALONE)
        except OSError as error:
            log.warning(
                "%s cannot be written (%s): the ended session is valid again after a restart.",
                self._file,
                os_reason(error),
            )


def _stored(file: Path) -> dict[str, float]:
    """Return what a file says; nothing where it is missing or damaged."""
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        log.warning("%s cannot be read: sessions that were ended may be valid again.", file)
        return {}
    known = found.items() if isinstance(found, dict) else ()
    return {name: float(at) for name, at in known if isinstance(at, int | float)}
