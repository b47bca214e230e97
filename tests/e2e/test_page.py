"""The main job, end to end: simulated inverter -> poller -> Mosquitto -> recorder -> SQLite -> page in Chromium."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.asking import ask
from tests.support.chromium import new_page
from tests.support.stack import INVERTER, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually


@pytest.fixture
def page(browser: Browser) -> Page:
    return new_page(browser, viewport={"width": 1280, "height": 900})


def shown(page: Page, key: str) -> float:
    """Return the number that the page shows for a key, watts where it says kW."""
    text = page.locator(f"[data-text='{key}']").first.inner_text()
    number = re.search(r"[-−]?[\d.,\s]*\d", text)
    assert number, f"no number in {text!r}"
    value = float(re.sub(r"[\s,]", "", number[0]).replace("−", "-"))
    return value * 1000 if "kW" in text else value


def test_the_numbers_on_the_page_are_those_of_the_house(stack: Stack, watcher: Viewer, page: Page) -> None:
    stack.start_house(HOUSE_DAYS="1")
    stack.start(stack.recorder, stack.poller, stack.dashboard)
    watcher.wait_for("grid/state", state="on")
    eventually(lambda: stack.rows("SELECT 1 FROM inverter_state"))
    stack.command("battery", soc_percent=73)

    page.goto(f"http://127.0.0.1:{stack.dashboard_port}/")
    banner = page.locator("[data-text='banner']").first
    expect(banner).to_contain_text("Power on since")
    expect(page.locator("[data-text='soc']").first).to_contain_text("73")
    truth = ask(f"{stack.control}/truth")
    assert shown(page, "grid-voltage") == pytest.approx(truth["grid_voltage_v"], abs=3)
    assert shown(page, "grid-frequency") == pytest.approx(truth["grid_frequency_hz"], abs=0.06)
    assert shown(page, "home") == pytest.approx(truth["load_power_w"], abs=100)
    assert shown(page, "battery-voltage") == pytest.approx(truth["battery_voltage_v"], abs=0.5)

    page.evaluate("window.neverReloaded = true")
    stack.command("grid", mode="off")
    watcher.wait_for("grid/state", state="off")
    expect(banner).to_contain_text("Power out since")
    expect(page.locator(".node-grid")).to_have_attribute("data-state", "missing")
    expect(page.locator(".line-grid")).to_have_attribute("data-flows", "false")
    expect(page.locator(".strip-live .band-off")).to_be_attached()
    expect(page.locator("[data-text='grid']").first).to_have_text("No grid")
    watcher.wait_for("grid/state", state="off", voltage_v=0.0)
    eventually(lambda: stack.rows("SELECT 1 FROM grid_state WHERE state = 'off'"), "the outage is in the database")
    off = watcher.last(INVERTER)
    assert (off["mode"], [one["code"] for one in off["warnings"]]) == ("off_grid", ["inverter.mains_lost"])

    stack.command("grid", mode="on")
    expect(banner).to_contain_text("Power on since")
    expect(page.locator(".node-grid")).not_to_have_attribute("data-state", "missing")
    expect(page.locator(".strip-live .band-off")).not_to_be_attached()
    assert page.evaluate("window.neverReloaded"), "all of that without a reload"

    page.goto(f"http://127.0.0.1:{stack.dashboard_port}/history")
    expect(page.locator(".js-plotly-plot .scatterlayer").first).to_be_attached()
    expect(page.get_by_text("1 outage")).to_be_visible()


def test_a_killed_poller_is_not_shown_as_live(stack: Stack, watcher: Viewer, page: Page) -> None:
    stack.start_house()
    stack.dashboard.env |= {"DASHBOARD_FRESH_S": "3"}
    stack.start(stack.recorder, stack.poller, stack.dashboard)
    watcher.wait_for("grid/state", state="on")
    page.goto(f"http://127.0.0.1:{stack.dashboard_port}/")
    banner = page.locator("[data-text='banner']").first
    expect(banner).to_contain_text("Power on since")
    stack.poller.kill()
    expect(banner).not_to_contain_text("Power on since")
    expect(page.locator("[data-text='as-of']").first).to_contain_text("as of")
    stack.poller.start()
    expect(banner).to_contain_text("Power on since")
