"""Who has a TCP port of this machine, as far as we may see it: /proc knows."""

import re
from collections.abc import Iterator
from pathlib import Path

LISTENS = "0A"


def owner_of(port: int) -> str:
    """Return the program that listens on a port, such as "python3 (process 123)", or "another program"."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if sockets.intersection(_open_files(process)):
            return f"{_name(process)} (process {process.name})"
    return "another program"


def _listening(port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on a port; see proc(5) for the columns."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _text(Path(table)).splitlines()[1:]:
            fields = line.split()
            if re.search(f":{port:04X}$", fields[1]) and fields[3] == LISTENS:
                yield fields[9]


def _open_files(process: Path) -> Iterator[str]:
    try:
        for file in (process / "fd").iterdir():
            yield str(file.readlink())
    except OSError:
        return  # it has ended, or belongs to somebody else


def _name(process: Path) -> str:
    return _text(process / "comm").strip() or "a program"


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
