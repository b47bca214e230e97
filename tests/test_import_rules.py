"""The import rules of pyproject.toml find what they forbid: imports that are planted in a copy of the tree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.broker import ROOT
from tests.support.waiting import PROGRAM_S

pytestmark = pytest.mark.processes

PACKAGES = ("configure", "shared", "services", "simulators", "supervisor")
PLANTED = {
    "services/bms/decode.py": "bleak",
    "services/bms/battery.py": "asyncio",
    "services/bot/alerts/rules.py": "services.bot.telegram.api",
    "services/bot/bot.py": "services.tuya.plug",
    "services/bot/texts/alerts.py": "sqlalchemy",
    "services/dashboard/app.py": "telegram",
    "services/homeassistant/discovery.py": "paho",
    "services/poller/decode.py": "pymodbus",
    "services/poller/grid.py": "shared.bus",
    "services/recorder/ingest.py": "paho.mqtt.client",
    "services/schedule/revision.py": "requests",
    "services/tuya/grid_rules.py": "tinytuya",
    "services/tuya/next_step.py": "time",
    "shared/health.py": "services.bot.settings",
    "shared/live_figures.py": "shared.settings",
    "shared/outages.py": "sqlalchemy",
    "shared/texts/localizer.py": "logging",
    "simulators/house.py": "services.poller.grid",
    "configure/prompt.py": "services.poller.settings",
}


def lint(tree: Path) -> str:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True, timeout=PROGRAM_S)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "assets"))
    for file, module in PLANTED.items():
        with (tree / file).open("a", encoding="utf-8") as source:
            source.write(f"\nimport {module}\n")
    return lint(tree)


@pytest.mark.parametrize(("file", "module"), PLANTED.items())
def test_a_planted_import_is_found(report: str, file: str, module: str) -> None:
    importer = file.removesuffix(".py").replace("/", ".")
    library = module if module.startswith(PACKAGES) else module.partition(".")[0]
    assert re.search(rf"{re.escape(importer)} -> {re.escape(library)}\b", report), report[-3000:]
