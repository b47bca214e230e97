"""The key that signs sessions: in a file of its own, so that a restart throws nobody out."""

import logging
import os
import secrets
from pathlib import Path

log = logging.getLogger("access")

LENGTH = 32


def signing_key(directory: Path) -> bytes:
    """Return the key that is kept in a directory; the first time, or where it is damaged, a new one."""
    file = directory / "signing-key"
    try:
        return _kept(file) or _made(file)
    except OSError as error:
        log.warning("%s cannot be kept (%s): everybody has to log in again after a restart.", file, error.strerror)
        return secrets.token_bytes(LENGTH)


def _kept(file: Path) -> bytes | None:
    if not file.exists():
        return None
    file.chmod(0o600)
    key = file.read_bytes()
    return key if len(key) == LENGTH else None


def _made(file: Path) -> bytes:
    """Write it beside its place and rename it: a power cut leaves a whole key or none."""
    key = secrets.token_bytes(LENGTH)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    with draft.open("wb") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    return key
