"""Where settings come from, and what is said where they cannot be read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from annotated_types import Ge

from services.bms.settings import BmsSettings
from services.bot.settings import BotSettings
from services.dashboard.settings import DashboardSettings
from services.poller.settings import PollerSettings
from services.recorder.settings import RecorderSettings
from services.tuya.settings import TuyaSettings
from shared.bus.outbox import Outbox, OutgoingMessage
from shared.errors import ConfigError
from shared.settings import Settings, load


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    return tmp_path / "secrets"


def token() -> str:
    return load(BotSettings).telegram_bot_token.get_secret_value()


@pytest.mark.parametrize("name", ["telegram_bot_token", "TELEGRAM_BOT_TOKEN"])
def test_a_secret_is_read_from_its_file(secrets: Path, name: str) -> None:
    secrets.mkdir()
    (secrets / name).write_text("1:from-the-file\n")
    assert token() == "1:from-the-file"


def test_a_setting_goes_before_the_file_and_an_empty_one_does_not(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.mkdir()
    (secrets / "telegram_bot_token").write_text("1:from-the-file")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "")
    assert token() == "1:from-the-file"
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "2:set")
    assert token() == "2:set"


@pytest.mark.filterwarnings("error")
def test_without_secrets_there_is_no_directory(secrets: Path) -> None:
    assert token() == ""


def test_a_secret_that_is_wrong_is_named_and_not_repeated(secrets: Path) -> None:
    secrets.mkdir()
    (secrets / "telegram_bot_token").write_text("hunter2")
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN") as caught:
        token()
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Run as a user who may read nothing of ours."""
    if os.getuid():
        pytest.skip("needs root")
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.parametrize("closed", ["secrets", "secrets/telegram_bot_token"])
def test_a_secret_that_cannot_be_read_is_called_so(secrets: Path, closed: str, request: pytest.FixtureRequest) -> None:
    secrets.mkdir()
    (secrets / "telegram_bot_token").write_text("hunter2")
    for folder in secrets.parents[:-2]:
        folder.chmod(0o755)
    (secrets.parent / closed).chmod(0o600)
    request.getfixturevalue("nobody")
    with pytest.raises(ConfigError, match=rf"The secret \S*{closed} cannot be read: permission denied\."):
        token()


def test_a_secret_that_is_no_text_is_called_so(secrets: Path) -> None:
    secrets.mkdir()
    (secrets / "telegram_bot_token").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"The secret \S*secrets cannot be read: it is not a text in UTF-8"):
        token()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            'A=1\nTELEGRAM_BOT_TOKEN="1:hunter2\nB=3\n', r"line 2: the quote of TELEGRAM_BOT_TOKEN", id="open"
        ),
        pytest.param('A=1\nB="1:hunter2" and\n', r"line 2: the quote of B", id="behind"),
    ],
)
def test_a_quote_that_does_not_end_is_named_and_not_repeated(
    text: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV_FILE", str(tmp_path / ".env"))
    (tmp_path / ".env").write_text(text)
    with pytest.raises(ConfigError, match=fault) as caught:
        token()
    assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", str(tmp_path / ".env"))
    (tmp_path / ".env").write_bytes(b"MODBUS_HOST=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"The settings file .*\.env cannot be read"):
        token()


@pytest.mark.parametrize(
    ("kind", "name", "given", "fault"),
    [
        (DashboardSettings, "TARIFF_DAY", "4,32", "a number such as 4.5 is needed (with a point, not a comma)"),
        (PollerSettings, "MODBUS_HOST", "http://192.168.1.5", "something such as 192.168.1.20 is needed"),
        (PollerSettings, "MODBUS_HOST", "192.168.1.5:502", "something such as 192.168.1.20 is needed"),
        (
            PollerSettings,
            "MODBUS_HOST",
            "\N{LEFT DOUBLE QUOTATION MARK}gateway.lan",
            "something such as 192.168.1.20 is needed",
        ),
        (PollerSettings, "MQTT_HOST", "mqtt://192.168.1.5", "something such as 192.168.1.20 is needed"),
        (BotSettings, "SMTP_HOST", "smtp.gmail.com:587", "something such as smtp.gmail.com is needed"),
        (PollerSettings, "LOG_LEVEL", "debug", "possible values: DEBUG, INFO, WARNING, ERROR"),
        (PollerSettings, "INVERTER_NAME", "my inverter", "something such as main is needed"),
        (PollerSettings, "INVERTER_NAME", "all", "`all` is the sum of all inverters; choose another name"),
        (BmsSettings, "JK_LINE_PACKS", "1\N{EN DASH}4", "something such as 1-4 is needed"),
        (
            BmsSettings,
            "JK_LINE_PORT",
            "tcp://192.168.1.5",
            "something such as /dev/ttyUSB0, tcp://192.168.1.5:8899 is needed",
        ),
        (TuyaSettings, "TUYA_ENDPOINT", "openapi.tuyaeu.com", "something such as https://openapi.tuyaeu.com is needed"),
        (RecorderSettings, "RECORDER_SHARE", "a/b", "something such as second is needed"),
    ],
)
def test_a_slip_is_answered_with_what_is_needed(
    kind: type[Settings], name: str, given: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv(name, given)
    with pytest.raises(ConfigError) as caught:
        load(kind)
    assert f'{name} is "{given}": {fault}.' in str(caught.value)


@pytest.mark.parametrize(
    "host", ["192.168.1.5", "gateway.lan", "my_gateway-2", "міст.lan", "::1", "fe80::1%eth0", "2001:db8::5020"]
)
def test_a_host_is_a_name_or_any_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv("MODBUS_HOST", host)
    assert load(PollerSettings).modbus_host == host


def test_an_hour_without_the_broker_is_kept_of_two_inverters_that_are_read_as_often_as_may_be() -> None:
    fields = PollerSettings.model_fields
    shortest_s = next(float(str(one.ge)) for one in fields["poll_interval"].metadata if isinstance(one, Ge))
    outbox = Outbox(fields["mqtt_outbox"].default)
    for _ in range(round(3600 / shortest_s)):
        for topic in ("inverter/main/state", "inverter/garage/state", "inverter/all/state", "grid/state"):
            outbox.put(OutgoingMessage(topic, b"{}", retain=True))
    assert outbox.dropped == 0


def test_a_list_may_have_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv("JK_LINE_PORT", "/dev/ttyUSB0")
    monkeypatch.setenv("JK_LINE_PACKS", "1, 3-4,  7")
    monkeypatch.setenv("TUYA_ANNOUNCE_PORTS", "6666, 6667")
    assert [battery.name for battery in load(BmsSettings).batteries_on_line] == ["JK 1", "JK 3", "JK 4", "JK 7"]
    assert load(TuyaSettings).announce_ports == [6666, 6667]


@pytest.mark.parametrize("name", ["DB_PATH", "LOG_DIR", "BACKUP_DIR"])
@pytest.mark.parametrize("path", ["~/x.db", "~", "~pi/x.db"])
def test_a_home_directory_is_asked_for_in_full(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, path)
    with pytest.raises(ConfigError, match=f'{name} is "{path}".*whole path'):
        load(RecorderSettings)


def test_a_directory_that_is_named_so_stays_in_use(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Up to version 0.2 it was created, and the history is in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~").mkdir()
    monkeypatch.setenv("DB_PATH", "~/x.db")
    assert load(RecorderSettings).db_path == Path("~/x.db")
