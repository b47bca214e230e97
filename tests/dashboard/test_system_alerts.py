"""The alerts on *System*: what is shown is the bot's own, what is asked for is a command, and guests are far away."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.dashboard.app import application
from services.dashboard.markup import tree
from services.dashboard.settings import DashboardSettings
from services.dashboard.system.alerts import alerts
from shared.broker_state import BrokerState
from shared.history.engine import reader
from shared.messages import AlertSettings, AlertSettingsCommand, ChatAlerts, ServiceHealth, ServiceStatus
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.harness import token_of

NIGHT = ChatAlerts(label="242", quiet_from_min=22 * 60, quiet_to_min=7 * 60 + 5, quiet_waits=True)


def house(state: ServiceHealth = ServiceHealth.ONLINE, **changes: Any) -> BrokerState:
    now = datetime.now(UTC)
    chats = {"abc": NIGHT, "def": ChatAlerts(label="7")}
    chosen = AlertSettings(at=now, low_battery_percent=25, imbalance_mv=100, silent_minutes=5, chats=chats)
    bot = ServiceStatus(at=now, state=state, since=now, version="1")
    usual: dict[str, Any] = {"connected": True, "services": {"bot": bot}, "alert_settings": chosen}
    return BrokerState(**usual | changes)


def shown(known: BrokerState) -> str:
    return json.dumps(tree(alerts(known, Localizer(Language.EN, datetime.now(UTC)))))


def test_the_forms_show_what_the_bot_has() -> None:
    said = shown(house())
    for part in ('"value": "25"', '"value": "22:00"', '"value": "07:05"', '"data-chat": "def"', "\\u2026242"):
        assert part in said
    assert said.count('"checked": true') == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": ServiceHealth.DISABLED}, "does not run"),
        ({"services": {}}, "does not run"),
        ({"alert_settings": None}, "has not shown"),
        ({"connected": False}, "broker"),
    ],
)
def test_where_nothing_can_be_changed_it_says_why(changes: dict[str, Any], why: str) -> None:
    known = house(**changes)
    assert why in shown(known)
    assert '"form"' not in shown(known)


@pytest.fixture
def sent() -> list[Any]:
    return []


@pytest.fixture
def owner(tmp_path: Path, sent: list[Any]) -> FlaskClient:
    settings = DashboardSettings(_env_file=None, dashboard_password="")
    engine = reader(tmp_path / "easun.db")
    return application(house, engine, settings, lambda *command: sent.append(command)).test_client()


def post(client: FlaskClient, wish: Any) -> int:
    token = token_of(client.get("/system").text)
    return client.post("/alerts", json=wish, headers={"X-CSRF-Token": token}).status_code


def test_a_wish_is_a_command_to_the_bot(owner: FlaskClient, sent: list[Any]) -> None:
    assert post(owner, {"low_battery_percent": 30, "imbalance_mv": 80, "silent_minutes": 10}) == 202
    hours = {"quiet_from_min": 0, "quiet_to_min": 360}
    assert post(owner, {"chat": "abc", "quiet": True, "quiet_waits": False} | hours) == 202
    (_, limits), (name, quiet) = sent
    assert isinstance(limits, AlertSettingsCommand)
    assert (limits.low_battery_percent, limits.imbalance_mv, limits.by, limits.chat) == (30, 80, "dashboard", None)
    assert (name, quiet.chat, quiet.quiet_to_min) == ("", "abc", 360)


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"low_battery_percent": "30"}, 400),
        ({"low_battery_percent": 99}, 400),
        ({"by": "me", "imbalance_mv": 80}, 400),
        ({"chat": "nobody", "quiet": False}, 404),
    ],
)
def test_odd_wishes_are_refused(owner: FlaskClient, sent: list[Any], wish: Any, status: int) -> None:
    assert post(owner, wish) == status
    assert not sent
