"""A real Mosquitto on a free port, started by the project's own script, that can be killed and started again."""

import atexit
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp

from tests.support.ports import free_port, listens
from tests.support.waiting import eventually

ROOT = Path(__file__).parent.parent.parent
START = ROOT / "mosquitto/start.sh"
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or "mosquitto"


@cache
def prepared() -> Path:
    """Return the state directory of a broker with the default settings, made by the project's script; to be copied.

    The script starts a hundred programs to make the accounts, six times the work of the broker itself.
    """
    directory = Path(mkdtemp(prefix="easun-broker-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    env = {"PATH": os.environ["PATH"], "MQTT_STATE_DIR": str(directory / "state"), "MQTT_PORT": "1883"}
    subprocess.run([START, "prepare"], env=env, check=True)
    return directory / "state"


class Broker:
    """Mosquitto with the project's configuration, its state in `state_dir`."""

    def __init__(self, state_dir: Path, **settings: str) -> None:
        self.port = free_port()
        self.state_dir = state_dir
        self.secrets_dir = state_dir / "secrets"
        self.log = state_dir.with_suffix(".log")
        self._settings = settings
        self.config = ROOT / "mosquitto/mosquitto.conf"
        """With which it starts for the first time; later it is the project's."""
        self.more_env: dict[str, str] = {}
        """What goes into its environment besides: no setting of it."""
        self._process: subprocess.Popen[bytes] | None = None

    def env(self, service: str = "") -> dict[str, str]:
        """Return what a service's process needs in its environment to find this broker."""
        given = {"MQTT_USERNAME": service} if service else {}
        return {
            **given,
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "MQTT_HOST": "127.0.0.1",
            "MQTT_PORT": str(self.port),
            "MQTT_SECRETS_DIR": str(self.secrets_dir),
        }

    def start(self) -> None:
        """Start it and wait until it listens."""
        place = {"MQTT_STATE_DIR": str(self.state_dir), "MQTT_PORT": str(self.port)}
        env = os.environ | place | self._settings | self.more_env
        command, directory = [str(START)], None
        if not self._settings and not self.state_dir.exists():
            shutil.copytree(prepared(), self.state_dir)
            (self.state_dir / "conf.d/listener.conf").write_text(f"listener {self.port} 127.0.0.1\n")
            command, directory = [MOSQUITTO, "-c", str(self.config)], self.state_dir
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=directory, env=env, stdout=log, stderr=log)
        eventually(lambda: listens(self.port), f"the broker listens; see {self.log}")

    @property
    def pid(self) -> int:
        """Its number while it runs."""
        assert self._process
        return self._process.pid

    @property
    def state_file(self) -> Path:
        """The file with its state: SQLite holds each change at once, the other one is saved every minute."""
        sqlite = "plugin " in (self.state_dir / "storage.d/storage.conf").read_text()
        return self.state_dir / "data" / ("mosquitto.sqlite3" if sqlite else "mosquitto.db")

    def save(self) -> None:
        """Make it save its state to disk now, as it does by itself every minute."""
        assert self._process
        file = self.state_file
        if file.suffix == ".sqlite3":
            return
        before = file.stat().st_mtime_ns if file.exists() else 0
        self._process.send_signal(signal.SIGUSR1)
        eventually(lambda: file.exists() and file.stat().st_mtime_ns != before, "the broker has saved")

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """End it and wait until it is gone."""
        if self._process:
            eventually(partial(self._ended, self._process, signal_number), "the broker has ended")
            self._process = None

    def _ended(self, process: subprocess.Popen[bytes], signal_number: int) -> bool:
        """Ask it to end, and wait a moment; it listens before it begins to work, and forgets a signal between."""
        process.send_signal(signal_number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
        return process.returncode is not None

    def kill(self) -> None:
        """End it without a chance to save anything."""
        self.stop(signal.SIGKILL)
