"""Every variable that is read stands in .env.example, and every one that stands there is read."""

import re
from pathlib import Path

import pytest

from services.bms.settings import BmsSettings
from services.bot.settings import BotSettings
from services.dashboard.settings import DashboardSettings
from services.poller.settings import PollerSettings
from services.recorder.settings import RecorderSettings
from services.schedule.settings import ScheduleSettings
from services.tuya.settings import TuyaSettings
from shared.settings import Settings
from simulators.settings import (
    BatteriesSettings,
    ClientSettings,
    HistorySettings,
    OutagesSettings,
    PlugsSettings,
    ServeSettings,
    TelegramSettings,
)

ROOT = Path(__file__).parent.parent
KINDS = (
    *(PollerSettings, BmsSettings, ScheduleSettings, TuyaSettings, RecorderSettings, DashboardSettings, BotSettings),
    *(
        ServeSettings,
        BatteriesSettings,
        OutagesSettings,
        PlugsSettings,
        ClientSettings,
        HistorySettings,
        TelegramSettings,
    ),
)
LINE = re.compile(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)
EXAMPLE = dict(LINE.findall((ROOT / ".env.example").read_text()))
READERS = (
    ("mosquitto/*.sh", r"\$\{([A-Z][A-Z0-9_]+)"),
    ("docker-compose*.yml", r"\$\{([A-Z][A-Z0-9_]+)"),
    ("deploy/install.sh", r"(?<!# )(?:setting|must_be_free) ([A-Z][A-Z0-9_]+)"),
    ("deploy/systemd/*.service", r"\$([A-Z][A-Z0-9_]+)"),
    ("supervisor/*.py", r"""(?:env\.get\(|_port\(env, )"([A-Z][A-Z0-9_]+)"""),
    *((f"{folder}/**/*.py", r"""environ(?:\.get\(|\[)["']([A-Z][A-Z0-9_]+)""") for folder in ("shared", "simulators")),
)
"""Where variables are read without a settings class, and what that looks like."""
ACCOUNTS = {"MQTT_PASSWORD_VIEWER", "MQTT_PASSWORD_HOMEASSISTANT"}
NOT_SETTINGS = {"ENV_FILE", "NOTIFY_SOCKET", "MAINPID", "EASUN_TAG", "EASUN_VARIANT"}
"""Where the settings are, what systemd gives, which image Compose takes: nothing for the file of settings."""
READ_BY_DOCKER = {"COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}


def read_by_services() -> set[str]:
    return {name.upper() for kind in KINDS for name in kind.model_fields}


def read_elsewhere() -> set[str]:
    files = [(file, pattern) for where, pattern in READERS for file in ROOT.glob(where)]
    return {name for file, pattern in files for name in re.findall(pattern, file.read_text())}


def test_the_example_is_complete_and_has_nothing_else() -> None:
    read = read_by_services() | ACCOUNTS | read_elsewhere() - NOT_SETTINGS
    assert set(EXAMPLE) - READ_BY_DOCKER == read - READ_BY_DOCKER


@pytest.mark.parametrize(("where", "pattern"), READERS)
def test_every_reader_is_found(where: str, pattern: str) -> None:
    assert any(re.search(pattern, file.read_text()) for file in ROOT.glob(where))


def test_settings_are_read_nowhere_else() -> None:
    folders = ("services", "supervisor", "configure", "deploy", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    reading = {str(file.relative_to(ROOT)) for file in files if re.search(r"getenv|os\.environ", file.read_text())}
    handing_on = {"supervisor/__main__.py", "configure/tries.py", "services/poller/tools/__main__.py"}
    assert reading == handing_on


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_usable_as_it_stands(kind: type[Settings]) -> None:
    kind(_env_file=ROOT / ".env.example")


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_in_the_example_are_the_defaults(kind: type[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = kind(_env_file=None)
    for name in kind.model_fields:
        if EXAMPLE[name.upper()]:
            monkeypatch.setenv(name.upper(), EXAMPLE[name.upper()])
    assert kind(_env_file=None) == plain
