"""python -m bench.wire_ours CYCLES: reads the inverter that the environment names, as the poller does."""

import asyncio
import logging
import sys
from datetime import UTC, datetime

from bench.wire_cycles import Values, report
from services.poller.block_reader import BlockReader
from services.poller.decode import to_state
from services.poller.identification import Identity, identify, live_reading
from services.poller.settings import ModbusSettings
from services.poller.transports.factory import create_client
from shared.errors import DeviceError


class Reader:
    """The wire, and what is known of the inverter behind it."""

    def __init__(self) -> None:
        self._blocks = BlockReader(create_client(ModbusSettings()))
        self._known: Identity | None = None

    async def read(self) -> Values | None:
        """Return everything that changes; after a failure the inverter introduces itself again, as in the poller."""
        try:
            self._known = self._known or await identify(self._blocks)
            decoded = await live_reading(self._blocks, self._known.layout, self._known.protocol)
        except DeviceError:
            self._known = None
            return None
        state = to_state(decoded, datetime.now(UTC))
        return state.model_dump(mode="json", exclude={"at"})


async def main() -> None:
    """Report so many cycles."""
    logging.disable()
    await report(Reader().read, int(sys.argv[1]))


if __name__ == "__main__":
    asyncio.run(main())
