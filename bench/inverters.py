"""Three inverters in one house, in flying time: how soon all confirm a loss, and outages that were none."""

import asyncio
import logging
import random
import statistics
from collections.abc import Mapping

from shared.messages import Grid
from tests.poller.test_house import POLL_S, Home, lived, three

LOSSES = 100
PHASES: Mapping[str, Mapping[str, int]] = {"on one phase": {}, "on three phases": {"a": 1, "b": 2, "c": 3}}
LIES = 100


def main() -> None:
    """Print a line a house and case."""
    logging.disable()
    for title, phases in PHASES.items():
        for unplugged in ("", "b"):
            late: list[float] = []

            async def lose(home: Home, unplugged: str = unplugged, late: list[float] = late) -> None:
                late += [await cut(home, unplugged) for _ in range(LOSSES)]

            lived(lose, three, phases=phases)
            print(f"{title}, {f'{unplugged} unplugged' if unplugged else 'all answer'}: {LOSSES} losses, ", end="")
            print(f"median {statistics.median(late):.2f} s, worst {max(late):.2f} s, POLL_INTERVAL={POLL_S:g}")
    lived(lie, three)


async def cut(home: Home, unplugged: str) -> float:
    """Return how long it takes from a loss at any moment to grid/state."""
    for name, inverter in home.inverters.items():
        inverter.sees_power, inverter.answers = True, name != unplugged
    await asyncio.sleep(60 + random.uniform(0, POLL_S))
    began = asyncio.get_running_loop().time()
    for inverter in home.inverters.values():
        inverter.sees_power = False
    await asyncio.sleep(3 * POLL_S)
    return next(late for late, message in home.states_since(began) if message.state is Grid.OFF)


async def lie(home: Home) -> None:
    """Let one lie while the others come and go, and count what was published meanwhile."""
    home.inverters["a"].sees_power = False
    await asyncio.sleep(3 * POLL_S)
    began = asyncio.get_running_loop().time()
    for _ in range(LIES):
        for name in "bc":
            home.inverters[name].answers = random.random() < 0.5
        await asyncio.sleep(random.uniform(0, 60))
    states = [message.state for _, message in home.states_since(began)]
    print(f"one says off, the others come and go {LIES} times: {states.count(Grid.OFF)} of {len(states)} messages off")
