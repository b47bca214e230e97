"""The key that signs sessions, in a file, so that sessions survive a restart."""

import logging
import secrets
from pathlib import Path

from shared.conditions.system import os_reason
from shared.files import OURS_ALONE, replace_atomically

log = logging.getLogger("access")

LENGTH = 32


def signing_key(directory: Path) -> bytes:
    """Return the key stored in a directory; create it if it is missing or damaged."""
    file = directory / "signing-key"
    try:
        return _kept(file) or _made(file)
    except OSError as error:
        log.warning("%s cannot be written (%s): everybody has to log in again after a restart.", file, os_reason(error))
        return secrets.token_bytes(LENGTH)


def _kept(file: Path) -> bytes | None:
    if not file.exists():
        return None
    file.chmod(OURS_ALONE)
    key = file.read_bytes()
    return key if len(key) == LENGTH else None


def _made(file: Path) -> bytes:
    key = secrets.token_bytes(LENGTH)
    replace_atomically(file, key, mode=OURS_ALONE)
    return key
