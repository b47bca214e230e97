"""Plugs and the strip of Now in Chromium, over a real broker and a real database."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from shared.conditions import Reason
from shared.messages import Grid, PlugState, ServiceHealth, ServiceStatus
from shared.topics import PLUG_SET, PLUG_STATE, SERVICE_STATUS
from tests.dashboard.harness import Dashboard, Publisher, record
from tests.dashboard.test_page import DESK, PHONE, fits, opened
from tests.support.broker import Broker
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

LONG = "x" * 200
FILTERED = "[...document.querySelectorAll('{}')].filter(one => {}).length"


@pytest.fixture
def dashboard(broker: Broker, tmp_path) -> Iterator[Dashboard]:
    with Dashboard(broker, tmp_path / "easun.db") as dashboard:
        yield dashboard


class Tuya(Publisher):
    """Speaks for the service of the plugs."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, "tuya")
        now = datetime.now(UTC)
        status = ServiceStatus(at=now, since=now, state=ServiceHealth.ONLINE, version="0.1.0")
        self.send(SERVICE_STATUS.named("tuya"), status)

    def plug(self, id_: str, **fields: Any) -> None:
        usual = {"at": datetime.now(UTC), "name": id_, "on": False, "reachable": True, "confirmed": True}
        self.send(PLUG_STATE.named(id_), PlugState.model_validate(usual | fields))


@pytest.fixture
def tuya(broker: Broker) -> Iterator[Tuya]:
    with Tuya(broker) as tuya:
        yield tuya


@pytest.fixture
def watcher(broker: Broker) -> Iterator[Viewer]:
    with Viewer(broker) as watcher:
        yield watcher


def test_two_tabs_switch_one_plug_and_believe_only_the_plug(browser, dashboard, publisher, tuya, watcher):
    publisher.inverter()
    publisher.grid(Grid.ON)
    tuya.plug("boiler", name="Boiler")
    asked = PLUG_SET.named("boiler")
    with opened(browser, dashboard.url) as one, opened(browser, dashboard.url) as other:
        rows = [tab.locator('[data-plug="boiler"]') for tab in (one, other)]
        mine, theirs = (tab.get_by_role("switch", name="Plug Boiler") for tab in (one, other))
        mine.press("Space")
        expect(rows[0]).to_contain_text("switching on…")
        expect(mine).to_have_attribute("aria-checked", "false")
        command = watcher.wait_for(asked, on=True)
        assert command["by"] == "dashboard"
        expect(rows[1]).to_have_attribute("data-state", "off")
        tuya.plug("boiler", name="Boiler", pending=True)
        expect(rows[1]).to_contain_text("switching on…")
        expect(theirs).to_be_disabled()
        tuya.plug("boiler", name="Boiler", on=True)
        for switch in (mine, theirs):
            expect(switch).to_have_attribute("aria-checked", "true")
            expect(switch).to_be_enabled()
        expect(mine).to_be_focused()
        expect(one.locator("#plug-result")).to_have_text(re.compile("^Boiler: on"))
        expect(other.locator("#plug-result")).to_be_empty()
        mine.click()
        theirs.click()
        eventually(lambda: [one["on"] for one in watcher.on(asked)] == [True, False, False])
        tuya.plug("boiler", name="Boiler", on=True, reason=Reason.sentence("The plug does not answer."))
        for row in rows:  # it failed, and nothing pretends otherwise
            expect(row).to_contain_text("The plug does not answer.")
            expect(row.locator(".word")).to_have_text("on")


def test_twelve_plugs_with_long_names_fit(browser, broker, dashboard, publisher, tuya):
    publisher.inverter(load_power_w=12_345, pv_power_w=23_456, battery_power_w=-10_999)
    publisher.grid(Grid.ON)
    for number in range(12):
        tuya.plug(
            f"plug{number:02}", name=f"{number:02}{LONG}", reason=Reason.sentence("It failed " * 20) if number else None
        )
    tuya.plug("plug00", name="Router", protected=True)
    with opened(browser, dashboard.url, viewport=PHONE) as page:
        expect(page.get_by_role("switch")).to_have_count(11)
        expect(page.locator('[data-plug="plug00"]')).to_contain_text("protected")
        for viewport in (PHONE, DESK):
            page.set_viewport_size(viewport)
            assert fits(page)
            assert page.evaluate(FILTERED.format(".switch", "one.offsetHeight < 44")) == 0
            rings = FILTERED.format(".ring", "one.scrollWidth > one.clientWidth")
            assert page.evaluate(rings) == 0, "five figures fit into the nodes"
        broker.stop()
        expect(page.locator(".plugs-closed")).to_contain_text("No connection to the message broker")
        expect(page.get_by_role("switch").first).to_be_disabled()


def test_a_wish_that_gets_no_answer_is_shown_beside_the_plug(browser, dashboard, publisher, tuya):
    publisher.inverter()
    publisher.grid(Grid.ON)
    tuya.plug("boiler", name="Boiler")
    with opened(browser, dashboard.url, quiet=False) as page:
        switch = page.get_by_role("switch", name="Plug Boiler")
        expect(switch).to_be_enabled()
        dashboard.stop()
        switch.click()
        expect(page.get_by_role("alert")).to_have_text("The plug did not answer. Try again.")
        expect(switch).to_have_attribute("aria-checked", "false")


def test_the_strip_shows_what_was_and_follows_the_grid(browser, dashboard, publisher, tmp_path):
    now = datetime.now(UTC)
    record(tmp_path / "easun.db", now, days=1, every=timedelta(minutes=5))
    publisher.inverter()
    publisher.grid(Grid.ON, since=now - timedelta(hours=2))
    with opened(browser, dashboard.url) as page:
        expect(page.locator(".strip-past .band-off").last).to_be_visible()
        expect(page.locator(".strip-past [role=img]")).to_have_attribute("aria-label", re.compile("Power out: "))
        painted = "getComputedStyle(document.querySelector('.shape-line')).maskImage"
        assert page.evaluate(painted).startswith('url("data:image/svg+xml')
        expect(page.locator(".now-dot")).to_be_visible()
        expect(page.locator(".strip-live .band-off")).to_have_count(0)
        publisher.grid(Grid.OFF)
        expect(page.locator(".strip-live .band-off")).to_be_visible()
        assert not page.evaluate("Boolean(window.Plotly)"), "the first page does not load plotly"
