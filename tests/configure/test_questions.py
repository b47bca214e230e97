"""The questions without devices: a way back, interruptions at each of them, what is judged by the answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from configure import batteries, inverter, schedule
from configure.__main__ import configure
from configure.installation import UNITS, Installation, Kind, find, readers, restart
from configure.prompt import Prompt
from configure.tool_runner import Outcome, run_tool
from services.poller.tools.scan import Finding
from services.schedule.show import Line
from shared.env_file import values
from shared.errors import ConfigError
from shared.texts.language import Language
from tests.support.broker import ROOT

ANSWERS = ("2", "n", "2", "n", "n", "", "", "n", "", "my $pass", "n", "")
"""English; no search, no inverter; no batteries; no queue; no bot; no plugs; the page with a password; write."""


class Terminal:
    """Somebody who types the answers, one after the other; then `at_the_end` happens."""

    def __init__(self, *answers: str, at_the_end: type[BaseException] = EOFError) -> None:
        self._answers = iter(answers)
        self._at_the_end = at_the_end
        self.shown: list[str] = []
        self.asked: list[str] = []

    def read(self, question: str) -> str:
        self.asked.append(question)
        try:
            return next(self._answers)
        except StopIteration:
            raise self._at_the_end from None

    def prompt(self, tool: Callable[..., Outcome] = run_tool) -> Prompt:
        return Prompt(Language.EN, self.read, self.shown.append, tool)

    def configures(self, home: Installation) -> None:
        prompt = self.prompt()
        prompt.with_a_way_back(lambda: configure(prompt, home, ()))


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return Installation(Kind.MAKE_UP, tmp_path / ".env")


def test_answers_become_a_file_that_is_named(home: Installation) -> None:
    terminal = Terminal(*ANSWERS)
    terminal.configures(home)
    assert len(terminal.asked) == len(ANSWERS)
    assert values(home.file.read_text())["DASHBOARD_PASSWORD"] == "my $pass"
    assert f"Settings: {home.file}" in terminal.shown
    assert any(line.startswith(f"Written to {home.file}") for line in terminal.shown)
    assert (
        "Next: sudo deploy/install.sh, or make up (where it runs already, stop it and start it again)" in terminal.shown
    )


@pytest.mark.parametrize("how", [EOFError, KeyboardInterrupt])
@pytest.mark.parametrize("answered", range(len(ANSWERS)))
@pytest.mark.parametrize("before", [None, "DASHBOARD_PASSWORD=old\n"])
def test_an_interruption_at_any_question_changes_nothing(
    answered: int, how: type[BaseException], before: str | None, home: Installation
) -> None:
    if before is not None:
        home.file.write_text(before)
    with pytest.raises((ConfigError, KeyboardInterrupt)):
        Terminal(*ANSWERS[:answered], at_the_end=how).configures(home)
    assert {file.name: file.read_text() for file in home.file.parent.iterdir()} == ({".env": before} if before else {})


@pytest.mark.parametrize("place", range(1, len(ANSWERS)))
def test_at_any_question_there_is_a_way_back_to_the_one_before(place: int, home: Installation) -> None:
    straight, back = Terminal(*ANSWERS), Terminal(*ANSWERS[:place], "<", *ANSWERS[place - 1 :])
    straight.configures(home)
    expected = values(home.file.read_text())
    home.file.unlink()
    back.configures(home)
    assert back.asked[place + 1] == back.asked[place - 1]
    assert values(home.file.read_text()) == expected


def test_before_the_first_question_there_is_none(home: Installation) -> None:
    Terminal("<", "<", *ANSWERS).configures(home)
    assert home.file.exists()


def test_a_tool_is_not_run_again_on_the_way_back() -> None:
    ran: list[str] = []

    def tool(answers: Mapping[str, str], what: Sequence[str], on_line: object) -> Outcome:
        ran.append(answers["MODBUS_HOST"])
        return Outcome(worked=answers["MODBUS_HOST"] == "10.0.0.2", lines=["said"])

    terminal = Terminal("n", "1", "1", "10.0.0.1", "", "y", "<", "n", "n", "1", "1", "10.0.0.2", "", "n")
    prompt = terminal.prompt(tool)
    answers: dict[str, str] = {}
    prompt.with_a_way_back(
        lambda: answers.update(inverter.ask(prompt, {}, ()), then=str(prompt.yes("batteries_search")))
    )
    assert ran == ["10.0.0.1", "10.0.0.2"]
    assert answers["MODBUS_HOST"] == "10.0.0.2"


def test_an_answer_that_no_file_can_hold_is_asked_again() -> None:
    terminal = Terminal("a\x1b[Ab", "fine")
    assert terminal.prompt().ask("token") == "fine"
    assert terminal.shown == ["Token holds a line break or another control character, which .env cannot hold."]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_what_only_the_wizards_network_has_is_no_address_for_a_container(host: str) -> None:
    def tool(*_: object) -> Outcome:
        return Outcome(worked=True, lines=["a reading"])

    terminal = Terminal("n", "1", "1", host, "", "n", "1", "1", "192.168.1.7", "")
    answers = inverter.ask(terminal.prompt(tool), {}, (), in_compose=True)
    assert answers["MODBUS_HOST"] == "192.168.1.7"
    assert any("the container itself" in line for line in terminal.shown)
    assert [line for line in terminal.shown if line.startswith("✓")] == ["✓ a reading"]


def marks(shown: Sequence[str]) -> Iterator[str]:
    return (line[0] for line in shown if line[0] in "✓✗")


@pytest.mark.parametrize(
    ("lines", "worked", "seen"),
    [
        pytest.param([Line("be_svitlo, черга 5.2:", None), Line("30.11.2026", True)], True, "✓", id="a-day"),
        pytest.param([Line("be_svitlo, черга 5.2:", None), Line("30.11.2026", None)], True, "", id="nothing"),
        pytest.param([Line("be_svitlo: 403", False), Line("30.11.2026", True)], True, "✗✓", id="one-source"),
        pytest.param(["Жодне джерело не дає графіка."], False, "✗", id="an-error"),
    ],
)
def test_the_schedule_is_judged_by_what_its_sources_know(lines: list[Line | str], worked: bool, seen: str) -> None:
    terminal = Terminal("5.2", "1", "n", "y")
    printed = [line.to_json() if isinstance(line, Line) else line for line in lines]
    schedule.ask(terminal.prompt(lambda *_: Outcome(worked, printed)), {})
    assert "".join(marks(terminal.shown)) == seen


@pytest.mark.parametrize(
    ("line", "worked", "seen"),
    [
        pytest.param("JK-B2A, адреса C8:47:80:12:34:56, -61 дБм", True, "✓", id="found"),
        pytest.param("Батарей JK не знайдено: вони поза досяжністю чи ...", False, "✗", id="none"),
    ],
)
def test_a_search_that_found_nothing_is_no_success(line: str, worked: bool, seen: str) -> None:
    terminal = Terminal("y", "n")
    batteries.ask(terminal.prompt(lambda *_: Outcome(worked, [line])), {})
    assert "".join(marks(terminal.shown)) == seen
    assert any("jk_devices.yaml" in shown for shown in terminal.shown) is worked


def test_inverters_that_were_found_are_offered_in_any_language() -> None:
    way = {"MODBUS_TRANSPORT": "tcp", "MODBUS_HOST": "192.168.1.7", "MODBUS_PORT": "502"}
    found = Finding("Шлюз 192.168.1.7:502: інвертор", way)
    other = Finding("За адресою 192.168.1.8:502 щось працює")

    def tool(_: object, what: Sequence[str], on_line: Callable[[str], None]) -> Outcome:
        lines = [other.to_json(), found.to_json()] if what[1] == "scan" else ["Мережа: є"]
        for line in lines:
            on_line(line)
        return Outcome(worked=True, lines=lines)

    terminal = Terminal("y", "1")
    assert inverter.ask(terminal.prompt(tool), {}, ()) == way | {"MODBUS_SERIAL_PORT": ""}
    assert {f"  {other.text}", f"  {found.text}", f"  1) {found.text}"} <= set(terminal.shown)
    assert not any(other.text in line for line in terminal.shown if ")" in line)


def test_the_installed_settings_are_the_ones_that_are_asked_for(tmp_path: Path) -> None:
    installed = tmp_path / "installed.env"
    assert find(None, in_compose=False, installed=installed) == Installation(Kind.MAKE_UP, Path(".env"))
    installed.touch()
    assert find(None, in_compose=False, installed=installed) == Installation(Kind.SYSTEMD, installed)
    assert find(installed, in_compose=False, installed=installed).kind is Kind.SYSTEMD
    assert find(Path("mine"), in_compose=False, installed=installed) == Installation(Kind.MAKE_UP, Path("mine"))
    assert find(None, in_compose=True, installed=installed) == Installation(Kind.COMPOSE, Path(".env"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["TELEGRAM_BOT_TOKEN"], ["bot"]),
        (["DASHBOARD_PASSWORD"], ["dashboard"]),
        (["BOT_LANGUAGE"], ["bot"]),  # tools of other services read it, too, whenever they are called
        (["HOMEASSISTANT_LANGUAGE"], ["homeassistant"]),
        (["MQTT_BIND"], ["mosquitto"]),
        (["MQTT_PASSWORD_VIEWER"], ["mosquitto"]),
        (["QUEUE_NUMBER", "TUYA_ACCESS_ID"], ["schedule", "tuya"]),
        (["COMPOSE_FILE", "HOUSE_DAYS"], []),
    ],
)
def test_only_the_services_that_read_what_changed_start_again(changed: list[str], expected: list[str]) -> None:
    assert readers(changed) == expected


def test_every_unit_can_be_told_to_start_again() -> None:
    assert {f"easun-{unit}.service" for unit in UNITS} == {
        file.name for file in (ROOT / "deploy/systemd").glob("*.service")
    }


SYSTEMCTL = """#!/bin/sh
echo "$@" >>"$0.calls"
case $1 in
  restart) [ ! -e "$0.refuses" ] || { echo "Unit not found." >&2; exit 5; } ;;
  is-active) shift; for unit in "$@"; do [ "$unit" = easun-bot.service ] && cat "$0.bot" || echo active; done; exit 3 ;;
esac
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("bot", "refuses", "fault"),
    [
        pytest.param("active", False, "", id="up"),
        pytest.param("failed", False, "easun-bot.service: failed; see `journalctl -u easun-bot.service`", id="down"),
        pytest.param("active", True, "Unit not found.", id="refused"),
    ],
)
def test_a_restart_counts_when_the_services_are_up(
    bot: str, refuses: bool, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    program.with_name("systemctl.bot").write_text(f"{bot}\n")
    if refuses:
        program.with_name("systemctl.refuses").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert restart(["bot", "dashboard"], settle_s=0) == fault
    calls = program.with_name("systemctl.calls").read_text()
    assert calls.startswith("restart easun-bot.service easun-dashboard.service\n")
