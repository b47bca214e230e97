"""How a tool speaks and ends."""

import argparse
import ast
import inspect
import re

import pytest

from shared.conditions.schedule import NO_ANSWER
from shared.errors import ConfigError, DeviceOfflineError, EasunError, UsageError
from shared.service import EXIT_CONFIG
from shared.settings import MqttSettings
from shared.texts.argparse_words import ARGPARSE
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


def typed(*arguments: str) -> object:
    """Return the exit code of a tool with these arguments."""

    def tool(_: Localizer) -> None:
        parser = argparse.ArgumentParser(prog="easun")
        parser.add_argument("--port", type=int)
        commands = parser.add_subparsers(required=True, dest="command")
        commands.add_parser("read").add_argument("file")
        parser.parse_args(arguments)

    with pytest.raises(SystemExit) as left:
        speak(tool)
    return left.value.code


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["--help"], "Використання: easun", id="usage"),
        pytest.param(["--help"], "параметри:", id="options"),
        pytest.param(["--help"], "показати цю довідку й вийти", id="help"),
        pytest.param([], "easun: помилка: бракує аргументів: command", id="missing"),
        pytest.param(["read"], "easun read: помилка: бракує аргументів: file", id="missing-of-a-command"),
        pytest.param(["--port", "x"], "аргумент --port: не годиться значення 'x' (потрібно int)", id="type"),
        pytest.param(["--port"], "аргумент --port: потрібне одне значення", id="value"),
        pytest.param(["write"], "немає вибору 'write'", id="choice"),
        pytest.param(["read", "a", "--b"], "невідомі аргументи: --b", id="unknown"),
    ],
)
def test_argparse_speaks_the_language_of_the_settings(
    arguments: list[str], text: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for language in ("uk", "en"):
        environment.setenv("BOT_LANGUAGE", language)
        assert typed(*arguments) == (0 if "--help" in arguments else 2)
        said = capsys.readouterr()
        assert (text in said.out + said.err) is (language == "uk")
        assert bool(re.search("[а-яі]", said.out + said.err)) is (language == "uk")


OF_MISTAKES_IN_CODE = re.compile(
    r"is not callable|invalid argument for|not defined|with mode|cannot |conflict|dest=|must (be|start)"
)


def test_every_word_of_this_argparse_is_known() -> None:
    """What a person can see: the others are of mistakes in our own code."""
    calls = (one for one in ast.walk(ast.parse(inspect.getsource(argparse))) if isinstance(one, ast.Call))
    asked = {
        word.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")
        for word in call.args
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }
    assert {word for word in asked if not OF_MISTAKES_IN_CODE.search(word)} <= ARGPARSE.keys()


def test_the_words_of_argparse_have_the_same_values_in_both_languages() -> None:
    value = re.compile(r"%(\(\w+\))?[sr]")
    for english, ukrainian in ARGPARSE.items():
        assert sorted(one[0] for one in value.finditer(english)) == sorted(one[0] for one in value.finditer(ukrainian))
