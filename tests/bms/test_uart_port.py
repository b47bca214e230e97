"""Older boards at a serial port and behind a gateway, in flying time where nothing answers."""

import asyncio
import os
import tty
from collections.abc import Callable

import pytest

from services.bms import uart_port
from services.bms.battery import Battery
from services.bms.battery_health import Limits
from services.bms.line_packs import Pack
from services.bms.listed_battery import Dialect, ListedBattery
from services.bms.nw_frames import request_bytes
from services.bms.uart_port import UartPort
from shared.clock import utc_now
from shared.conditions import bms
from simulators.jk.frames import Identity, Measurement
from simulators.jk.uart import UartBoard
from tests.support.waiting import PATIENCE_S

IDENTITY = Identity("Old", "JK_B1A8S20P", "11.51", "11.XA", "4012")
TRUTH = Measurement((3.31, 3.32, 3.33, 3.34), 20.5, 71, 280)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what does not come."""
    for name, seconds in (("ANSWER_S", 0.2), ("LEAST_CYCLE_S", 0.02), ("SILENCE_S", 0.3)):
        monkeypatch.setattr(uart_port, name, seconds)


async def read(port: str, dialect: Dialect, condition: Callable[[Battery], bool]) -> Battery:
    """Read a battery until a condition holds."""
    changed = asyncio.Event()
    known = Battery(ListedBattery(address=port, dialect=dialect), Limits(2.8, 3.6, 0.1), 1)
    task = asyncio.create_task(UartPort(Pack(known, changed.set), 0.01).run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition(known):
                await changed.wait()
                changed.clear()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return known


def is_online(known: Battery) -> bool:
    return known.is_online


def test_a_board_at_a_serial_port_is_read_and_only_asked_for_everything() -> None:
    async def run() -> None:
        board, (master, slave) = UartBoard(IDENTITY, lambda: TRUTH, echoes=True), os.openpty()
        tty.setraw(slave)
        loop = asyncio.get_running_loop()
        loop.add_reader(master, lambda: os.write(master, board.on_received(os.read(master, 4096))))
        try:
            known = await read(os.ttyname(slave), Dialect.NW, is_online)
        finally:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)
        state, info = known.to_state(utc_now()), known.to_info(utc_now())
        assert state.cell_voltages_v == TRUTH.cells_v
        assert (state.current_a, state.soc_percent, state.full_ah) == (20.5, 71, 280)
        assert (info.model, info.software, info.settings["cell_overvoltage_v"]) == ("JK_B1A8S20P", "11.51", 3.65)
        assert set(board.requests) == {request_bytes()}
        assert known.limits.cell_low_v == 2.6, "the board's own limit"
        assert known.take_updates(utc_now()).info

    asyncio.run(run())


@pytest.mark.parametrize("dialect", [Dialect.NW, Dialect.DISPLAY])
def test_a_board_behind_a_gateway(dialect: Dialect) -> None:
    async def run() -> None:
        board = UartBoard(IDENTITY, lambda: TRUTH)
        async with await (board.serve_gps() if dialect is Dialect.NW else board.serve_display()) as gateway:
            host, port = gateway.sockets[0].getsockname()
            known = await read(f"tcp://{host}:{port}", dialect, is_online)
            state = known.to_state(utc_now())
            assert (state.cell_voltages_v, state.current_a, state.soc_percent) == (TRUTH.cells_v, 20.5, 71)
            assert bool(board.requests) == (dialect is Dialect.NW), "a display port is only listened to"
            assert known.take_updates(utc_now()).state

    asyncio.run(run())


@pytest.mark.parametrize(
    ("dialect", "reason"),
    [(Dialect.NW, bms.no_answer_at_gps_port), (Dialect.DISPLAY, bms.nothing_heard_at_display_port)],
)
def test_a_port_at_which_nothing_answers_says_so(dialect: Dialect, reason: Callable[..., object]) -> None:
    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as gateway:
            host, port = gateway.sockets[0].getsockname()
            known = await read(f"tcp://{host}:{port}", dialect, lambda one: one.problem is not None)
            assert known.problem == reason(name=f"tcp://{host}:{port}")

    asyncio.run(run())
