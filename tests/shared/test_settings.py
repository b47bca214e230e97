"""Where settings come from, and what is said where they cannot be read."""

from pathlib import Path

import pytest

from services.bot.settings import BotSettings
from shared.errors import ConfigError
from shared.settings import load


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


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", str(tmp_path / ".env"))
    (tmp_path / ".env").write_bytes(b"MODBUS_HOST=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"The settings file .*\.env cannot be read"):
        token()
