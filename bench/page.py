"""Bytes of the first load of each page into an empty Chromium; *History* on a year of data: its answers, its paint."""

import random
import re
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, expect, sync_playwright

from bench.history import BEGIN, DAYS, FILE
from services.dashboard.history.period import Span, period
from tests.support.stack import INVERTER, running_stack

CHROMIUM: dict[str, Any] = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
QUIET_MS = 4000
TIMES = 40
SPANS = (Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR)
DRAWN = "#chart .scatterlayer path"


def main() -> None:
    """Print bytes and requests a page, and, where bench.history left its year, milliseconds of History."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stack.start_house()
        stack.start(stack.recorder, stack.poller, stack.dashboard)
        viewer.last(INVERTER)
        address = f"http://127.0.0.1:{stack.dashboard_port}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**CHROMIUM)
            for path in ("/", "/history"):
                load(browser, address, path)
            print(
                "first number of Now, the processor slowed down 4 times, s:",
                *(slowly(browser, address) for _ in range(3)),
            )
            if FILE.exists():
                stack.dashboard.stop()
                stack.dashboard.env |= {"DB_PATH": str(FILE), "TARIFF_DAY": "4.32", "TARIFF_NIGHT": "2.16"}
                stack.start(stack.dashboard)
                print("\nHistory on a year of data, ms: median and 95th percentile of the answer and of a zoom; paint")
                for span in SPANS:
                    year(browser, address, span)


def load(browser: Browser, address: str, path: str) -> None:
    """Open one page with nothing cached, and print what came."""
    page = browser.new_page()
    sizes: list[float] = []
    hosts: set[str] = set()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(address + path)
    page.wait_for_timeout(QUIET_MS)
    elsewhere = hosts - {address.split("/")[2]}
    print(f"{path:10} {sum(sizes) / 1e6:5.2f} MB in {len(sizes)} requests; hosts other than ours: {len(elsewhere)}")
    page.close()


def slowly(browser: Browser, address: str) -> str:
    """Return how long it takes to the first number on a phone whose processor is four times as slow."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    expect(page.locator("[data-text=home]").first).to_have_text(re.compile(r"\d"), timeout=30_000)
    taken = time.perf_counter() - began
    page.close()
    return f"{taken:.2f}"


def year(browser: Browser, address: str, span: Span) -> None:
    """Print how long the server takes for a length, and how long it is from a click to the chart."""
    whole = timed(lambda chance: opened(address, span, chance))
    finer = timed(lambda chance: zoomed(address, span, chance))
    print(f"{span:6} {percentiles(whole)}   zoom {percentiles(finer)}   paint {painted(browser, address, span):5.0f}")


def timed(ask: Callable[[random.Random], object]) -> list[float]:
    """Return the milliseconds of some questions, the shortest first."""
    found = []
    for number in range(TIMES):
        chance = random.Random(number)
        began = time.perf_counter()
        ask(chance)
        found.append((time.perf_counter() - began) * 1000)
    return sorted(found)


def percentiles(times: list[float]) -> str:
    """Return the median and the 95th percentile."""
    return f"{times[len(times) // 2]:6.1f} {times[int(len(times) * 0.95)]:6.1f}"


def some(span: Span, chance: random.Random) -> str:
    """Return the query of a period by chance."""
    return period(span, (BEGIN + timedelta(days=chance.randrange(2, DAYS))).date()).query


def opened(address: str, span: Span, chance: random.Random) -> None:
    """Ask as the browser does when a period is opened."""
    ask(address, some(span, chance))


def zoomed(address: str, span: Span, chance: random.Random) -> None:
    """Ask as the browser does when a tenth of a period is zoomed into."""
    query = some(span, chance)
    hours = {Span.DAY: 24, Span.WEEK: 168, Span.MONTH: 720, Span.YEAR: 8760}[span]
    begin = chance.random() * hours * 0.9
    ask(address, f"{query}&hour={begin}&hour={begin + hours / 10}")


def ask(address: str, query: str) -> None:
    """Ask for one answer."""
    requests.get(f"{address}/history.json?{query}", timeout=60).raise_for_status()


def painted(browser: Browser, address: str, span: Span) -> float:
    """Return the milliseconds from a click on the length to a chart of it, on the page that is open."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    other = Span.WEEK if span is Span.DAY else Span.DAY
    page.goto(f"{address}/history?{period(other, BEGIN.date() + timedelta(days=200)).query}")
    page.locator(DRAWN).first.wait_for(state="attached")
    took = page.evaluate(CLICK, f"span={span.value}&")
    page.close()
    return float(took)


CLICK = """async wanted => {
  const before = document.querySelector('.steps h1').textContent;
  const began = performance.now();
  [...document.querySelectorAll('.choice')].find(one => one.search.includes(wanted)).click();
  const drawn = () => document.querySelector('.steps h1').textContent !== before
    && document.querySelector('#chart .scatterlayer path');
  while (!drawn()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
