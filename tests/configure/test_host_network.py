"""Tools that run in another container: what is asked there, what comes back, and what never goes there."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from configure import batteries, host_network, inverter
from configure.__main__ import configure
from configure.host_network import HostNetwork, needs_the_host, reach, serve
from configure.installation import Installation, Kind
from configure.tool_runner import Outcome
from shared.conditions.configure import tool_hangs
from shared.errors import ConfigError
from tests.configure.test_questions import ANSWERS, Terminal
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "socket"
    place.write_text("left by one that was killed")
    there = threading.Thread(target=serve, args=(place,), daemon=True)
    there.start()
    yield place
    there.join(PATIENCE_S)
    assert not there.is_alive(), "it ends with its wizard"
    assert not place.exists()


@pytest.fixture
def network(place: Path) -> Iterator[HostNetwork]:
    network = reach(place)
    assert network is not None
    yield network
    network.close()


def test_what_a_tool_prints_over_there_comes_back_line_by_line(
    network: HostNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def tool(answers: dict[str, str], what: list[str], on_line: host_network.OnLine) -> Outcome:
        asked.append((answers, what))
        if what[0] == "tuya":
            raise ConfigError(tool_hangs(tool="tuya scan"))
        on_line("напруга 230 В")
        on_line("")
        return Outcome(worked=True, lines=[])

    monkeypatch.setattr(host_network, "run_tool", tool)
    shown: list[str] = []
    ukrainian = {"BOT_LANGUAGE": "uk"}
    answers = {"DASHBOARD_PASSWORD": 'a "b" \n c'}
    assert network(answers, ["poller", "scan"], shown.append) == Outcome(worked=True, lines=["напруга 230 В"])
    assert shown == ["напруга 230 В", ""]
    assert network(ukrainian, ("tuya", "scan")) == Outcome(worked=False, lines=["`tuya scan` не закінчилося вчасно."])
    assert asked == [(answers, ["poller", "scan"]), (ukrainian, ["tuya", "scan"])]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_container_that_has_stopped_is_one_sentence(network: HostNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> Outcome:
        raise BrokenPipeError

    monkeypatch.setattr(host_network, "run_tool", killed)
    with pytest.raises(ConfigError, match="configure-host"):
        network({}, ["bms", "scan"])


def test_where_nobody_is_there_nothing_is_reached_and_nobody_is_waited_for_for_ever(tmp_path: Path) -> None:
    assert reach(tmp_path / "missing" / "socket") is None
    assert reach(tmp_path / "socket", patience_s=0) is None
    serve(tmp_path / "socket", patience_s=0.01)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("tool", "transport", "there"),
    [
        pytest.param(["poller", "scan", "--no-serial"], "", True, id="a-search-by-broadcast"),
        pytest.param(["bms", "scan"], "tcp", True, id="bluetooth"),
        pytest.param(["poller", "read"], "dongle", True, id="a-dongle-calls-back"),
        pytest.param(["poller", "read"], "tcp", False, id="a-gateway"),
        pytest.param(["bms", "read"], "dongle", False, id="batteries-on-a-wire"),
        pytest.param(["bot", "test"], "dongle", False, id="a-cloud"),
    ],
)
def test_answers_are_tested_from_the_services_network(tool: list[str], transport: str, there: bool) -> None:
    assert needs_the_host({"MODBUS_TRANSPORT": transport}, tool) is there


@pytest.mark.parametrize(("kind", "said"), [(Kind.COMPOSE, 1), (Kind.MAKE_UP, 0)])
def test_a_search_that_cannot_reach_the_host_is_reported_once(kind: Kind, said: int, tmp_path: Path) -> None:
    terminal = Terminal("<", *ANSWERS)
    prompt = terminal.prompt()
    prompt.with_a_way_back(lambda: configure(prompt, Installation(kind, tmp_path / ".env"), ()))
    assert sum("configure-host is not there" in line for line in terminal.shown) == said


def test_a_port_that_no_container_has_yet_is_not_called_a_failure() -> None:
    def never(*_: object) -> Outcome:
        raise AssertionError

    terminal = Terminal("n", "1", "3", "/dev/ttyUSB0", "n", "y", "2", "/dev/ttyUSB1")
    prompt = terminal.prompt(never)
    answers = inverter.ask(prompt, {}, (), in_compose=True)
    answers |= batteries.ask(prompt, answers, in_compose=True)
    assert answers["COMPOSE_FILE"] == "docker-compose.yml:docker-compose.serial.yml:docker-compose.batteries.yml"
    assert not any(line.startswith("✗") for line in terminal.shown)
    assert [line.rsplit(".", 1)[1] for line in terminal.shown if "--no-deps" in line] == ["poller read", "bms read"]
