"""scan, read, dump and replay as people call them: processes of their own, against inverters on this machine."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from simulators.transports.dongle import Dongle
from simulators.transports.serial_port import SerialPort
from simulators.transports.tcp import TcpGateway
from tests.poller.register_dumps import A_OFF_GRID_11K, G_MAINS_4K
from tests.support.broker import ROOT
from tests.support.fork_server import run_module
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.processes

SERIAL = {address: int.from_bytes(b"92") for address in range(186, 193)}
ELEVEN_KW = {171: 0x8000, 184: 3} | dict(A_OFF_GRID_11K.words) | SERIAL | {172: int.from_bytes(b"Me")}


async def tool(*arguments: str, **settings: str) -> tuple[int, str]:
    """Run `python -m services.poller ...` and return its exit code and all of its output."""
    env = {"PATH": os.environ["PATH"], "ENV_FILE": "", "MODBUS_TIMEOUT": "1", "DONGLE_BROADCAST": "127.255.255.255"}
    env |= {"DONGLE_PORT": str(free_port()), "BOT_LANGUAGE": "en"} | settings
    done = await asyncio.to_thread(run_module, "services.poller", *arguments, env=env)
    return done.returncode, done.stdout + done.stderr


async def test_scan_finds_a_dongle_a_gateway_and_a_serial_port() -> None:
    dongle, gateway, line = Dongle(lambda: ELEVEN_KW), TcpGateway(lambda: ELEVEN_KW), SerialPort(lambda: ELEVEN_KW)
    rtu = TcpGateway(lambda: G_MAINS_4K.words | {184: 1}, kind="rtu_over_tcp")
    await dongle.start("127.0.0.1", 0)
    for listener in (gateway, rtu):
        await listener.start("127.0.0.1", 0)
    await line.start()
    code, output = await tool(
        *("scan", "--network", "127.0.0.1/32", "--port", str(gateway.port), "--port", str(rtu.port)),
        DONGLE_PORT=str(dongle.port),
        MODBUS_SERIAL_PORT=line.port,
    )
    for wire in (dongle, gateway, rtu, line):
        await wire.stop()
    assert code == 0, output
    assert "Dongle at 127.0.0.1: an inverter with the k11 layout" in output
    assert "Set MODBUS_TRANSPORT=dongle MODBUS_HOST=127.0.0.1" in output
    assert f"Set MODBUS_TRANSPORT=tcp MODBUS_HOST=127.0.0.1 MODBUS_PORT={gateway.port}" in output
    assert f"Set MODBUS_TRANSPORT=rtu_over_tcp MODBUS_HOST=127.0.0.1 MODBUS_PORT={rtu.port}" in output
    assert f"Set MODBUS_TRANSPORT=serial MODBUS_SERIAL_PORT={line.port}" in output


async def test_scan_says_what_a_dongle_of_another_family_is() -> None:
    dongle = Dongle(lambda: {}, framing="pi30")
    await dongle.start("127.0.0.1", 0)
    code, output = await tool(
        "scan", "--network", "127.0.0.1/32", "--port", "1", "--no-serial", DONGLE_PORT=str(dongle.port)
    )
    await dongle.stop()
    assert code == 1
    assert "The dongle at 127.0.0.1 answers, but no inverter was read behind it." in output
    assert "PI30" in output
    assert "No inverter of this family was found" in output


async def test_scan_tells_programs_the_settings_and_people_the_rest_in_their_language() -> None:
    gateway = TcpGateway(lambda: ELEVEN_KW)
    await gateway.start("127.0.0.1", 0)
    closed = free_port()
    where = ("scan", "--json", "--network", "127.0.0.1/32", "--no-serial", "--port")
    code, output = await tool(*where, str(gateway.port), BOT_LANGUAGE="uk")
    await gateway.stop()
    assert code == 0, output
    assert json.loads(output) == {
        "text": f"Шлюз 127.0.0.1:{gateway.port}: інвертор із картою регістрів k11 (SMG II, 8–11 kW, протокол 3)",
        "settings": {"MODBUS_TRANSPORT": "tcp", "MODBUS_HOST": "127.0.0.1", "MODBUS_PORT": str(gateway.port)},
    }
    code, output = await tool(*where, str(closed), BOT_LANGUAGE="uk")
    assert (code, output.split(":")[0]) == (1, "Підтримуваного інвертора не знайдено")


async def test_read_in_ukrainian() -> None:
    gateway = TcpGateway(lambda: ELEVEN_KW)
    await gateway.start("127.0.0.1", 0)
    code, output = await tool("read", MODBUS_HOST="127.0.0.1", MODBUS_PORT=str(gateway.port), BOT_LANGUAGE="uk")
    await gateway.stop()
    assert code == 0, output
    assert "Мережа: є (239,9\u00a0В, 50,01\u00a0Гц)\n" in output
    code, output = await tool("read", BOT_LANGUAGE="uk")
    assert code == 78
    assert output.startswith("Інвертор не налаштовано")


async def test_read_is_a_table() -> None:
    gateway = TcpGateway(lambda: ELEVEN_KW)
    await gateway.start("127.0.0.1", 0)
    code, output = await tool("read", MODBUS_HOST="127.0.0.1", MODBUS_PORT=str(gateway.port))
    await gateway.stop()
    lines = {line.split("  ")[0]: line.rsplit("  ", 1)[-1] for line in output.splitlines()}
    assert code == 0, output
    assert output.startswith(
        "ANJ-11KW-48V, layout k11 (protocol 3 in register 184)\nGrid: on (239.9\u00a0V, 50.01\u00a0Hz)\n"
    )
    assert (lines["battery_power_w"], lines["battery_soc_percent"], lines["faults"]) == ("-510", "66", "none")
    assert lines["output_priority"] == "sbu"


async def test_a_dump_is_masked_and_can_be_replayed(tmp_path: Path) -> None:
    gateway = TcpGateway(lambda: ELEVEN_KW)
    await gateway.start("127.0.0.1", 0)
    file, again = tmp_path / "dump.json", tmp_path / "again.json"
    listed = tmp_path / "inverters.yaml"
    listed.write_text(f"inverters:\n  - {{name: left, host: 127.0.0.1, port: {gateway.port}}}\n")
    code, output = await tool("dump", str(file), "--inverter", "left", INVERTERS_FILE=str(listed))
    await gateway.stop()
    assert code == 0, output
    dump = json.loads(file.read_text())["dumps"][0]
    words = {int(address): word for address, word in dump["registers_raw_u16"].items()}
    assert all(words[at] == word for at, word in ELEVEN_KW.items() if at not in SERIAL and at != 172)
    assert {words[at] for at in SERIAL} == {0x3030}
    assert words[172] == 0x3030
    assert dump["decoded"]["battery_power_w"] == -510
    assert "92" not in str(dump["decoded"]["serial_number"])

    ready = tmp_path / "ready.json"
    env = os.environ | {
        "HOUSE_MODBUS_PORT": "0",
        "HOUSE_CONTROL_PORT": "0",
        "HOUSE_READY_FILE": str(ready),
        "ENV_FILE": "",
    }
    replay = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.poller", "replay", str(file), cwd=ROOT, env=env
    )
    async with asyncio.timeout(PATIENCE_S):
        while not ready.exists():
            await asyncio.sleep(0.05)
    port = str(json.loads(ready.read_text())["modbus_port"])
    code, output = await tool("dump", str(again), MODBUS_HOST="127.0.0.1", MODBUS_PORT=port)
    replay.terminate()
    await replay.wait()
    assert code == 0, output
    assert json.loads(again.read_text())["dumps"][0]["registers_raw_u16"] == dump["registers_raw_u16"]


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "sentence"),
    [
        (["read"], {}, 78, "No inverter is configured: set MODBUS_HOST in .env"),
        (["read"], {"MODBUS_TRANSPORT": "serial"}, 78, "set MODBUS_SERIAL_PORT in .env"),
        (["read", "--inverter", "left"], {"INVERTERS_FILE": "none.yaml"}, 78, "no inverter left in none.yaml"),
        (["read"], {"MODBUS_TRANSPORT": "pigeon"}, 78, 'MODBUS_TRANSPORT is "pigeon"'),
        (["read"], {"MODBUS_TRANSPORT": "dongle", "LOCAL_IP": "here"}, 78, 'LOCAL_IP is "here"'),
        (
            ["read"],
            {"MODBUS_HOST": "127.0.0.1", "MODBUS_PORT": "1"},
            1,
            "Nothing listens for Modbus TCP at 127.0.0.1:1",
        ),
        (["replay", "nowhere.json"], {}, 78, "There is no file nowhere.json."),
        (["dump", "/nowhere/file"], {"MODBUS_HOST": "127.0.0.1", "MODBUS_PORT": "1"}, 78, "cannot be written"),
    ],
)
async def test_what_is_wrong_is_one_sentence(arguments, settings, code, sentence) -> None:
    ended, output = await tool(*arguments, **settings)
    assert ended == code
    assert sentence in output
    assert len(output.strip().splitlines()) == 1
