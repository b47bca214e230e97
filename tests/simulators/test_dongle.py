import asyncio
import contextlib
import socket

import pytest

from shared.errors import CommandRefusedError
from simulators.faults import Fault
from simulators.transports.dongle import Dongle
from tests.simulators.connected import (
    ASK_184,
    ASK_277,
    PN,
    SAY_277,
    WORDS,
    by_udp,
    eybond,
    listening,
    over_dongle,
    redirected,
)
from tests.support.waiting import PATIENCE_S, until

REPLY = b"rsp>server=1;"


@contextlib.asynccontextmanager
async def dongle(host="127.0.0.1", port=0, **options):
    wire = Dongle(lambda: WORDS, reconnect_s=0.02, **options)
    await wire.start(host, port)
    yield wire
    await wire.stop()


async def cut_off(reader):
    with contextlib.suppress(OSError):
        while await asyncio.wait_for(reader.read(100), PATIENCE_S):
            pass
    return True


async def alive(reader, writer):
    writer.write(eybond(0x077A, ASK_277))
    good = eybond(0x077A, SAY_277)
    return await asyncio.wait_for(reader.readexactly(len(good)), PATIENCE_S) == good


@pytest.mark.parametrize("end", [";", ";\r\n", ";\n"])
async def test_redirected_it_says_so_and_connects(end):
    async with dongle() as wire, listening() as server:
        command = f"set>server=127.0.0.1:{server.port}{end}".encode()
        assert await by_udp(command, "127.0.0.1", wire.port) == {(REPLY, ("127.0.0.1", wire.port))}
        assert await alive(*await server.call())
        assert wire.state() == {
            "transport": "dongle",
            "dongle_port": wire.port,
            "server": f"127.0.0.1:{server.port}",
            "there": True,
            "connected": True,
            "requests": 1,
            "answered": 1,
            "latency_s": 0.0,
        }


async def test_who_only_looks_for_it_changes_nothing():
    async with dongle() as wire, listening() as server:
        await redirected(wire, server.port)
        reader, writer = await server.call()
        assert await by_udp(b"set>server=", "127.0.0.1", wire.port) == {(REPLY, ("127.0.0.1", wire.port))}
        assert await alive(reader, writer)
        assert server.calls.empty()


async def test_a_broadcast_reaches_all_dongles_and_each_answers_from_its_own_address():
    async with dongle(pn=PN) as one, dongle("127.0.0.2", one.port) as two, listening() as server:
        command = f"set>server=127.0.0.1:{server.port};".encode()
        assert await by_udp(command, "127.255.255.255", one.port, replies=2) == {
            (REPLY, ("127.0.0.1", one.port)),
            (REPLY, ("127.0.0.2", two.port)),
        }
        calls = [await server.call() for _ in range(2)]
        assert {writer.get_extra_info("peername")[0] for _, writer in calls} == {"127.0.0.1", "127.0.0.2"}
        assert await by_udp(b"set>server=", "127.0.0.2", two.port) == {(REPLY, ("127.0.0.2", two.port))}


async def test_bound_to_every_address_it_hears_broadcasts_too():
    async with dongle("0.0.0.0") as wire, listening() as server:
        await by_udp(f"set>server=127.0.0.1:{server.port};".encode(), "127.255.255.255", wire.port)
        assert await alive(*await server.call())


async def test_a_port_that_is_taken():
    async with dongle() as wire:
        with pytest.raises(OSError, match="in use"):
            await Dongle(dict).start("127.0.0.1", wire.port)


async def test_a_broadcast_port_that_is_taken():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.255.255.255", 0))
        with pytest.raises(OSError, match="in use"):
            await Dongle(dict).start("127.0.0.1", other.getsockname()[1])


async def test_the_last_redirect_wins():
    async with dongle() as wire, listening() as first, listening() as second:
        await redirected(wire, first.port)
        reader, _ = await first.call()
        await redirected(wire, second.port)
        assert await cut_off(reader)
        assert await alive(*await second.call())
        assert first.calls.empty()


async def test_redirected_to_where_it_is_it_connects_anew():
    async with dongle() as wire, listening() as server:
        await redirected(wire, server.port)
        reader, _ = await server.call()
        await redirected(wire, server.port)
        assert await cut_off(reader)
        assert await alive(*await server.call())


async def test_of_many_redirects_at_once_one_session_is_left():
    async with dongle() as wire, listening() as first, listening() as second:
        for _ in range(20):
            await redirected(wire, first.port)
        await redirected(wire, second.port)
        assert await alive(*await second.call())
        while not first.calls.empty():
            reader, _ = await first.call()
            assert await cut_off(reader)


async def test_cut_off_by_its_server_it_comes_back():
    async with dongle() as wire, listening() as server:
        await redirected(wire, server.port)
        for _ in range(3):
            reader, writer = await server.call()
            assert await alive(reader, writer)
            writer.transport.abort()


async def test_it_waits_for_a_server_that_is_not_there_yet():
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        async with dongle() as wire:
            await redirected(wire, late.getsockname()[1])
            late.listen()
            late.setblocking(False)
            connection, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(late), PATIENCE_S)
            connection.close()


@pytest.mark.parametrize("fault", [Fault(kind="reboot", latency_s=0), Fault(kind="unplug")])
async def test_without_power_it_forgets_its_redirect(fault):
    async with dongle() as wire, listening() as server:
        await redirected(wire, server.port)
        reader, _ = await server.call()
        await wire.fail(fault)
        assert await cut_off(reader)
        if fault.kind == "unplug":
            await wire.fail()
        await until(lambda: wire.state()["there"])
        assert (wire.server, wire.connected) == (None, False)
        await redirected(wire, server.port)
        assert await alive(*await server.call())


@pytest.mark.parametrize("kind", ["reboot", "unplug", "refuse"])
async def test_without_power_it_is_deaf(kind):
    async with dongle() as wire, dongle("127.0.0.2", wire.port) as other:
        await wire.fail(Fault(kind=kind, latency_s=600))
        assert await by_udp(b"set>server=", "127.255.255.255", wire.port) == {(REPLY, ("127.0.0.2", other.port))}
        assert wire.server is None


async def test_stolen_it_serves_the_thief_until_it_is_redirected():
    async with dongle() as wire, listening() as server, listening() as thief:
        await redirected(wire, server.port)
        reader, _ = await server.call()
        await wire.steal("127.0.0.1", thief.port)
        assert await cut_off(reader)
        assert await alive(*await thief.call())
        await redirected(wire, server.port)
        assert await alive(*await server.call())


async def test_nobody_steals_a_dongle_that_is_off():
    async with dongle() as wire:
        await wire.fail(Fault(kind="unplug"))
        with pytest.raises(CommandRefusedError, match="off"):
            await wire.steal("127.0.0.1", 1)


async def test_another_unit():
    async with dongle(unit=2) as wire, listening() as server:
        await redirected(wire, server.port)
        reader, writer = await server.call()
        writer.write(eybond(2, ASK_184) + eybond(4, "020301150005" + "95c2"))
        heard = await asyncio.wait_for(reader.readexactly(6), PATIENCE_S)
        assert heard[:2] == b"\x00\x04"


async def test_an_inverter_that_speaks_pi30():
    async with over_dongle("pi30") as wired:
        wired.send(eybond(2, ASK_184) + eybond(3, ASK_184))
        assert await wired.until(b"(NAKss\r") == bytes.fromhex("000309940009ff04")
        assert wired.wire.device.requests == 0


async def test_plain_text_and_plain_frames():
    async with over_dongle("raw") as wired:
        wired.send(b"AT+DTUPN?\r\n")
        assert await wired.until(f"AT+DTUPN:{PN}\r\n".encode()) == b""
        assert await wired.ask(0, ASK_277, SAY_277) == b""


async def test_an_envelope_is_noise_to_an_inverter_behind_a_raw_dongle():
    async with over_dongle("raw") as wired:
        wired.send(eybond(2, ASK_184))
        await wired.heard_again()
        assert wired.wire.device.answered == 1
