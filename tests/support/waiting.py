"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")
PATIENCE_S = 120.0
"""How long anything may take that has to come. What passes waits no longer for it; a machine may be slow."""
PROGRAM_S = 4 * PATIENCE_S
"""How long a program may take that is run to its end: it computes, and starts others."""


def eventually(probe: Callable[[], T | Literal[False] | None], what: str = "", patience_s: float = PATIENCE_S) -> T:
    """Call `probe` until it returns something true, and return that; AssertionError when the patience is over."""
    deadline = time.monotonic() + patience_s
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"never came true: {what or probe}")
        time.sleep(0.05)


async def until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until a condition is true, while the event loop turns; TimeoutError when the patience is over."""
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.02)
