"""Why the way to packs on a line does not open."""

import asyncio
import os
import tty
from pathlib import Path

import pytest

from services.bms.serial_line import Line
from shared.conditions import Reason, bms, poller, system
from shared.errors import DeviceOfflineError


async def opened(port: str) -> Reason | None:
    """Open a line and return why it does not open."""
    try:
        async with Line.opened(port, 115_200):
            return None
    except DeviceOfflineError as error:
        return error.reason


@pytest.mark.parametrize(
    ("port", "cause"),
    [
        ("/dev/null", poller.NOT_A_SERIAL_PORT()),
        ("/dev/does-not-exist", bms.NO_SUCH_PORT()),
        ("tcp://a..b:8899", system.NAME_UNKNOWN()),
        ("tcp://127.0.0.1:1", system.CONNECTION_REFUSED()),
    ],
)
def test_a_line_that_does_not_open_says_why(port: str, cause: Reason) -> None:
    assert asyncio.run(opened(port)) == bms.line_unusable(port=port, cause=cause)


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    reason = asyncio.run(opened(str(tmp_path / "file")))
    assert reason
    assert reason.params["cause"] == poller.NOT_A_SERIAL_PORT()


def test_two_programs_do_not_share_a_port() -> None:
    async def run() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        try:
            async with Line.opened(os.ttyname(slave), 115_200):
                reason = await opened(os.ttyname(slave))
        finally:
            os.close(master)
            os.close(slave)
        assert reason
        assert reason.params["cause"] == poller.SERIAL_PORT_IN_USE()

    asyncio.run(run())


def test_an_adapter_that_takes_nothing_is_opened_again() -> None:
    async def run() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        try:
            async with Line.opened(os.ttyname(slave), 115_200) as line:
                for _ in range(200):
                    line.send(bytes(1000))
                with pytest.raises(DeviceOfflineError):
                    await line.read(1)
        finally:
            os.close(master)
            os.close(slave)

    asyncio.run(run())
