"""python -m bench.wire_easunpy CYCLES ADDRESS PORT MODEL: reads a dongle with easunpy, in easunpy's own interpreter.

Three things differ from how it comes. It asks unit 0, and the simulated inverter answers as unit 1: the number is
changed on its way out. Its port is a free one in place of 8899. What it prints and logs goes nowhere.
"""

import asyncio
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path

from easunpy import async_isolar  # type: ignore[import-not-found]

from bench.wire_cycles import Values, report

UNIT = 1
PARTS = ("battery", "pv", "grid", "output")
create_request = async_isolar.create_request


def asking_unit_1(transaction: int, protocol: int, _unit: int, *rest: int) -> object:
    """Return a request to the one unit that there is."""
    return create_request(transaction, protocol, UNIT, *rest)


async def main() -> None:
    """Report so many cycles."""
    logging.disable()
    count, address, port, model = sys.argv[1:]
    async_isolar.create_request = asking_unit_1
    inverter = async_isolar.AsyncISolar(address, address, model)
    inverter.client.port = int(port)

    async def read() -> Values:
        parts = zip(PARTS, await inverter.get_all_data(), strict=False)  # the mode and the clock come last
        return {f"{part}.{name}": value for part, data in parts if data for name, value in asdict(data).items()}

    await report(read, int(count))


if __name__ == "__main__":
    with Path(os.devnull).open("w") as sys.stdout:
        asyncio.run(main())
