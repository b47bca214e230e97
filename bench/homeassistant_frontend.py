"""A whole Home Assistant with its frontend, as a user has it: set up by its own REST API, no file of it touched.

It needs Home Assistant in a virtual environment of its own, as bench/homeassistant.py says, and beside it the frontend
of that version, which `components/frontend/manifest.json` names:

    ../ha-venv/bin/uv pip install --python ../ha-venv/bin/python home-assistant-frontend==20250411.0 \\
        hassil==2.2.3 home-assistant-intents==2025.3.28
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import requests

from tests.support.broker import ROOT
from tests.support.ports import free_port
from tests.support.waiting import eventually

DASHBOARDS = ROOT / "deploy/homeassistant"
PATIENCE_S = 120.0
CONFIGURATION = """
homeassistant: {{name: Дім, time_zone: Europe/Kyiv, language: {language}, country: UA, unit_system: metric}}
http: {{server_host: 127.0.0.1, server_port: {port}}}
recorder: {{commit_interval: 1}}
frontend:
config:
history:
logbook:
energy:
system_log:
lovelace:
  dashboards:
    easun-bridge: {{mode: yaml, title: easun-bridge, icon: "mdi:transmission-tower", filename: {dashboard}}}
"""


class Frontend:
    """Home Assistant in a process and a Python of its own, with a user who is logged in."""

    def __init__(
        self, python: str, directory: Path, *, language: str = "uk", dashboard: str = "dashboard.yaml"
    ) -> None:
        self.directory = directory
        self.log = directory / "home-assistant.log"
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self._command = [python, "-P", "-m", "homeassistant", "--skip-pip", "--config", str(directory)]
        self._language = language
        self._tokens: dict[str, Any] = {}
        directory.mkdir(parents=True, exist_ok=True)
        configuration = CONFIGURATION.format(language=language, port=self._port, dashboard=dashboard)
        (directory / "configuration.yaml").write_text(configuration, encoding="utf-8")
        shutil.copy(DASHBOARDS / dashboard, directory)

    def __enter__(self) -> Self:
        with (self.directory / "output.log").open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        try:
            eventually(self._answers, "Home Assistant answers", PATIENCE_S)
            if not self._tokens:
                self._onboard()
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            sys.exit(f"Home Assistant has ended: {(self.directory / 'output.log').read_text()[-3000:]}")
        try:
            return requests.get(f"{self.address}/manifest.json", timeout=5).ok
        except requests.ConnectionError:
            return False

    def _onboard(self) -> None:
        """Create the first user, as the first page does, and answer its other questions."""
        user = {"name": "Дім", "username": "home", "password": "home", "language": self._language}
        client = f"{self.address}/"
        code = self._post("api/onboarding/users", json=user | {"client_id": client})["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        tokens = self._post("auth/token", data=grant)
        self._tokens = tokens | {"hassUrl": self.address, "clientId": client}
        self.call("api/onboarding/core_config")
        self.call("api/onboarding/analytics")
        self.call("api/onboarding/integration", client_id=client, redirect_uri=client)

    def connect(self, port: int, password: str) -> None:
        """Add the integration MQTT, as a user does by clicks."""
        flow = self.call("api/config/config_entries/flow", handler="mqtt")
        broker = {"broker": "127.0.0.1", "port": port, "username": "hass", "password": password}
        done = self.call(f"api/config/config_entries/flow/{flow['flow_id']}", **broker)
        if done["type"] != "create_entry":
            sys.exit(f"Home Assistant refuses the broker: {done}")

    def call(self, path: str, **body: Any) -> Any:
        """Post to its REST API and return the answer."""
        return self._post(path, json=body, headers=self._headers)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the states of our entities."""
        answer = requests.get(f"{self.address}/api/states", headers=self._headers, timeout=30).json()
        return {one["entity_id"]: one for one in answer if ".easun_" in one["entity_id"]}

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens['access_token']}"}

    @property
    def login(self) -> str:
        """A script that logs a browser in."""
        tokens = self._tokens | {"expires": 32503680000000}
        stored = {"hassTokens": json.dumps(tokens), "dockedSidebar": '"always_hidden"'}
        return "".join(f"localStorage.setItem({json.dumps(key)}, {json.dumps(one)});" for key, one in stored.items())

    def _post(self, path: str, **what: Any) -> Any:
        response = requests.post(f"{self.address}/{path}", timeout=60, **what)
        response.raise_for_status()
        return response.json()
