"""How a tool speaks and ends."""

import pytest

from shared.conditions.schedule import NO_ANSWER
from shared.errors import ConfigError, DeviceOfflineError, EasunError, UsageError
from shared.service import EXIT_CONFIG
from shared.settings import MqttSettings
from shared.texts.localizer import Localizer
from shared.tool import speak, use


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("ENV_FILE", "")
    return monkeypatch


def failure(error: EasunError) -> object:
    """Return the exit code of a tool that fails."""

    def tool(_: Localizer) -> None:
        raise error

    with pytest.raises(SystemExit) as left:
        speak(tool)
    return left.value.code


@pytest.mark.parametrize(
    ("error", "code"),
    [(DeviceOfflineError(NO_ANSWER()), 1), (ConfigError(NO_ANSWER()), EXIT_CONFIG), (UsageError("No."), EXIT_CONFIG)],
)
def test_the_exit_code_of_a_tool_that_fails_says_who_can_mend_it(error: EasunError, code: int) -> None:
    assert failure(error) == code


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "it does not answer in time"), ("uk", "не відповідає вчасно"), ("", "не відповідає вчасно")],
)
def test_a_tool_speaks_the_language_of_the_settings(
    language: str, text: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("BOT_LANGUAGE", language)
    failure(DeviceOfflineError(NO_ANSWER()))
    assert text in capsys.readouterr().err
    speak(lambda localizer: print(localizer("tool.unknown")))  # noqa: T201
    assert capsys.readouterr().out == ("unknown\n" if language == "en" else "невідомо\n")


def test_a_language_that_nobody_speaks_is_a_wrong_setting(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("BOT_LANGUAGE", "ua")
    with pytest.raises(SystemExit) as left:
        use(MqttSettings, lambda settings, _: settings.mqtt_host)
    assert left.value.code == EXIT_CONFIG
    assert "BOT_LANGUAGE має значення «ua»" in capsys.readouterr().err


def test_a_tool_that_works_prints_what_it_has_found(capsys: pytest.CaptureFixture[str]) -> None:
    use(MqttSettings, lambda settings, _: settings.mqtt_host)
    assert capsys.readouterr().out == "127.0.0.1\n"
