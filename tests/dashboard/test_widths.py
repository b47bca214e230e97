"""Every page at every width: controls within reach, nothing wider than the window, nothing that jumps."""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from services.dashboard import pages as dashboard
from services.dashboard.app import PAGES
from shared.texts.language import Language
from shared.texts.pages import PAGES as TEXTS
from tests.dashboard.full_house import served
from tests.dashboard.harness import record
from tests.support.chromium import new_page
from tests.support.waiting import PATIENCE_S, eventually

WIDTHS = (320, 390, 768, 844, 1280, 1920)
WATCH_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const shift of list.getEntries()) {
      const moved = shift.sources.map(one => one.node?.outerHTML?.slice(0, 90));
      if (!shift.hadRecentInput) window.shifts.push([shift.value, moved]);
    }
  }).observe({type: 'layout-shift', buffered: true});
"""
OUT_OF_REACH = """() => {
  const found = document.documentElement.scrollWidth > innerWidth ? ['the page scrolls sideways'] : [];
  for (const one of document.querySelectorAll('a, button, input, select, summary, [role=button], [tabindex="0"]')) {
    const {left, right, width} = one.getBoundingClientRect();
    const away = !one.checkVisibility() || !width || one.closest('.wide') !== null || one.matches('.skip');
    const beyond = left < -0.5 || right > innerWidth + 0.5;
    if (one.matches('.goto') && one.scrollWidth > one.clientWidth) found.push(`${one.textContent} is cut`);
    if (!away && beyond) found.push(`${one.outerHTML.slice(0, 80)}: ${left} to ${right}`);
  }
  for (const one of document.querySelectorAll('dt, dd, h1, h2, h3, li, p, button, summary')) {
    const spills = one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline';
    const meant = one.closest('.wide, .unseen, svg') !== null;
    if (spills && !meant && one.checkVisibility()) found.push(`${one.textContent.slice(0, 60)} spills`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A house in which everything is there."""
    path = tmp_path_factory.mktemp("house") / "easun.db"
    record(path, datetime.now(UTC), days=2, every=timedelta(minutes=10), device="main")
    with served(path) as address:
        yield address


@pytest.mark.parametrize("language", list(Language))
def test_every_control_is_within_reach_at_every_width(browser: Browser, address: str, language: Language) -> None:
    page = new_page(browser, locale=language.value, reduced_motion="reduce")
    page.goto(address)
    for one in PAGES:
        show(page, one, address)
        for width in WIDTHS:
            page.set_viewport_size(ViewportSize(width=width, height=900))
            eventually(lambda: page.evaluate(OUT_OF_REACH) == [], f"{one.name} fits into {width}")
    page.close()


def show(page: Page, one: dashboard.Page, address: str) -> None:
    if one.parent:
        page.goto(address + one.path)
    else:
        page.locator(f".goto-{one.name}").locator("visible=true").click()
    expect(page.locator(f".page.{one.name}").first).to_be_visible()
    if one.name == "history":
        expect(page.locator("#chart .legendtext").first).to_be_attached()


def test_nothing_jumps_while_a_page_opens(browser: Browser, address: str) -> None:
    page = new_page(browser, viewport=ViewportSize(width=390, height=900), locale="uk")
    page.add_init_script(WATCH_SHIFTS)
    for one in PAGES:
        with page.expect_response(f"**/live/{one.name}"):
            page.goto(address + one.path)
        if one.name == "history":
            expect(page.locator("#chart .legendtext").first).to_be_attached()
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("window.shifts") == [], one.name
    page.close()


@pytest.mark.parametrize("cut", ['class="toggle"', 'class="bottom"', 'class="goto goto-history"'])
def test_a_page_that_arrives_in_two_parts_is_not_drawn_by_halves(browser: Browser, address: str, cut: str) -> None:
    page = new_page(browser, viewport=ViewportSize(width=390, height=900), locale="uk")
    page.add_init_script(WATCH_SHIFTS)
    with arriving_in_parts(address, cut) as (slow, go_on):
        page.goto(slow, wait_until="commit")
        styled = "document.styleSheets.length && document.querySelector('[data-language=en]')"
        page.wait_for_function(styled, polling=20)
        drawn = page.evaluate("""new Promise(done => {
          requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
          setTimeout(() => done(false), 300);
        })""")
        go_on.set()
        expect(page.locator(".bottom .goto").last).to_be_visible()
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert (drawn, page.evaluate("window.shifts")) == (False, [])
    page.close()


@contextmanager
def arriving_in_parts(address: str, cut: str) -> Iterator[tuple[str, threading.Event]]:
    """Pass answers on, of a page only what stands before the last place of a text until told to go on."""
    go_on = threading.Event()

    class Relay(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with urllib.request.urlopen(urllib.request.Request(address + self.path, headers=language)) as answer:
                body = answer.read()
            at = body.rfind(cut.encode()) if self.path == "/" else -1
            self.send_response(200)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            self.wfile.write(body[: max(at, 0)])
            if at >= 0:
                go_on.wait(PATIENCE_S)
            self.wfile.write(body[max(at, 0) :])

        def log_message(self, *_: object) -> None:
            pass

    language = {"Accept-Language": "uk"}
    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{relay.server_port}", go_on
        finally:
            go_on.set()
            relay.shutdown()


def test_the_keyboard_reaches_everything_and_every_page_has_a_title(browser: Browser, address: str) -> None:
    page = new_page(browser, locale="en")
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("data-route", "now")
    tabs = [one for one in PAGES if not one.parent]
    for one in tabs:
        page.locator(f".top .goto-{one.name}").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_title(f"{TEXTS[f'page.{one.name}'][1]} · Easun")
        expect(page.locator(f".top .goto-{one.name}")).to_have_attribute("aria-current", "page")
        if one is not PAGES[0]:
            expect(page.locator("main")).to_be_focused()
    page.go_back()
    expect(page).to_have_title(f"{TEXTS[f'page.{tabs[-2].name}'][1]} · Easun")
    page.close()


def test_a_page_of_another_version_reloads_itself_once(browser: Browser, address: str) -> None:
    page = new_page(browser, locale="en")
    page.goto(address)
    html = page.locator("html")
    current = html.get_attribute("data-version")
    make_old = "document.documentElement.dataset.version = 'old'"
    with page.expect_navigation():
        page.evaluate(make_old)
    expect(html).to_have_attribute("data-version", str(current))
    page.evaluate(make_old)
    for _ in range(2):  # a proxy may go on sending the old page
        page.wait_for_event("response", lambda response: "/live/now" in response.url)
    expect(html).to_have_attribute("data-version", "old")
    page.close()


def test_charts_come_when_they_are_asked_for_and_again_where_a_script_got_lost(browser: Browser, address: str) -> None:
    page = new_page(browser, locale="en", viewport=ViewportSize(width=390, height=844))
    page.route("**/dash_renderer*", lambda route: route.abort(), times=1)
    page.goto(address)
    with page.expect_event("requestfailed"):
        page.locator(".bottom .goto-history").click()
    expect(page.locator("#react-entry-point > .loading")).to_be_visible()
    expect(page.locator("script[src*=dash]")).to_have_count(0)
    page.locator(".bottom .goto-now").click()
    page.locator(".bottom .goto-history").click()
    expect(page.locator("#chart .legendtext").first).to_be_visible()
    expect(page.locator("#react-entry-point > .loading")).to_have_count(0)
    page.close()
