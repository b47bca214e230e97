"""A PostgreSQL server of its own on a socket in a directory, from Debian's package, for as long as a test needs it."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import PATIENCE_S, eventually

NOBODY = 65534
DISPOSABLE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_wal_size": "8GB"}
"""For data that need not outlive the test."""


def programs() -> Path | None:
    """Return the directory of the newest server's programs, or None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def running_postgres(options: Mapping[str, str] = DISPOSABLE) -> Iterator["Postgres"]:
    """Run a server in a directory of its own, as short as the name of a socket must be."""
    with tempfile.TemporaryDirectory(prefix="easun-") as directory:
        server = Postgres(Path(directory), options)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # without a checkpoint of what is thrown away


class Postgres:
    """A server whose data dies with it. It refuses to run as root, so then it runs as nobody."""

    def __init__(self, directory: Path, options: Mapping[str, str] = DISPOSABLE) -> None:
        found = programs()
        assert found
        self._programs = found
        self._options = options
        self._data = directory / "data"
        self._log = directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._user = NOBODY if os.getuid() == 0 else None
        self._data.mkdir()
        if self._user:
            shutil.chown(self._data, NOBODY, NOBODY)
            directory.chmod(0o711)
        flags = ["--auth=trust", "--username=easun", "--no-sync", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", "-D", str(self._data), *flags)

    def url(self, database: str = "postgres") -> str:
        """Return where a database of it is."""
        return f"postgresql://easun:hunter2@/{database}?host={self._data}"

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self._programs / name), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/", user=self._user, group=self._user)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"listen_addresses": "", "unix_socket_directories": self._data, **self._options}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), *flags]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", user=self._user, group=self._user
            )
        try:
            eventually(self._answers, "the server answers")
        except AssertionError:
            raise AssertionError(self._log.read_text()[-2000:]) from None

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._process.pid if self._process else None

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it at once, and everybody's connection with it."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)
            self._process = None

    def create(self, database: str, template: str = "template0") -> str:
        """Make an empty database, or a copy of another one, and return where it is."""
        self._run("createdb", "-h", str(self._data), "-U", "easun", "-T", template, database)
        return self.url(database)

    def _answers(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", str(self._data)]
        return subprocess.run(asked, check=False).returncode == 0
