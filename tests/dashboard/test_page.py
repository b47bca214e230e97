"""The page in Chromium, drawn by the real process from a real broker and a real database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from shared.conditions import inverter
from shared.messages import Grid, InverterState, ServiceHealth
from tests.dashboard.harness import Dashboard, record
from tests.support.broker import Broker
from tests.support.chromium import new_page
from tests.support.waiting import eventually

PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=800)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOOKS = [(viewport, scheme) for viewport in (PHONE, DESK) for scheme in SCHEMES]
INK = {"dark": "rgb(238, 242, 246)", "light": "rgb(28, 37, 48)"}
LOUD = ("error", "warning")
PASSING = "net::ERR_NETWORK_CHANGED"
"""What Chromium says when an interface of this machine comes or goes; the page tries again by itself."""


@pytest.fixture
def dashboard(broker: Broker, tmp_path) -> Iterator[Dashboard]:
    with Dashboard(broker, tmp_path / "easun.db") as dashboard:
        yield dashboard


@pytest.fixture
def impatient(broker: Broker, tmp_path) -> Iterator[Dashboard]:
    """A dashboard for which a reading is soon old."""
    with Dashboard(broker, tmp_path / "easun.db", DASHBOARD_FRESH_S="4") as dashboard:
        yield dashboard


@contextmanager
def opened(browser: Browser, address: str, *, viewport=PHONE, scheme="light", quiet=True, **more) -> Iterator[Page]:
    """Open an address, and see to it that nothing is complained about and nobody else is asked."""
    host = urlsplit(address).netloc
    page = new_page(browser, viewport=viewport, color_scheme=scheme, **more)
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in LOUD else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: foreign.append(request.url) if urlsplit(request.url).netloc not in (host, "") else None,
    )
    page.goto(address)
    try:
        yield page
    finally:
        page.close()
    assert not foreign
    assert not quiet or [one for one in complaints if PASSING not in one] == []


def fits(page: Page) -> bool:
    """Return whether nothing is wider than the window, once charts have been drawn anew."""
    try:
        eventually(lambda: page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
    except AssertionError:
        return False
    return True


def look_at(page: Page, viewport: ViewportSize, scheme: Scheme) -> None:
    """Turn the window into another one, which costs a fraction of another page."""
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-scheme", scheme)


def text(page: Page, key: str):
    return page.locator(f'[data-text="{key}"]').first


def test_now_shows_what_was_published(browser, dashboard, publisher):
    since = datetime.now(UTC) - timedelta(minutes=72)
    publisher.inverter(grid_power_w=412, battery_power_w=-688, load_power_w=2340, faults=(inverter.OVERLOAD(),))
    publisher.grid(Grid.ON, since=since)
    publisher.status(ServiceHealth.DEGRADED, reason="The inverter answers slowly.")
    with opened(browser, dashboard.url) as page:
        expect(page.locator("h1").locator("visible=true")).to_have_text(re.compile(r"Power on since .*\(1 h 12 min\)"))
        for key, expected in {
            "sun": "1.24 kW",
            "home": "2.34 kW",
            "grid": "412 W",
            "battery": "688 W",
            "battery-note": "discharging",
            "soc": "76 %",
            "grid-voltage": "231 V",
            "grid-frequency": "49.98 Hz",
            "temperature": "38 °C",
            "mode": "off-grid",
            "warnings": "none",
            "faults": "overload",
        }.items():
            expect(text(page, key)).to_have_text(expected.replace(" ", "\u00a0") if key != "faults" else expected)
        expect(page.locator(".services")).to_contain_text("The inverter answers slowly.")
        expect(page.locator(".line-battery")).to_have_attribute("data-flows", "true")
        for viewport, scheme in LOOKS:
            look_at(page, viewport, scheme)
            assert fits(page), viewport
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (sum(map(int, re.findall(r"\d+", paper))) < 200) == (scheme == "dark")
            expect(text(page, "home")).to_be_visible()


def test_the_page_follows_the_grid_without_a_reload(browser, dashboard, publisher):
    publisher.inverter()
    publisher.grid(Grid.ON)
    with opened(browser, dashboard.url) as page:
        expect(page.locator(".banner")).to_have_attribute("data-state", "on")
        publisher.inverter(grid_power_w=0, grid_voltage_v=0.0)
        publisher.grid(Grid.OFF)
        expect(page.locator(".banner")).to_have_attribute("data-state", "off")
        expect(text(page, "banner")).to_have_text(re.compile("^Power out since"))
        expect(text(page, "grid")).to_have_text("No grid")
        expect(page.locator(".node-grid")).to_have_attribute("data-state", "missing")


def test_old_values_are_dimmed_and_dated(browser, impatient, publisher):
    publisher.inverter()
    publisher.grid(Grid.ON)
    with opened(browser, impatient.url) as page:
        expect(text(page, "as-of")).to_have_text(re.compile("^live"))
        expect(text(page, "as-of")).to_have_text(re.compile("^as of "))
        expect(page.locator(".flow")).to_have_css("filter", "grayscale(1)")
        expect(page.locator(".line-sun")).to_have_attribute("data-flows", "false")
        expect(text(page, "home")).to_have_text("643\u00a0W")
        expect(text(page, "banner")).to_have_text(re.compile("^No contact with the inverter since"))
        expect(text(page, "lasting")).to_contain_text("last known: power on")
        publisher.inverter(load_power_w=650)
        publisher.grid(Grid.ON)
        expect(text(page, "home")).to_have_text("650\u00a0W")
        expect(page.locator(".flow")).to_have_css("filter", "none")


def test_a_broker_that_is_gone_is_shown_until_it_is_back(browser, broker, dashboard, publisher):
    publisher.inverter()
    publisher.grid(Grid.ON)
    with opened(browser, dashboard.url) as page:
        expect(text(page, "home")).to_have_text("643\u00a0W")
        broker.stop()
        expect(page.locator(".notice-broker")).to_be_visible()
        expect(page.locator(".flow")).to_have_css("filter", "grayscale(1)")
        assert dashboard.status() == 503
        broker.start()
        expect(page.locator(".notice-broker")).to_be_hidden()
        assert dashboard.status() == 200


def test_the_page_itself_shows_that_the_server_is_gone(browser, dashboard, publisher):
    publisher.inverter()
    with opened(browser, dashboard.url, quiet=False) as page:
        expect(text(page, "home")).to_have_text("643\u00a0W")
        dashboard.stop()
        expect(page.locator(".notice-lost")).to_be_visible()
        expect(page.locator(".flow")).to_have_css("filter", "grayscale(1)")


def test_nothing_yet_says_what_to_do(browser, dashboard):
    with opened(browser, dashboard.url) as page:
        expect(page.get_by_role("heading", name="No readings yet")).to_be_visible()
        expect(page.locator(".banner")).to_be_hidden()
        page.get_by_role("link", name="History").locator("visible=true").click()
        expect(page.locator(".history")).to_contain_text("Nothing recorded yet")


def test_odd_houses_do_not_break_the_page(browser, impatient, publisher):
    long = "inverter-" + "x" * 190
    now = datetime.now(UTC)
    publisher.send(f"inverter/a{long}/state", InverterState(at=now, load_power_w=640))
    publisher.send(f"inverter/b{long}/state", InverterState(at=now - timedelta(days=7)))
    publisher.offline(f"a{long}", "timed out " * 30)
    with opened(browser, impatient.url) as page:
        expect(text(page, "home")).to_have_text("640\u00a0W")
        expect(text(page, "battery")).to_have_text("–")
        expect(page.locator(".others li")).to_have_count(1)
        assert fits(page)
        expect(text(page, "why")).to_contain_text("timed out")
        for viewport in (PHONE, DESK):
            page.set_viewport_size(viewport)
            assert fits(page), viewport


def test_history_draws(browser, dashboard, tmp_path):
    record(tmp_path / "easun.db", datetime.now(UTC), days=2, every=timedelta(minutes=5))
    with opened(browser, dashboard.url) as page:
        assert not page.evaluate("Boolean(window.Plotly || window.React)"), "the first page loads neither"
        page.get_by_role("link", name="History").locator("visible=true").click()
        expect(page.locator("#chart .legendtext", has_text="Consumption")).to_be_visible()
        assert page.evaluate("Plotly.version") == "4.1.1"
        assert page.locator(".modebar-btn").count() == 0
        page.keyboard.press("ArrowLeft")  # yesterday is whole, whatever time it is
        expect(page.locator(".summary")).to_contain_text("without power")
        for viewport, scheme in LOOKS:
            look_at(page, viewport, scheme)
            expect(page.locator("#chart .legendtext").first).to_have_css("fill", INK[scheme])
            assert fits(page), viewport


def test_history_steps_by_link_and_arrow_key(browser, dashboard, tmp_path):
    record(tmp_path / "easun.db", datetime.now(UTC), days=2, every=timedelta(minutes=10))
    with opened(browser, f"{dashboard.url}/history?span=day&on=2026-03-29") as page:
        title = page.locator(".steps h1")
        expect(title).to_have_text("Sun 29 March 2026")
        expect(page.locator(".history")).to_contain_text("Nothing was recorded in this period")
        page.keyboard.press("ArrowLeft")
        expect(title).to_have_text("Sat 28 March 2026")
        page.get_by_title("Later").click()
        expect(title).to_have_text("Sun 29 March 2026")
        page.get_by_role("link", name="Week").click()
        expect(title).to_have_text("23 Mar – 29 Mar 2026")
        page.go_back()
        expect(title).to_have_text("Sun 29 March 2026")


def test_light_and_dark_by_hand_are_remembered(browser, dashboard, tmp_path):
    record(tmp_path / "easun.db", datetime.now(UTC), days=1, every=timedelta(minutes=10))
    with opened(browser, f"{dashboard.url}/history", scheme="dark") as page:
        expect(page.locator("#chart .legendtext").first).to_have_css("fill", INK["dark"])
        page.get_by_label("Switch between light and dark").click()
        expect(page.locator("#chart .legendtext").first).to_have_css("fill", INK["light"])
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-scheme", "light")


def test_less_motion_where_it_is_asked_for(browser, dashboard, publisher):
    publisher.inverter()
    with opened(browser, dashboard.url, reduced_motion="reduce") as page:
        expect(page.locator(".line-sun")).to_have_attribute("data-flows", "true")
        states = page.evaluate("document.querySelector('.line-sun .dots').getAnimations().map(one => one.playState)")
        assert states == ["paused"]


def test_a_taken_port_ends_the_service_with_one_sentence(broker, dashboard, tmp_path):
    second = Dashboard(broker, tmp_path / "easun.db", DASHBOARD_PORT=str(dashboard.port))
    assert second.exit_code() == 78
    assert f"cannot listen on 127.0.0.1:{dashboard.port}" in second.log
    assert "Traceback" not in second.log


def test_a_page_open_to_the_house_without_a_password_is_reported(broker, tmp_path, viewer):
    with Dashboard(broker, tmp_path / "easun.db", DASHBOARD_HOST="0.0.0.0"):
        status = viewer.wait_for("service/dashboard/status", state="degraded")
        assert [one["code"] for one in status["reasons"]] == ["dashboard.no_password"]
