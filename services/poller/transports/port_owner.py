"""Which program listens on a TCP port of this machine, as far as /proc shows it."""

import re
from collections.abc import Iterator
from pathlib import Path

from shared.conditions import Reason, poller

LISTEN = "0A"
"""The state of a listening socket in /proc/net/tcp."""


def port_taken(port: int) -> Reason:
    """Return the reason that another program has a port, with its name and process id if we may see them."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if sockets.intersection(_open_files(process)):
            return poller.port_taken_by(port=port, program=_name(process), process=int(process.name))
    return poller.port_taken(port=port)


def _listening_inodes(port: int) -> Iterator[str]:
    """Return the inodes of the sockets that listen on a port; see proc(5) for the columns."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _text(Path(table)).splitlines()[1:]:
            fields = line.split()
            if re.search(f":{port:04X}$", fields[1]) and fields[3] == LISTEN:
                yield fields[9]


def _open_files(process: Path) -> Iterator[str]:
    try:
        for file in (process / "fd").iterdir():
            yield str(file.readlink())
    except OSError:
        return  # it has ended, or belongs to another user


def _name(process: Path) -> str:
    return _text(process / "comm").strip() or "?"


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
