"""The units as systemd itself judges them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.units import UNITS
from tests.support.broker import ROOT

UNIT_FILES = sorted((ROOT / "deploy/systemd").glob("*.service"))
EXPOSURE_AT_MOST = 2.0

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed: make setup-dev installs it"
    ),
]


@pytest.mark.parametrize("unit", UNIT_FILES, ids=lambda unit: unit.stem)
def test_a_service_is_hardly_exposed(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= EXPOSURE_AT_MOST, done.stdout


def test_every_service_has_a_unit() -> None:
    services = {main.parent.name for main in (ROOT / "services").glob("*/__main__.py")}
    assert {unit.name for unit in UNITS} == services
