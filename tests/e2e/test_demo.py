"""`make demo` as a newcomer meets it, but for the make."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.broker import ROOT
from tests.support.waiting import PATIENCE_S, eventually


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    log, state = tmp_path / "log", tmp_path / "demo"
    env = os.environ | {"MODBUS_HOST": "192.0.2.1", "INVERTER_MODEL": "nonsense"}  # must not reach the demo
    with log.open("wb") as out:
        command = [sys.executable, "-m", "supervisor", "demo", "--days", "1", "--state", str(state)]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
    yield process, state, log
    if process.poll() is None:
        process.kill()


def living(processes: list[psutil.Process]) -> list[tuple[psutil.Process, str]]:
    """Return those that run, with their command lines; one that has just ended has none."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a zombie is one of these too
            found.append((process, " ".join(process.cmdline())))
    return found


def child_of(parent: int, name: str) -> psutil.Process | None:
    family = living(psutil.Process(parent).children(recursive=True))
    return next((child for child, line in family if name in line), None)


def test_it_shows_a_page_survives_kills_and_leaves_nothing(demo: tuple[subprocess.Popen[bytes], Path, Path]) -> None:
    process, state, log = demo
    begun = re.compile(r"Dashboard: +(http://localhost:\d+/)")
    address = eventually(lambda: begun.search(log.read_text()), "all of it has started")[1]
    eventually(
        lambda: requests.get(address + "healthz", timeout=PATIENCE_S).json().get("grid"), "the page knows the grid"
    )
    for name in ("services.poller", "services.recorder", "simulators serve", "mosquitto -c"):
        eventually(partial(child_of, process.pid, name), f"{name} runs").kill()
    eventually(lambda: log.read_text().count("killed by SIGKILL") >= 4)
    settings = {"ENV_FILE": str(state / "env"), "PATH": os.environ["PATH"]}
    off = [sys.executable, "-m", "simulators", "grid", "off"]
    eventually(lambda: subprocess.run(off, cwd=ROOT, env=settings, capture_output=True, check=False).returncode == 0)
    page, english = address + "live/now", {"Accept-Language": "en"}
    past = address + "recorded/outages"
    eventually(lambda: "lane-planned" in requests.get(past, timeout=PATIENCE_S).text, "yesterday had a schedule")
    eventually(
        lambda: "Power out" in requests.get(page, headers=english, timeout=PATIENCE_S).text, "the page follows the grid"
    )
    family = [child for child, _ in living(psutil.Process(process.pid).children(recursive=True))]
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
    assert not living(family)
    assert not state.exists()
    assert "Traceback" not in log.read_text()
