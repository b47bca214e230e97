"""The supervisor with small programs: what dies is started again, what only the user can mend is not."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.settings import PlugsSettings
from supervisor import __main__ as main
from supervisor.programs import Ports, Program, demo, up
from supervisor.supervise import CLAIMS, Supervisor, is_free, ports_near
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.processes


def program(name: str, code: str, **options: object) -> Program:
    return Program(name, (sys.executable, "-c", code), {"PATH": os.environ["PATH"]}, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def running(*programs: Program) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(programs)
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def saying(file: Path, then: str) -> str:
    return f"import os, sys, time; open({str(file)!r}, 'a').write(f'{{os.getpid()}}\\n'); {then}"


async def test_what_is_killed_is_started_again(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    async with running(program("steady", saying(pids, "time.sleep(600)"))):
        await until(lambda: lines(pids))
        os.kill(int(lines(pids)[0]), 9)
        await until(lambda: len(lines(pids)) == 2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(lines(pids)[1]), 0)


async def test_what_only_the_user_can_mend_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    starts = tmp_path / "starts"
    async with running(program("misconfigured", saying(starts, "sys.exit(78)"))):
        await until(lambda: "needs its settings corrected" in caplog.text)
    assert len(lines(starts)) == 1


async def test_a_task_ends_and_is_tried_again_when_it_fails(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    code = saying(starts, f"sys.exit(len(open({str(starts)!r}).readlines()) < 2)")
    async with running(program("task", code, once=True)) as supervisor:
        await until(lambda: len(lines(starts)) == 2)
        await asyncio.wait_for(asyncio.gather(*supervisor._watchers), PATIENCE_S)
    assert len(lines(starts)) == 2


async def test_a_port_is_waited_for_before_the_next_starts(tmp_path: Path) -> None:
    port, order = free_port(), tmp_path / "order"
    late = f"import socket, time; time.sleep(0.5); s = socket.create_server(('127.0.0.1', {port})); "
    first = program("first", late + saying(order, "time.sleep(600)"), wait_for_port=port)
    async with running(first, program("second", saying(order, "time.sleep(600)"))):
        await until(lambda: len(lines(order)) == 2)
        assert not is_free(port)
        ports = ports_near({"first": port, "second": port + 1})
        assert port < ports["first"]
        assert ports["first"] != ports["second"], "two demos beside each other"


async def test_the_ports_of_a_demo_that_only_starts_are_taken_whoever_runs_it(tmp_path: Path) -> None:
    mine = ports_near({"radio": free_port()})
    code = f"from supervisor.supervise import ports_near; print(ports_near({mine})['radio'])"
    env = os.environ | {"TMPDIR": str(tmp_path)}  # as another user's, or in a chroot
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=env, stdout=asyncio.subprocess.PIPE)
    said, _ = await other.communicate()
    assert int(said) > mine["radio"]


def test_ports_in_a_row_are_taken_all_or_none() -> None:
    first = ports_near({"plugs": free_port()}, {"plugs": 3})["plugs"]
    claims = len(CLAIMS)
    again = ports_near({"plugs": first - 1, "after": first}, {"plugs": 3})
    assert again["plugs"] >= first + 3, "one that begins before the row would end in it"
    assert again["after"] not in {*range(first, first + 3), *range(again["plugs"], again["plugs"] + 3)}
    assert len(CLAIMS) == claims + 4, "what was claimed in vain is given back"


def test_as_many_ports_are_claimed_as_the_demo_has_plugs() -> None:
    assert {"plugs": PlugsSettings.model_fields["house_plugs"].default} == main.IN_A_ROW


def test_the_demo_points_at_nothing_real() -> None:
    programs = demo({"PATH": "/bin"}, Path("/demo"), Ports(1, 2, 3, 4), days=3)
    for one in programs:
        if one.name != "mosquitto":
            assert one.env["ENV_FILE"] == ""
            assert one.env["MODBUS_HOST"] == "127.0.0.1"
            assert one.env["DB_PATH"].startswith("/demo")


@pytest.mark.parametrize("own_broker", [True, False])
def test_up_starts_a_broker_only_where_it_is_ours(own_broker: bool) -> None:
    names = [one.name for one in up({}, Path("/data"), Ports(1, 2), own_broker=own_broker)]
    assert ("mosquitto" in names) is own_broker
    assert names[-9:] == [
        "recorder",
        "poller",
        "bms",
        "schedule",
        "tuya",
        "outlook",
        "bot",
        "dashboard",
        "homeassistant",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_the_settings_file_is_read_and_what_is_wrong_in_it_is_told_once(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(main, "ROOT", tmp_path)
    lines = ("# mine", "MQTT_BIND=0.0.0.0", "MODBUS_HSOT=192.168.1.7", "TARIFF_CURRENCY='€'", "")
    (tmp_path / ".env").write_bytes(end.join(lines).encode())
    settings = main._settings_file()
    assert (settings["MQTT_BIND"], settings["TARIFF_CURRENCY"]) == ("0.0.0.0", "€")
    assert [record.message for record in caplog.records] == [
        ".env: MODBUS_HSOT is no setting and is ignored: is MODBUS_HOST meant?"
    ]
