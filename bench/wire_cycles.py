"""Cycles of a reader, printed as lines of JSON. Standard library only, for it runs in easunpy's interpreter, too."""

import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

Values = dict[str, Any]


async def report(read: Callable[[], Awaitable[Values | None]], count: int) -> None:
    """Read repeatedly without a pause; the first cycle also connects."""
    for _ in range(count):
        began, cpu_began = time.perf_counter(), time.process_time()
        values = await read()
        took = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu_began}
        print(json.dumps(took | {"values": values}), file=sys.__stdout__, flush=True)
