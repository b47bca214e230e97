"""Where targets keep the files that they read: in memory where possible, and gone after the run."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

MEMORY = Path("/dev/shm")


@cache
def folder(name: str) -> Path:
    """Return a directory of this process; the same for the same name."""
    return Path(tempfile.mkdtemp(prefix=f"{name}-"))


@contextmanager
def kept_in(place: Path) -> Iterator[None]:
    """Keep everything temporary there meanwhile."""
    before, tempfile.tempdir = tempfile.tempdir, str(place)
    folder.cache_clear()
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def kept_in_memory() -> Iterator[None]:
    """Keep everything temporary in memory, and remove it afterwards."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place) as found, kept_in(Path(found)):
        yield
