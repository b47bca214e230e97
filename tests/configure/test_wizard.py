"""The questions answered as a person would, with simulated devices and clouds to try the answers on."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest

from configure import batteries
from configure.inverter import _compose_files
from configure.prompt import Prompt
from shared.env_file import values
from shared.texts.language import Language
from simulators.jk.frames import Identity, Measurement
from simulators.jk.tower import Tower, TowerPack
from simulators.tuya.cloud import CLIENT_ID, SECRET
from tests.support.fork_server import run_module
from tests.support.stack import Stack
from tests.support.ukrainian import english_words


@pytest.fixture
def home(stack: Stack) -> Stack:
    stack.start_house()
    stack.start_outages()
    stack.plan("plan", day="today", plan="04:00-06:00")
    stack.start_telegram()
    return stack


def asked(
    file: Path, *answers: str, scan: tuple[str, ...] = (), world: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the wizard with one answer a line."""
    env = {"PATH": os.environ["PATH"]} | (world or {})
    lines = "\n".join(answers) + "\n"
    return run_module("configure", "--file", str(file), "--", *scan, env=env, input_text=lines)


def test_from_nothing_to_a_file_that_works_and_once_more(home: Stack, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    port = home.poller.env["MODBUS_PORT"]
    world = {
        "BE_SVITLO_URL": home.outages_url,
        "TELEGRAM_API_URL": home.bot.env["TELEGRAM_API_URL"],
        "DONGLE_BROADCAST": "127.0.0.1",
        "DONGLE_PORT": "9",
    }
    token = home.bot.env["TELEGRAM_BOT_TOKEN"]
    home.tell_telegram("say", chat=4242, text="hello")
    first = asked(
        file,
        *("2", "", "", "n", ""),  # English; look for inverters; take the first found; no Bluetooth; nothing on a wire
        *("5.2", "", ""),  # the queue; Ivano-Frankivsk; without its unlicensed mirrors
        *(token, "", ""),  # the bot; written to it; those chats
        *("", "", "my pass", "y", ""),  # no plugs; open the page; its password; open the broker; write
        scan=("--network", "127.0.0.1/32", "--port", port, "--no-serial"),
        world=world,
    )
    assert first.returncode == 0, first.stdout + first.stderr
    assert "classic layout" in first.stdout
    assert "04:00-06:00" in first.stdout, first.stdout
    assert "@easun_demo_bot" in first.stdout
    found = values(file.read_text())
    assert (found["MODBUS_TRANSPORT"], found["MODBUS_HOST"], found["MODBUS_PORT"]) == ("tcp", "127.0.0.1", port)
    assert (found["QUEUE_NUMBER"], found["TELEGRAM_CHAT_ID"]) == ("5.2", "4242")
    assert (found["DASHBOARD_PASSWORD"], found["MQTT_BIND"]) == ("my pass", "0.0.0.0")
    assert file.stat().st_mode & 0o077 == 0
    assert any("test" in message["text"] for message in home.chat() if message["is_from_bot"])
    assert token not in first.stdout

    file.write_text(file.read_text().replace("#POLL_INTERVAL=5", "POLL_INTERVAL=7  # mine"))
    again = asked(file, *[""] * 30, world=world)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Nothing has changed" in again.stdout
    assert "POLL_INTERVAL=7  # mine" in file.read_text()


def test_in_a_ukrainian_dialogue_the_tools_speak_ukrainian(home: Stack, tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{home.start_plugs()['cloud_port']}"
    home.tell_telegram("say", chat=4242, text="привіт")
    world = {
        "BE_SVITLO_URL": home.outages_url,
        "TELEGRAM_API_URL": home.bot.env["TELEGRAM_API_URL"],
        "TUYA_PLUGS_FILE": str(tmp_path / "none.yaml"),
        "DONGLE_BROADCAST": "127.0.0.1",
        "DONGLE_PORT": "9",
    }
    done = asked(
        tmp_path / ".env",
        *(
            "1",
            "",
            "",
            "n",
            "n",
        ),  # Ukrainian; look for inverters; take the first found; no Bluetooth; nothing on a wire
        *("5.2", "", ""),
        *(home.bot.env["TELEGRAM_BOT_TOKEN"], "", ""),
        *("y", CLIENT_ID, SECRET, "", endpoint, ""),
        *("n", "", ""),
        scan=("--network", "127.0.0.1/32", "--port", home.poller.env["MODBUS_PORT"], "--no-serial"),
        world=world,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert values((tmp_path / ".env").read_text())["MODBUS_TRANSPORT"] == "tcp"
    for what in ("Шлюз 127.0.0.1:", "Мережа: є", "черга 5.2:", "Надіслано: 4242.", "Boiler  в акаунті, на зв'язку"):
        assert what in done.stdout
    by_tools = re.findall("(?:✓|Шлюз) .*", re.sub("  .*  ", " ", done.stdout))  # without the names of plugs
    assert {word for line in by_tools for word in english_words(line)} == {"classic"}


@pytest.mark.processes
def test_an_inverter_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    done = asked(file, "2", "n", "1", "1", "127.0.0.1", "9", "n", "n", "2", "n", "", "", "", "n", "n", "n", "")
    assert "✗" in done.stdout
    assert "127.0.0.1:9" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert values(file.read_text()).get("MODBUS_HOST", "") == ""


@pytest.mark.parametrize(
    ("transport", "before", "after"),
    [
        pytest.param("tcp", "", None, id="nothing-needed"),
        pytest.param("dongle", "", "docker-compose.yml:docker-compose.dongle.yml", id="dongle"),
        pytest.param(
            "serial",
            "docker-compose.yml:docker-compose.dongle.yml:mine.yml",
            "docker-compose.yml:mine.yml:docker-compose.serial.yml",
            id="from-dongle-to-serial",
        ),
        pytest.param("tcp", "docker-compose.yml:docker-compose.serial.yml", "docker-compose.yml", id="no-more"),
    ],
)
def test_compose_is_given_what_the_wire_needs(transport: str, before: str, after: str | None) -> None:
    settings = _compose_files({"MODBUS_TRANSPORT": transport, "COMPOSE_FILE": before})
    assert settings.get("COMPOSE_FILE") == after


@pytest.mark.processes
def test_answers_that_end_early_change_nothing(tmp_path: Path) -> None:
    done = asked(tmp_path / ".env", "2")
    assert done.returncode == 78
    assert "nothing was changed" in done.stderr
    assert "нічого не змінено" in asked(tmp_path / ".env", "1").stderr
    assert not (tmp_path / ".env").exists()


@pytest.mark.processes
def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    done = asked(tmp_path / "missing" / ".env", "2", "n", "2", "n", "", "", "", "n", "n", "n", "")
    assert done.returncode == 78
    assert done.stderr.count("\n") == 1
    assert "cannot be written" in done.stderr


@pytest.mark.processes
def test_a_slip_in_the_file_that_is_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"MODBUS_HSOT=192.168.1.7\r\nPOLL_INTERVAL=7\r\n")
    done = asked(file, "2")
    assert f"{file}: MODBUS_HSOT is no setting and is ignored: is MODBUS_HOST meant?\n" in done.stdout
    assert "POLL_INTERVAL is" not in done.stdout


@pytest.mark.processes
def test_a_tower_behind_a_gateway_is_tried_and_kept() -> None:
    known = {
        "BOT_LANGUAGE": "en",
        "JK_LINE_DIALECT": "trigger",
        "COMPOSE_FILE": "docker-compose.yml:docker-compose.serial.yml:docker-compose.batteries.yml",
    }
    identity = Identity("Tower", "JK_PB2A16S15P", "15.38", "15A", "4012")
    tower = Tower([TowerPack(number, identity, lambda: Measurement((3.3,) * 16, -4.0, 64)) for number in (1, 2)])
    shown: list[str] = []

    async def run() -> dict[str, str]:
        async with await tower.serve_tcp() as gateway:
            host, number = gateway.sockets[0].getsockname()
            lines = iter(("n", "y", "1", f"tcp://{host}:{number}", "1-2"))
            prompt = Prompt(Language.EN, lambda _: next(lines), shown.append)
            return await asyncio.to_thread(batteries.ask, prompt, known)

    answers = asyncio.run(run())
    assert (answers["JK_LINE_PACKS"], answers["JK_LINE_DIALECT"]) == ("1-2", "trigger")
    assert answers["COMPOSE_FILE"] == "docker-compose.yml:docker-compose.serial.yml", "a gateway is no device"
    assert any("JK 2: 52.8 V, −4.0 A, 64 %" in line.replace("\u00a0", " ") for line in shown), shown


@pytest.mark.processes
def test_a_port_that_does_not_open_is_reported_and_a_serial_port_needs_its_overlay() -> None:
    shown: list[str] = []
    lines = iter(("n", "y", "2", "/dev/does-not-exist", "y"))
    answers = batteries.ask(Prompt(Language.EN, lambda _: next(lines), shown.append), {"BOT_LANGUAGE": "en"})
    assert answers == {
        "JK_LINE_DIALECT": "nw",
        "JK_LINE_PORT": "/dev/does-not-exist",
        "JK_LINE_PACKS": "",
        "COMPOSE_FILE": "docker-compose.yml:docker-compose.batteries.yml",
    }
    assert any("cannot be opened" in line for line in shown)
    lines = iter(("n", "n"))
    cleared = batteries.ask(Prompt(Language.EN, lambda _: next(lines), shown.append), answers)
    assert cleared == {
        "JK_LINE_DIALECT": "",
        "JK_LINE_PORT": "",
        "JK_LINE_PACKS": "",
        "COMPOSE_FILE": "docker-compose.yml",
    }
