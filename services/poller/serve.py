"""The service: polls all inverters for ever."""

from services.poller.inverters import Inverters
from services.poller.settings import PollerSettings
from shared.service import Service

SESSION_S = 3600
"""Long enough that a missing session shows that the broker has lost its state."""


async def serve(service: Service[PollerSettings]) -> None:
    """Poll for ever, starting from our own retained messages."""
    await Inverters(service).run()
