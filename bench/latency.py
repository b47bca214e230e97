"""From a changed register to the changed number: on the broker, and on the page in Chromium."""

import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.support.chromium import CHROMIUM
from tests.support.stack import INVERTER, Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

ROUNDS = 10
EVERY_S = 2


def main() -> None:
    """Fill and empty the battery, and time when its new charge is seen."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stack.start_house()
        stack.poller.env |= {"POLL_INTERVAL": str(EVERY_S)}
        stack.start(stack.recorder, stack.poller, stack.dashboard)
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(**CHROMIUM).new_page()
            page.goto(f"http://127.0.0.1:{stack.dashboard_port}/")
            viewer.last(INVERTER)
            measure(stack, viewer, page)


def measure(stack: Stack, viewer: Viewer, page: Page) -> None:
    """Print the medians and the worst of a few changes."""
    seen: dict[str, list[float]] = {"on the broker": [], "on the page": []}
    for number in range(ROUNDS):
        soc = 40 + 10 * (number % 2)
        time.sleep(random.uniform(0, EVERY_S))  # somewhere between two readings
        began = time.perf_counter()
        stack.command("battery", soc_percent=soc)
        seen["on the broker"].append(since(began, partial(told, viewer, soc)))
        seen["on the page"].append(since(began, partial(shown, page, soc)))
    print(f"POLL_INTERVAL={EVERY_S}, the page asks every 2 s, {ROUNDS} changes\n")
    for where, times in seen.items():
        print(f"{where:14} median {statistics.median(times):5.2f} s   worst {max(times):5.2f} s")


def told(viewer: Viewer, soc: int) -> bool:
    """Whether the broker has the new charge."""
    return bool(round(viewer.last(INVERTER)["battery_soc_percent"]) == soc)


def shown(page: Page, soc: int) -> bool:
    """Whether the page shows the new charge."""
    return bool(re.search(rf"\b{soc}\s%", page.inner_text("body")))


def since(began: float, condition: Callable[[], bool]) -> float:
    """Return the seconds until a condition is true."""
    eventually(condition)
    return time.perf_counter() - began
