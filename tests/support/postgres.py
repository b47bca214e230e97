"""A PostgreSQL server of its own on a free port, from Debian's package, for as long as a test needs it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.support.broker import free_port
from tests.support.waiting import eventually

NOBODY = 65534


def programs() -> Path | None:
    """Return the directory of the newest server's programs, or None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """A server whose data dies with it. It refuses to run as root, so then it runs as nobody."""

    def __init__(self, directory: Path) -> None:
        found = programs()
        assert found
        self._programs = found
        self._data = directory / "data"
        self._log = directory / "server.log"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user: dict[str, int] = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
        self._data.mkdir(parents=True)
        if self._user:
            shutil.chown(self._data, NOBODY, NOBODY)
            for above in (directory, *directory.parents):
                if above.stat().st_uid == 0 and above.is_relative_to("/tmp"):
                    above.chmod(above.stat().st_mode | 0o011)
        options = ["--auth=trust", "--username=easun", "--no-sync", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", "-D", str(self._data), *options)

    def url(self, database: str = "postgres") -> str:
        """Return where a database of it is."""
        return f"postgresql://easun:hunter2@127.0.0.1:{self._port}/{database}"

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([self._programs / name, *arguments], check=True, capture_output=True, cwd="/", **self._user)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"port": self._port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [self._programs / "postgres", "-D", str(self._data), *flags]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._user)
        eventually(self._answers, f"the server answers; see {self._log}")

    def stop(self) -> None:
        """End it at once, and everybody's connection with it."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(10)
            self._process = None

    def create(self, database: str) -> str:
        """Make an empty database and return where it is."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", "easun", database)
        return self.url(database)

    def _answers(self) -> bool:
        asked = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(asked, check=False).returncode == 0
