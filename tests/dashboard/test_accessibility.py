"""No serious accessibility fault on any page, by axe-core (tests/dashboard/vendor, MPL-2.0)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from services.dashboard.app import PAGES
from tests.dashboard.full_house import served
from tests.dashboard.harness import record
from tests.support.chromium import new_page

AXE = Path(__file__).parent / "vendor/axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter(one => ['serious', 'critical'].includes(one.impact))
  .flatMap(one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`))"""
PASSWORD = "a password"
Scheme = Literal["dark", "light"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A house in which everything is there, behind a password."""
    path = tmp_path_factory.mktemp("house") / "easun.db"
    record(path, datetime.now(UTC), days=2, every=timedelta(minutes=10), device="main")
    with served(path, dashboard_password=PASSWORD) as address:
        yield address


def faults(page: Page) -> list[str]:
    if not page.evaluate("Boolean(window.axe)"):
        page.add_script_tag(path=AXE)
    found: list[str] = page.evaluate(RUN)
    return found


def enter(page: Page, password: str) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button").click()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_no_page_has_a_serious_fault(
    browser: Browser, address: str, width: int, scheme: Literal["dark", "light"]
) -> None:
    view = ViewportSize(width=width, height=900)
    page = new_page(browser, viewport=view, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page.goto(address)
    assert faults(page) == []
    enter(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []
    enter(page, PASSWORD)
    for one in PAGES:
        with page.expect_response(f"**/live/{one.name}"):
            if one.parent:
                page.goto(address + one.path)
            else:
                page.locator(f".goto-{one.name}").locator("visible=true").click()
        expect(page.locator(f'[data-page="{one.name}"]')).to_be_visible()
        if one.recorded:
            expect(page.locator(f"#{one.name}-recorded .loading")).to_have_count(0)
            expect(page.locator(f"#{one.name}-recorded > *").first).to_be_visible()
        assert faults(page) == [], one.name
    page.goto(f"{address}/kiosk")
    assert faults(page) == [], "kiosk"
    page.close()
