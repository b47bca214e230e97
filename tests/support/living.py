"""A service within the tests' own process, at the small broker: it starts, lives and stops as `run` lets it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from shared.service import Service, _live
from shared.settings import ServiceSettings
from tests.support.small_broker import SmallBroker
from tests.support.waiting import until

S = TypeVar("S", bound=ServiceSettings)


@asynccontextmanager
async def living(
    name: str,
    settings: S,
    serve: Callable[[Service[S]], Coroutine[Any, Any, None]],
    broker: SmallBroker,
    *,
    mqtt5: bool = True,
) -> AsyncIterator[None]:
    """Let a service live until the block ends, which stops it as systemd does."""
    life = asyncio.create_task(_live(name, settings, serve, 0, mqtt5=mqtt5))
    try:
        await until(lambda: life.done() or broker.on(f"service/{name}/status"))
        yield
    finally:
        if not life.done():
            signal.raise_signal(signal.SIGTERM)
        await life
