"""install.sh into a directory that stands for the system, and where it matters a systemd that only answers."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

from tests.support.broker import ROOT
from tests.support.ports import free_port

EXIT_CONFIG = 78
NEEDED = ("systemctl", "systemd-sysusers", "systemd-analyze", "flock")
MISSING = [program for program in NEEDED if not shutil.which(program)]
COPIED = (
    *(
        "services",
        "shared",
        "configure",
        "mosquitto",
        "deploy",
        "docs",
        "tools",
        "pyproject.toml",
        "requirements.lock",
    ),
    *(".env.example", "LICENSE", "CHANGELOG.md"),
)
SYSTEMCTL = """#!/bin/sh
# everything runs, but a release that says of itself that it is broken; that one spoils the database
echo "$@" >>"$CALLS"
broken=$FAKE_ROOT/opt/easun-bridge/current/shared/BROKEN
case "$*" in
  --version) echo "systemd 252 (252)" ;;
  "restart easun.target") [ ! -e "$broken" ] || echo spoilt >"$FAKE_ROOT/var/lib/easun-bridge/data/easun.db" ;;
  "restart easun-poller.service") [ ! -e "$FAKE_ROOT/mended" ] || rm "$FAKE_ROOT/failed" ;;
  is-active*poller*) grep -q "^restart easun.target" "$CALLS" && [ ! -e "$broken" ] && [ ! -e "$FAKE_ROOT/failed" ] ;;
  is-active*) grep -q "^restart easun.target" "$CALLS" && [ ! -e "$broken" ] ;;
  is-failed*poller*) [ -e "$FAKE_ROOT/failed" ] ;;
  is-failed*) false ;;
  show*) echo 0 ;;
esac
"""

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.getuid() != 0, reason="install.sh needs root"),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; make setup-dev installs them"),
]


class System:
    """A directory that stands for a system, and a source tree that is installed into it."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self.source = directory / "source"
        self.calls = directory / "calls"
        self.root.mkdir()
        self.env = {"PATH": os.environ["PATH"], "EASUN_SETTLE_S": "1"}
        for name in COPIED:
            where, there = self.source / name, ROOT / name
            if there.is_dir():
                shutil.copytree(there, where, ignore=shutil.ignore_patterns("__pycache__", "images"))
            else:
                shutil.copy(there, where)

    def slim(self) -> Self:
        """Leave only the broker and a poller that is hardly anything: whatever is installed goes the same way."""
        for service in (self.source / "services").iterdir():
            if service.is_dir():
                shutil.rmtree(service)
        (self.source / "services/poller").mkdir()
        (self.source / "services/poller/__main__.py").write_text("import services.poller.poller\n")
        (self.source / "services/poller/poller.py").touch()
        for unit in (self.source / "deploy/systemd").glob("easun-*"):
            if unit.stem not in ("easun-poller", "easun-mosquitto"):
                unit.unlink()
        return self

    def boot(self, directory: Path) -> None:
        """Let systemd run there: one of ours, that only answers."""
        (self.root / "run/systemd/system").mkdir(parents=True)
        programs = directory / "bin"
        programs.mkdir()
        for name, text in (("systemctl", SYSTEMCTL), ("journalctl", "#!/bin/sh\necho 'It cannot read the future.'\n")):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.calls.touch()
        self.env_file.parent.mkdir(parents=True)
        self.env_file.write_text(f"MQTT_PORT={free_port()}\nDASHBOARD_PORT={free_port()}\n")
        fakes = {"CALLS": str(self.calls), "FAKE_ROOT": str(self.root)}
        self.env |= fakes | {"PATH": f"{programs}:{self.env['PATH']}"}

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self.source / "deploy/install.sh"), *arguments, "--root", str(self.root), "--venv", sys.prefix]
        return subprocess.run(command, check=False, env=self.env | (env or {}), capture_output=True, text=True)

    def installs(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return self.current

    @property
    def current(self) -> str:
        """The release that runs."""
        return (self.root / "opt/easun-bridge/current").readlink().name

    @property
    def env_file(self) -> Path:
        return self.root / "etc/easun-bridge/.env"

    @property
    def database(self) -> Path:
        return self.root / "var/lib/easun-bridge/data/easun.db"

    def files(self) -> dict[str, object]:
        """Every file with what is in it, but for what systemd-sysusers locks with."""
        found = (path for path in self.root.rglob("*") if "/releases/" not in str(path) and ".lock" not in path.name)
        return {str(path): path.read_bytes() if path.is_file() else path.is_symlink() for path in found}

    def change(self, file: str = "services/poller/poller.py", text: str = "\n# another version\n") -> None:
        """Make another version of the source."""
        with (self.source / file).open("a") as source:
            source.write(text)


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path).slim()


@pytest.fixture
def booted(system: System, tmp_path: Path) -> System:
    system.boot(tmp_path)
    return system


def test_installing_twice_changes_nothing_and_upgrading_keeps_what_is_yours(system: System) -> None:
    first = system.installs("install")
    assert "DASHBOARD_HOST=0.0.0.0" in system.env_file.read_text()
    assert system.env_file.stat().st_mode & 0o777 == 0o640
    assert (system.root / "etc/systemd/system/easun.target.wants/easun-poller.service").is_symlink()
    system.env_file.write_text("MODBUS_HOST=192.168.1.7\n")
    system.database.write_text("mine")
    before = system.files()
    assert system.installs("install") == first
    assert system.files() == before

    system.change()
    second = system.installs("upgrade")
    assert second != first
    assert system.env_file.read_text() == "MODBUS_HOST=192.168.1.7\n"
    assert system.database.read_text() == "mine"
    system.change()
    system.installs("upgrade")
    assert not (system.root / "opt/easun-bridge/releases" / first).exists()
    assert (system.root / "opt/easun-bridge/releases" / second).is_dir()  # there to go back to


def test_the_installed_units_are_sound(tmp_path: Path) -> None:
    system = System(tmp_path)
    system.installs()
    bin_directory = system.root / "usr/bin"
    bin_directory.mkdir(exist_ok=True)
    venv = system.root / "opt/easun-bridge/current/.venv"
    venv.unlink()
    for program in (venv / "bin/python", *(bin_directory / name for name in ("env", "sh", "kill"))):
        program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", program)
    (system.root / "bin").symlink_to("usr/bin")
    units = sorted((system.root / "etc/systemd/system").glob("easun*"))
    names = [unit.name for unit in units if unit.is_file()]
    assert len(names) == 11
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={system.root}", *names]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "easun" in line]
    assert complaints == []


def test_a_version_that_does_not_start_is_not_installed(system: System) -> None:
    first = system.installs()
    system.change(text="\nimport no_such_module\n")
    done = system.run("upgrade")
    assert done.returncode == 1
    assert "this version does not start here and was not installed: ModuleNotFoundError" in done.stderr
    assert system.current == first


def test_a_version_that_does_not_stay_up_gives_way_to_the_former_one(booted: System) -> None:
    first = booted.installs()
    booted.database.write_text("the former schema")
    booted.change("shared/BROKEN")
    booted.change("shared/history/migrations/versions/0001_initial.py", "\n# and a new schema\n")
    done = booted.run("upgrade")
    assert done.returncode == 1
    assert "the new version does not run (easun-" in done.stderr
    assert "It cannot read the future." in done.stderr
    assert done.stderr.endswith("the former version runs again.\n")
    assert booted.current == first
    assert booted.database.read_text() == "the former schema"
    assert not list(booted.database.parent.glob("*before-upgrade"))


def test_only_another_version_restarts_anything(booted: System) -> None:
    booted.installs()
    booted.calls.write_text("restart easun.target was before\n")
    booted.installs("install")
    booted.installs("install")
    assert "\nrestart" not in booted.calls.read_text()
    booted.change()
    booted.installs("upgrade")
    assert "\nrestart easun.target\n" in booted.calls.read_text()


def test_what_has_failed_is_started_again_although_nothing_is_new(booted: System) -> None:
    booted.installs()
    booted.calls.write_text("restart easun.target was before\n")
    (booted.root / "failed").touch()
    done = booted.run()
    assert done.returncode == 1
    assert "not all of it runs: easun-poller: It cannot read the future.\n" in done.stderr
    (booted.root / "mended").touch()
    booted.installs()
    assert booted.calls.read_text().count("\nrestart easun-poller.service\n") == 2


def test_an_upgrade_reports_what_did_not_run_before_and_goes_on(booted: System) -> None:
    booted.installs()
    (booted.root / "failed").touch()
    booted.change()
    former = booted.current
    done = booted.run()
    assert (done.returncode, booted.current != former) == (1, True)
    assert "not all of it runs: easun-poller: It cannot read the future.\n" in done.stderr


def test_settings_with_windows_line_ends_are_read_and_a_slip_is_told(booted: System) -> None:
    lines = booted.env_file.read_text().splitlines()
    booted.env_file.write_bytes("\r\n".join([*lines, "MODBUS_HSOT=192.168.1.7", ""]).encode())
    done = booted.run()
    assert done.returncode == 0, done.stderr
    assert f"{booted.env_file}: MODBUS_HSOT is no setting and is ignored: is MODBUS_HOST meant?\n" in done.stderr
    port = booted.env_file.read_text().partition("DASHBOARD_PORT=")[2].split()[0]
    assert f":{port}/\n" in done.stdout


def test_a_port_that_is_taken_is_reported(booted: System) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        booted.env_file.write_text(f"MQTT_PORT={port}\n")
        done = booted.run()
    assert done.returncode == EXIT_CONFIG
    assert f"port {port} is taken by another program" in done.stderr
    assert f"set MQTT_PORT in {booted.env_file} to another one" in done.stderr
    assert not (booted.root / "opt/easun-bridge/current").exists()


def test_all_ports_that_are_taken_are_reported_before_anything_is_changed(booted: System) -> None:
    with socket.socket() as one, socket.socket(socket.AF_INET6) as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("::1", 0))
        ports = [taken.getsockname()[1] for taken in (one, other)]
        one.listen()
        other.listen()
        booted.env_file.write_bytes(f"\ufeffexport MQTT_PORT = {ports[0]}\r\nDASHBOARD_PORT='{ports[1]}'\r\n".encode())
        before = booted.files()
        done = booted.run()
    assert done.returncode == EXIT_CONFIG
    assert all(f"port {port} is taken by another program" in done.stderr for port in ports)
    assert "nothing has been changed" in done.stderr
    assert booted.files() == before


def test_settings_that_are_not_used_are_not_passed_over(system: System) -> None:
    system.installs()
    (system.source / ".env").write_text("DASHBOARD_PASSWORD=hunter2\n")
    done = system.run()
    assert f"the services read {system.env_file}, and {system.source}/.env differs and is not used" in done.stderr
    assert "hunter2" not in system.env_file.read_text()


def fake(directory: Path, name: str, text: str) -> dict[str, str]:
    """Put a program before the system's."""
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{text}\n")
    (directory / name).chmod(0o755)
    return {"PATH": f"{directory}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        pytest.param("df", "printf 'head\\nx 1 1 20 1%% /\\n'", "60 MB and 20 MB are free", id="disk"),
        pytest.param(
            "systemctl", "echo systemd 249", "systemd 250 or later is needed and this is 249", id="old-systemd"
        ),
        pytest.param("id", "echo 1000", "this needs root: sudo", id="not-root"),
    ],
)
def test_what_is_missing_is_reported(name: str, text: str, sentence: str, system: System, tmp_path: Path) -> None:
    done = system.run(env=fake(tmp_path / "fakes", name, text))
    assert done.returncode == EXIT_CONFIG
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(system.root.iterdir()) == []


def test_a_second_one_at_the_same_time_waits_for_you(system: System, tmp_path: Path) -> None:
    done = system.run(env=fake(tmp_path / "fakes", "flock", "exit 1"))
    assert done.returncode == EXIT_CONFIG
    assert "another install.sh is at work" in done.stderr


def test_upgrading_what_is_not_there_is_reported(system: System) -> None:
    done = system.run("upgrade")
    assert done.returncode == EXIT_CONFIG
    assert "it is not installed here: run" in done.stderr


def without_venv(system: System, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(system.source / "deploy/install.sh"), "--root", str(system.root)]
    return subprocess.run(command, check=False, env=system.env | env, capture_output=True, text=True)


def test_an_old_python_is_reported(system: System, tmp_path: Path) -> None:
    old = fake(tmp_path / "fakes", "python3", '[ "$1" != -V ] || echo Python 3.9.2; exit 1')
    done = without_venv(system, **old)
    assert done.returncode == 1
    assert "Python 3.11 or later is needed and python3 is 3.9.2" in done.stderr


def test_all_that_is_missing_is_named_at_once(system: System, tmp_path: Path) -> None:
    """As on a minimal Debian without the internet: no Python, no Mosquitto."""
    bin_directory = tmp_path / "minimal"
    bin_directory.mkdir()
    for name in ("sh", "cat", "cksum", "sed", "mktemp", "rm", "tail", "tr", "dirname", "env", "id"):
        (bin_directory / name).symlink_to(shutil.which(name) or name)
    fake(bin_directory, "apt-get", "echo 'Unable to locate package' >&2; exit 100")
    command = [str(system.source / "tools/setup.sh"), "python3", str(tmp_path / "venv"), "requirements.lock"]
    script = (system.source / "tools/setup.sh").read_text().replace("PATH=$PATH:/usr/sbin:/sbin", "")
    (system.source / "tools/setup.sh").write_text(script)
    done = subprocess.run(
        [*command, "mosquitto", "mosquitto_sub"],
        check=False,
        env={"PATH": str(bin_directory)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "apt-get install python3 python3-venv mosquitto mosquitto-clients; then run this again." in done.stderr


def test_uninstalling_keeps_what_is_yours_until_it_is_purged(system: System) -> None:
    (system.source / ".env").write_text("QUEUE_NUMBER=5.2\n")  # of make up
    system.installs()
    assert system.env_file.read_text() == "QUEUE_NUMBER=5.2\n"
    system.database.write_text("mine")
    assert system.run("uninstall").returncode == 0
    assert system.database.read_text() == "mine"
    assert system.env_file.exists()
    assert not (system.root / "opt/easun-bridge").exists()
    assert not list((system.root / "etc/systemd/system").glob("**/easun*"))
    assert system.run("uninstall", "--purge").returncode == 0
    left = [path for path in system.root.rglob("*easun*") if path.name != "easun"]
    assert left == []
    assert "easun" not in (system.root / "etc/passwd").read_text()
