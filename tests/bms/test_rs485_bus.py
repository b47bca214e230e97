"""Towers of packs on a line: on a pseudo terminal and behind a gateway, asked and listened to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from services.bms import rs485_bus
from services.bms.battery import Battery
from services.bms.battery_health import Limits
from services.bms.line_packs import Pack
from services.bms.listed_battery import Dialect, ListedBattery
from services.bms.rs485_bus import Rs485Bus
from services.bms.rs485_frames import Trigger
from shared.clock import utc_now
from shared.conditions import Reason, bms
from simulators.jk.frames import Identity, Measurement
from simulators.jk.tower import Tower, TowerPack
from tests.support.waiting import PATIENCE_S


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what does not come."""
    for name, seconds in (("LISTEN_S", 0.3), ("ANSWER_S", 0.2), ("GAP_S", 0.0), ("LEAST_CYCLE_S", 0.05)):
        monkeypatch.setattr(rs485_bus, name, seconds)


def truth(address: int) -> Measurement:
    """Return what the pack at an address measures."""
    cells = tuple(3.2 + 0.01 * address + 0.001 * slot for slot in range(16))
    return Measurement(cells, -1.5 * address, 50 + address, 100 + address, runtime_s=1000 + address)


def tower(*addresses: int, echoes: bool = False) -> Tower:
    identity = Identity("Tower", "JK_PB2A16S15P", "15.38", "15A", "4012")
    packs = [TowerPack(address, identity, partial(truth, address)) for address in addresses]
    return Tower(packs, echoes=echoes)


@dataclass
class Reader:
    """A bus that reads packs into batteries."""

    port: str
    dialect: Dialect = Dialect.AUTO
    batteries: dict[int, Battery] = field(default_factory=dict)

    async def until(self, condition: Callable[["Reader"], bool], *addresses: int) -> "Reader":
        """Read these packs until a condition holds."""
        bus, changed = Rs485Bus(self.port, 115_200, self.dialect, 0.05), asyncio.Event()
        for address in addresses:
            listed = ListedBattery(address=f"{self.port}#{address}")
            self.batteries[address] = Battery(listed, Limits(2.8, 3.6, 0.1), 1)
            bus.add(Pack(self.batteries[address], changed.set))
        task = asyncio.create_task(bus.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition(self):
                    changed.clear()
                    await changed.wait()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return self

    @property
    def online(self) -> set[int]:
        """The packs that are online."""
        return {address for address, battery in self.batteries.items() if battery.is_online}

    def problems(self) -> dict[int, Reason]:
        """What is wrong with the others."""
        return {address: battery.problem for address, battery in self.batteries.items() if battery.problem}

    def equals_truth(self) -> None:
        """Compare all that are online with what they measure."""
        for address in self.online:
            state, measured = self.batteries[address].to_state(utc_now()), truth(address)
            assert state.cell_voltages_v == pytest.approx([round(volt, 3) for volt in measured.cells_v])
            assert state.voltage_v == pytest.approx(measured.voltage_v, abs=0.001)
            assert (state.current_a, state.full_ah) == (measured.current_a, measured.full_ah)
            assert state.soc_percent == pytest.approx(measured.soc_percent, abs=0.1)
            assert (state.temperatures_c or ())[:2] == measured.temperatures_c


def all_online(reader: Reader) -> bool:
    return len(reader.online) == len(reader.batteries)


@pytest.mark.parametrize("dialect", [Dialect.AUTO, Dialect.REGISTERS])
def test_a_tower_of_four_on_a_serial_port(dialect: Dialect) -> None:
    async def run() -> None:
        line = tower(1, 2, 3, 4, echoes=True)
        port, close = line.serve_pty()
        try:
            reader = await Reader(port, dialect).until(all_online, 1, 2, 3, 4)
        finally:
            close()
        reader.equals_truth()
        assert reader.batteries[2].device, "it was asked what it is"
        triggers = {asked[2:4] for asked in line.requests if asked[1] == 0x10}
        assert triggers == ({register.to_bytes(2, "big") for register in Trigger} if dialect is Dialect.AUTO else set())

    asyncio.run(run())


def test_a_tower_of_four_through_a_gateway() -> None:
    async def run() -> None:
        line = tower(1, 2, 3, 4)
        line.packs[1].padded = True
        async with await line.serve_tcp() as gateway:
            host, port = gateway.sockets[0].getsockname()
            (await Reader(f"tcp://{host}:{port}").until(all_online, 1, 2, 3, 4)).equals_truth()

    asyncio.run(run())


@pytest.mark.parametrize("dialect", [Dialect.AUTO, Dialect.LISTEN])
def test_where_a_pack_is_the_master_nothing_is_sent(dialect: Dialect) -> None:
    async def run() -> None:
        line = tower(0, 1, 2)
        async with await line.serve_tcp() as gateway:
            host, port = gateway.sockets[0].getsockname()
            master = asyncio.create_task(line.run_as_master())
            reader = await Reader(f"tcp://{host}:{port}", dialect).until(all_online, 1, 2)
            master.cancel()
        reader.equals_truth()
        assert line.requests == []
        assert all(battery.take_updates(utc_now()).state for battery in reader.batteries.values()), "without a device"

    asyncio.run(run())


def test_of_fifteen_packs_the_one_that_answers_for_another_is_not_believed() -> None:
    async def run() -> None:
        line = tower(*range(1, 16))
        line.packs[6].is_silent = True  # the pack at 7 is off, and 9 answers for it
        line.packs[8].answers_for = 7
        async with await line.serve_tcp() as gateway:
            host, port = gateway.sockets[0].getsockname()
            reader = await Reader(f"tcp://{host}:{port}").until(
                lambda one: len(one.online) == 13 and {7, 9} <= set(one.problems()), *range(1, 16)
            )
        reader.equals_truth()
        assert reader.online == {*range(1, 16)} - {7, 9}
        problems = reader.problems()
        assert problems[7] == bms.answers_for_another(asked=7, own=9)
        assert problems[9].code == "bms.no_answer_on_line"

    asyncio.run(run())


def test_switches_that_are_turned_on_an_open_line_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rs485_bus.AGAIN_S, Trigger.SETTINGS, 0.2)

    async def run() -> None:
        line = tower(1, 2)
        async with await line.serve_tcp() as gateway:
            host, port = gateway.sockets[0].getsockname()

            def turn(one: Reader) -> bool:
                if one.online == {1, 2}:
                    line.packs[0].is_silent, line.packs[1].answers_for = True, 1
                return set(one.problems()) == {1, 2}

            problems = (await Reader(f"tcp://{host}:{port}").until(turn, 1, 2)).problems()
        assert problems[1] == bms.answers_for_another(asked=1, own=2)

    asyncio.run(run())


def test_a_pack_that_never_says_what_it_is_costs_no_round_a_wait() -> None:
    async def run() -> None:
        line = tower(1)
        line.packs[0].is_anonymous = True
        async with await line.serve_tcp() as gateway:
            host, port = gateway.sockets[0].getsockname()
            await Reader(f"tcp://{host}:{port}").until(lambda one: one.online and len(line.requests) > 20, 1)  # type: ignore[arg-type,return-value]
        assert [asked[2:4].hex() for asked in line.requests].count("161c") == 1

    asyncio.run(run())


def test_a_line_that_does_not_open_says_why_and_is_tried_again() -> None:
    async def run() -> None:
        reader = await Reader("/dev/does-not-exist").until(lambda one: bool(one.problems()), 1)
        assert reader.problems()[1].code == "bms.line_unusable"
        pack = Pack(reader.batteries[1], lambda: None)
        pack.battery.on_silence()
        pack.begin()
        pack.battery.take_updates(utc_now())
        assert pack.battery.availability
        assert pack.battery.availability.reason == bms.DATA_AWAITED(), "it is open now"

    asyncio.run(run())
