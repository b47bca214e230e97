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
READ_BY_THE_BROKER = set(re.findall(r"\$\{(MQTT_[A-Z_]+)", (ROOT / "mosquitto/start.sh").read_text()))
ACCOUNTS = {"MQTT_PASSWORD_VIEWER", "MQTT_PASSWORD_HOMEASSISTANT"}
READ_BY_COMPOSE = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text())) | {"COMPOSE_FILE"}
READ_FIRST = {"SECRETS_DIR"}


def read_by_services() -> set[str]:
    return {name.upper() for kind in KINDS for name in kind.model_fields}


def test_the_example_is_complete_and_has_nothing_else() -> None:
    read = read_by_services() | READ_BY_THE_BROKER | ACCOUNTS | READ_FIRST | READ_BY_COMPOSE - {"EASUN_TAG"}
    assert set(EXAMPLE) == read


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
