"""How the services run on this machine: which settings file is theirs, how their tools run, what restarts them."""

import os
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from configure.host_network import HostNetwork, reach
from configure.tool_runner import Outcome, run_tool
from shared.conditions.configure import only_root
from shared.conditions.system import os_reason
from shared.errors import ConfigError
from shared.known_settings import known_settings

INSTALLED = Path("/etc/easun-bridge/.env")
"""The settings of an installation by deploy/install.sh."""
EASUN = "/usr/local/bin/easun"
SETTLE_S = 3.0
BROKER = "mosquitto"
UNITS = (
    *(BROKER, "recorder", "poller", "bms", "schedule", "tuya"),
    *("outlook", "bot", "dashboard", "homeassistant"),
)
"""The services in the order in which they are started."""


class Kind(Enum):
    """Who runs the services."""

    COMPOSE = "compose"
    SYSTEMD = "systemd"
    MAKE_UP = "make_up"


@dataclass(frozen=True)
class Installation:
    """Who runs the services, their settings file, and in Compose the way to the host's network, if there is one."""

    kind: Kind
    file: Path
    host: HostNetwork | None = None

    @property
    def tool(self) -> Callable[..., Outcome]:
        """What runs a tool as the services run: under systemd as their user, in Compose in their network."""
        if self.host is not None:
            return self.host
        return partial(run_tool, easun=EASUN) if self.kind is Kind.SYSTEMD else run_tool


def find(file: Path | None, *, in_compose: bool, installed: Path = INSTALLED) -> Installation:
    """Return the installation whose settings are asked for. Raises ConfigError if only root may change them."""
    if in_compose:
        return Installation(Kind.COMPOSE, file or Path(".env"), reach())
    if file is not None and file != installed:
        return Installation(Kind.MAKE_UP, file)
    if not installed.exists():
        return Installation(Kind.MAKE_UP, Path(".env"))
    if not os.access(installed, os.W_OK):
        raise ConfigError(only_root(file=str(installed)))
    return Installation(Kind.SYSTEMD, installed)


def readers(changed: Collection[str], known: Mapping[str, Collection[str]] | None = None) -> list[str]:
    """Return the services that go by one of the changed settings, in the order in which they are started."""
    by_name = known_settings() if known is None else known
    reading = {reader for name in changed for reader in by_name.get(name, ())}
    if any(name.startswith("MQTT_PASSWORD_") for name in changed):
        reading.add(BROKER)
    return [unit for unit in UNITS if unit in reading]


def restart(units: Collection[str], settle_s: float = SETTLE_S) -> str:
    """Restart services under systemd; return what is wrong, nothing if all of them are up after a moment."""
    names = [f"easun-{unit}.service" for unit in units]
    try:
        done = subprocess.run(["systemctl", "restart", *names], check=False, capture_output=True, text=True)
        if done.returncode:
            return done.stderr.strip() or f"exit code {done.returncode}"
        time.sleep(settle_s)  # a wrong value ends a service right after its start
        shown = subprocess.run(["systemctl", "is-active", *names], check=False, capture_output=True, text=True)
    except OSError as error:
        return str(os_reason(error))
    states = dict(zip(names, shown.stdout.split(), strict=False))
    down = [f"{name}: {state}" for name, state in states.items() if state != "active"]
    return f"{', '.join(down)}; see `journalctl -u {down[0].split(':')[0]}`" if down else ""
