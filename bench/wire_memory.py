"""python -m bench.wire_memory [CYCLES]: the memory of a poller after many readings at a bad dongle, in flying time."""

import asyncio
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from services.poller.poller import Poller
from services.poller.settings import PollerSettings
from services.poller.transports.factory import create_client
from shared.errors import DeviceError
from shared.health import Health
from simulators.faults import Fault, FaultKind
from tests.poller.alone import alone
from tests.poller.simulated_inverter import simulated
from tests.support.flying_time import fly

CYCLES = 100_000
MARKS = (1_000, 10_000, 50_000, 100_000)
POLL_S = 5.0
START = datetime(2026, 11, 24, tzinfo=UTC)
BAD = (Fault(kind=FaultKind.SILENT, probability=0.02), Fault(kind=FaultKind.CORRUPT, probability=0.01))


class DeafBus:
    """Keeps nothing."""

    def publish(self, topic: Any, message: Any, name: str = "") -> None:
        """Forget it."""


def words_at(tick: int) -> Mapping[int, int]:
    """Return the registers of an inverter whose figures change with every tick."""
    fixed = {171: 0x1E00, 184: 1, 201: 2, 203: 5000}
    return fixed | {202: 2200 + tick % 97, 204: tick % 1009, 213: tick % 1013, 215: 480 + tick % 97, 223: tick % 1021}


async def live(cycles: int) -> None:
    """Poll so often, and print the memory on the way; the simulated dongle is in the same process."""
    loop = asyncio.get_running_loop()
    wire, place = await simulated("dongle-eybond", lambda: words_at(int(loop.time() * 10)))
    settings = PollerSettings(_env_file=None, **place | {"poll_interval": POLL_S, "modbus_timeout": 3})
    inverter = create_client(settings)
    poller, _ = alone(inverter, settings, DeafBus(), Health(), lambda: START + timedelta(seconds=loop.time()))
    await poller.step()
    await wire.fail(*BAD)
    await poll(poller, cycles)
    inverter.close()
    await wire.stop()


async def poll(poller: Poller, cycles: int) -> None:
    """Step so often, and print the memory on the way."""
    began, lost, us = time.monotonic(), 0, psutil.Process()
    for cycle in range(1, cycles + 1):
        try:
            await poller.step()
        except DeviceError:
            lost += 1
        if cycle in (*MARKS, cycles):
            memory = us.memory_info().rss / 1e6
            print(f"{cycle:9,} {memory:9.1f} {lost:7} {time.monotonic() - began:9.0f}", flush=True)
        await asyncio.sleep(POLL_S)


def main() -> None:
    """Print a line a mark."""
    logging.disable()
    cycles = int(sys.argv[1]) if sys.argv[1:] else CYCLES
    print(f"eybond dongle, classic, {', '.join(f'{fault.probability:.0%} {fault.kind}' for fault in BAD)}\n")
    print("   cycles    RSS MB    lost   seconds")
    fly(live(cycles))


if __name__ == "__main__":
    main()
