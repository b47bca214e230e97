"""The bill of materials names what is installed, in the version that is."""

import json
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest

from tests.support.broker import ROOT
from tests.support.waiting import PROGRAM_S

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    """Made as for a release: the script on standard input."""
    command = [sys.executable, "-", "easun-bridge", "1.2.3"]
    script = (ROOT / "tools/sbom.py").read_text()
    done = subprocess.run(command, input=script, check=True, capture_output=True, text=True, timeout=PROGRAM_S)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_it_is_of_this_release(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"] == {"type": "application", "name": "easun-bridge", "version": "1.2.3"}


@pytest.mark.parametrize("package", ["paho-mqtt", "SQLAlchemy", "python-telegram-bot"])
def test_a_package_is_in_it_as_it_is_installed(bill: dict[str, Any], package: str) -> None:
    assert f"pkg:pypi/{package.lower()}@{version(package)}" in {one["purl"] for one in bill["components"]}


def test_no_component_is_in_it_twice(bill: dict[str, Any]) -> None:
    purls = [one["purl"] for one in bill["components"]]
    assert len(purls) == len(set(purls))
