"""Bytes of the first load of each page into an empty Chromium; *History* on a year of data: its answers, its paint."""

import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from bench.history import BEGIN, DAYS, FILE
from services.dashboard.app import PAGES, application
from services.dashboard.history.period import Span, period
from services.dashboard.paging import KINDS
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.history.engine import reader
from tests.dashboard.crowd import A_CENTURY, DASH, PASSWORD, idle, visitor
from tests.dashboard.full_house import crowded, house
from tests.dashboard.harness import Dashboard, record
from tests.support.broker import Broker
from tests.support.chromium import CHROMIUM
from tests.support.ports import free_port, listens
from tests.support.stack import INVERTER, running_stack
from tests.support.waiting import eventually

QUIET_MS = 4000
TIMES = 40
SPANS = (Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR)
OPENINGS = 3
PHONE = ViewportSize(width=390, height=844)
NUMBER, CHART = "[data-text=home]", "#chart .legendtext"
BEFORE = os.environ.get("BEFORE", "")
"""A checkout of another version to compare with."""
DRAWN = "#chart .scatterlayer path"


def main() -> None:
    """Print what the first page costs, beside others in the same run; milliseconds of History where its year is."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stack.start_house()
        stack.start(stack.recorder, stack.poller, stack.dashboard)
        viewer.last(INVERTER)
        address = f"http://127.0.0.1:{stack.dashboard_port}"
        with sync_playwright() as playwright, ExitStack() as others:
            browser = playwright.chromium.launch(**CHROMIUM)
            pages = {"ours": address, "a default Dash page": others.enter_context(default_page())}
            print(
                "first page: MB, requests; processor of the page to its first number, s; the same in a phone's window"
            )
            print("with a processor four times as slow, by the clock")
            for name, of in pages.items():
                weight(browser, name, of)
            weight(browser, "History, ours", f"{address}/history", number=CHART)
            stack.dashboard.stop()  # of two on one broker the younger ends
            if BEFORE:
                with before(stack.dashboard.env) as earlier:
                    weight(browser, "before", earlier)
                    weight(browser, "History, before", f"{earlier}/history", number=CHART)
            print()
            (Path(directory) / "attacked").mkdir()
            attack(stack.broker, Path(directory) / "attacked")
            crowd()
            if FILE.exists():
                stack.dashboard.env |= {"DB_PATH": str(FILE), "TARIFF_DAY": "4.32", "TARIFF_NIGHT": "2.16"}
                stack.start(stack.dashboard)
                print("\nHistory on a year of data, ms: median and 95th percentile of the answer and of a zoom; paint")
                for span in SPANS:
                    year(browser, address, span)


@contextmanager
def default_page() -> Iterator[str]:
    """Serve a page as Dash makes it by default."""
    port = free_port()
    with served(["-m", "bench.default_dash", str(port)], port, dict(os.environ), Path()) as address:
        yield address


@contextmanager
def before(env: dict[str, str]) -> Iterator[str]:
    """Serve the version in the directory BEFORE, with the same broker and database."""
    port = free_port()
    changes = {"DASHBOARD_PORT": str(port), "MQTT_CLIENT_ID": "before", "PATH": os.environ["PATH"]}
    with served(["-m", "services.dashboard"], port, env | changes, Path(BEFORE)) as address:
        yield address


@contextmanager
def served(arguments: Sequence[str], port: int, env: dict[str, str], directory: Path) -> Iterator[str]:
    """Run a web server until the end; yield its address when it answers."""
    process = subprocess.Popen([sys.executable, *arguments], env=env, cwd=directory)
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: listens(port), f"{arguments} listens")
        eventually(lambda: requests.get(address, timeout=30).ok, f"{address} answers")
        yield address
    finally:
        process.terminate()
        process.wait()


def weight(browser: Browser, name: str, address: str, number: str = NUMBER) -> None:
    """Print what a page costs: the median of some openings with nothing cached."""
    found = [opened_fresh(browser, address, number) for _ in range(OPENINGS)]
    sizes, counts, processor = (sorted(column)[OPENINGS // 2] for column in zip(*found, strict=True))
    slow = sorted(slowly(browser, address, number) for _ in range(OPENINGS))
    print(f"{name:20} {sizes / 1e6:5.3f} MB, {counts:2}; {processor:.2f} s; {slow[OPENINGS // 2]:.2f} s", flush=True)


def opened_fresh(browser: Browser, address: str, number: str) -> tuple[float, int, float]:
    """Open a page with nothing cached: bytes, requests, seconds of processor time until its first number."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    sizes: list[float] = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Performance.enable", {"timeDomain": "threadTicks"})
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    host = urlsplit(address).netloc
    page.on("request", lambda request: None if urlsplit(request.url).netloc in (host, "") else print(request.url))
    page.goto(address, wait_until="commit")
    shows(page, number)
    metrics = {one["name"]: one["value"] for one in wire.send("Performance.getMetrics")["metrics"]}
    page.wait_for_timeout(QUIET_MS)
    context.close()
    return sum(sizes), sum(size > 0 for size in sizes), metrics["TaskDuration"]  # icons in the stylesheet are none


def slowly(browser: Browser, address: str, number: str) -> float:
    """Return how long it takes to the first number on a phone whose processor is four times as slow."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    shows(page, number)
    taken = time.perf_counter() - began
    context.close()
    return taken


def shows(page: Page, number: str) -> None:
    """Wait until a number is there, or whatever stands in its place."""
    place = page.locator(number).first
    if number == NUMBER:
        expect(place).to_have_text(re.compile(r"\d"), timeout=60_000)
    else:
        place.wait_for(timeout=60_000)


def attack(broker: Broker, directory: Path) -> None:
    """Print how long others wait while strangers and visitors ask for all they can."""
    record(directory / "easun.db", datetime.now(UTC), days=60, every=timedelta(minutes=10), device="main")
    over = threading.Event()
    with (
        Dashboard(broker, directory / "easun.db", DASHBOARD_PASSWORD=PASSWORD) as dashboard,
        ThreadPoolExecutor(8) as crowd,
        idle(dashboard.url, 150),
        idle(dashboard.url, 150, b"GET / HTTP/1.1\r\nHost: x\r\n"),
    ):
        one = visitor(dashboard.url)

        def insist(ask: Callable[[requests.Session], requests.Response]) -> int:
            other, count = visitor(dashboard.url), 0
            while not over.is_set():
                ask(other)
                count += 1
            return count

        files = [crowd.submit(insist, lambda who: who.get(dashboard.url + A_CENTURY, timeout=120)) for _ in range(6)]
        odd = crowd.submit(insist, lambda who: who.post(dashboard.url + DASH, json={"output": "x"}, timeout=120))
        health = timed(lambda _: requests.get(f"{dashboard.url}/healthz", timeout=60).raise_for_status())
        live = timed(lambda _: one.get(f"{dashboard.url}/live/now", timeout=60).raise_for_status())
        over.set()
        print(
            "300 idle connections, six files of a century again and again, odd callbacks without end: ms of /healthz,"
            f" median and 95th percentile {percentiles(health)}, worst {health[-1]:.0f}; of /live/now"
            f" {percentiles(live)}, worst {live[-1]:.0f}; files {sum(file.result() for file in files)},"
            f" odd callbacks {odd.result()}"
        )


def crowd() -> None:
    """Print what a page costs a home with a thousand devices of a kind: CPU and size of document and refresh."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "none.db"
        for kind in KINDS:
            app = client_of(crowded(house(now), kind, 1000), path)
            print(f"1,000 {kind.name}: s of CPU and kB of each page and its refresh")
            for page in PAGES:
                print(f"  {page.name:10}", *(cost(app, address) for address in (page.path, f"/live/{page.name}")))


def client_of(known: BrokerState, path: Path) -> FlaskClient:
    """Return a client of the page of a home."""
    return application(lambda: known, reader(path), DashboardSettings(_env_file=None, db_path=path)).test_client()


def cost(app: FlaskClient, address: str) -> str:
    """Return how much CPU an answer takes, and its size."""
    began = time.process_time()
    size = len(app.get(address, headers={"Host": "localhost"}).data)
    return f"{time.process_time() - began:5.2f} {size / 1000:6.0f}"


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
