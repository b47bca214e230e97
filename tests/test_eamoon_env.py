"""A settings file of x-mentat/eamoon, as in its public .env.example: each line works or is answered."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from services.bms.device_list import device_list
from services.bms.settings import BmsSettings
from services.bot.settings import BotSettings
from services.dashboard.settings import DashboardSettings
from services.poller.settings import PollerSettings
from services.recorder.settings import RecorderSettings
from services.recorder.store import open_store
from services.schedule.settings import ScheduleSettings
from services.tuya.settings import TuyaSettings
from shared.errors import ConfigError
from shared.known_settings import known_settings, remarks
from shared.settings import Settings, load

WORKS: dict[str, tuple[str, type[Settings], str, Any]] = {
    "MODBUS_HOST": ("172.16.1.247", PollerSettings, "modbus_host", "172.16.1.247"),
    "MODBUS_PORT": ("502", PollerSettings, "port", 502),
    "MODBUS_UNIT_ID": ("1", PollerSettings, "modbus_unit_id", 1),
    "INVERTER_MODEL": ("ISOLAR_SMG_II_11K", PollerSettings, "inverter_model", "ISOLAR_SMG_II_11K"),
    "LOCAL_IP": ("172.16.1.2", PollerSettings, "local_ip", "172.16.1.2"),
    "POLL_INTERVAL": ("10", PollerSettings, "poll_interval", 10),
    "DB_PATH": ("inverter.db", RecorderSettings, "database", Path("inverter.db")),
    "JK_SCAN_INTERVAL": ("30", BmsSettings, "jk_scan_interval", 30),
    "JK_RESCAN_INTERVAL": ("600", BmsSettings, "jk_rescan_interval", 600),
    "DEVICES_FILE": ("devices.yaml", BmsSettings, "devices_file", Path("devices.yaml")),
    "TELEGRAM_BOT_TOKEN": ("123456:ABC-DEF", BotSettings, "telegram_bot_token", "123456:ABC-DEF"),
    "TELEGRAM_CHAT_ID": ("-100123456", BotSettings, "telegram_chat_id", "-100123456"),
    "BOT_POLL_INTERVAL": ("10", BotSettings, "bot_poll_interval", 10),
    "TUYA_ACCESS_ID": ("abcdefghij", TuyaSettings, "tuya_access_id", "abcdefghij"),
    "TUYA_ACCESS_SECRET": ("0123abcd", TuyaSettings, "tuya_access_secret", "0123abcd"),
    "TUYA_USER_ID": ("eu123", TuyaSettings, "tuya_user_id", "eu123"),
    "TUYA_ENDPOINT": ("https://openapi.tuyaeu.com", TuyaSettings, "tuya_endpoint", "https://openapi.tuyaeu.com"),
    "TUYA_APP_SCHEMA": ("smartlife", TuyaSettings, "tuya_app_schema", "smartlife"),
    "TUYA_TURN_OFF_ON_POWER_LOSS": ("FALSE", TuyaSettings, "tuya_turn_off_on_power_loss", False),
    "TUYA_TURN_ON_ON_GRID_BACK": ("true", TuyaSettings, "tuya_turn_on_on_grid_back", True),
    "QUEUE_NUMBER": ("5.2", ScheduleSettings, "queue_number", "5.2"),
}
ANSWERED = (
    *("INVERTER_IP", "DB_TYPE", "MYSQL_HOST", "MYSQL_PORT", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE"),
    *("SCHEDULE_SNAPSHOT_PATH", "SCHEDULE_CHECK_INTERVAL_MINUTES", "JK_BMS_ADDRESS", "JK_BMS_POLL_INTERVAL"),
)
FILE = "".join(f"{name}={given}\n" for name, (given, *_) in WORKS.items())
SERVICES = (
    PollerSettings,
    BmsSettings,
    ScheduleSettings,
    TuyaSettings,
    RecorderSettings,
    DashboardSettings,
    BotSettings,
)


@pytest.fixture(params=["\n", "\r\n"], ids=["unix", "windows"])
def env_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".env"
    file.write_bytes(FILE.replace("\n", request.param).encode())
    monkeypatch.setenv("ENV_FILE", str(file))
    for name in WORKS:
        monkeypatch.delenv(name, raising=False)
    return file


@pytest.mark.usefixtures("env_file")
@pytest.mark.parametrize("kind", SERVICES)
def test_every_service_starts_with_the_file(kind: type[Settings]) -> None:
    load(kind)


@pytest.mark.usefixtures("env_file")
@pytest.mark.parametrize("name", WORKS)
def test_a_setting_means_here_what_it_meant_there(name: str) -> None:
    _, kind, field, meant = WORKS[name]
    value = getattr(load(kind), field)
    assert getattr(value, "get_secret_value", lambda: value)() == meant


@pytest.mark.parametrize("given", ["true", "True", "TRUE", "1", "yes", "on"])
def test_however_yes_is_written(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUYA_TURN_OFF_ON_POWER_LOSS", given)
    assert TuyaSettings(_env_file=None).tuya_turn_off_on_power_loss


def test_what_has_another_name_here_is_answered(env_file: Path) -> None:
    text = env_file.read_bytes().decode() + "".join(f"{name}=1\n" for name in ANSWERED)
    said = remarks(text, known_settings())
    assert [reason.params["name"] for reason in said] == list(ANSWERED)
    assert {reason.code for reason in said} == {"settings.of_eamoon"}


def test_what_is_too_short_here_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_POLL_INTERVAL", "0.5")
    with pytest.raises(ConfigError, match=r'BOT_POLL_INTERVAL is "0.5": a whole number is needed'):
        load(BotSettings)


def test_its_database_is_left_alone_and_the_way_over_is_told(tmp_path: Path) -> None:
    file = tmp_path / "inverter.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, created_at TEXT, payload TEXT, error TEXT)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=f"one of eamoon's.*import-eamoon {file}"):
        open_store(file)
    assert file.read_bytes() == before
    assert not list(tmp_path.glob("*-wal"))


def test_its_list_of_batteries_is_left_alone_and_the_difference_told(tmp_path: Path) -> None:
    file = tmp_path / "jk_devices.yaml"
    file.write_text("C8:47:80:12:34:56:\n  address: C8:47:80:12:34:56\n  name: Pack\n")
    with pytest.raises(ConfigError, match=r'line 1: "[^"]*" is not known; only `batteries:` may stand'):
        device_list(file).read()
