"""Makes the pictures of the README from a running demo: python -m docs.pictures."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from shared.env_file import values
from tests.support.chromium import CHROMIUM

IMAGES = Path(__file__).parent / "images"
DEMO = Path(".demo/env")
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
PICTURES = [
    ("now-phone-light", "/", PHONE),
    ("now-desktop-dark", "/", DESKTOP),
    ("outages-phone-dark", "/outages", PHONE),
    ("history-desktop-light", "/history", DESKTOP),
    ("battery-desktop-dark", "/battery", DESKTOP),
]
SETTLED_MS = 4000


@contextmanager
def opened(browser: Browser, view: dict[str, int], scheme: str) -> Iterator[Page]:
    """Open a page that is twice as fine as it is large."""
    context = browser.new_context(viewport=view, color_scheme=scheme, locale="en-US", device_scale_factor=1.5)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def main() -> None:
    """Take every picture."""
    if not DEMO.exists():
        sys.exit("No demo runs here: start it with make demo.")
    demo = values(DEMO.read_text(encoding="utf-8"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)
        for name, path, view in PICTURES:
            take(browser, name, f"http://127.0.0.1:{demo['DASHBOARD_PORT']}{path}", view)
        take(browser, "telegram", f"{demo['TELEGRAM_API_URL']}/", PHONE)


def take(browser: Browser, name: str, address: str, view: dict[str, int]) -> None:
    """Take one picture, once the page has settled."""
    with opened(browser, view, "dark" if name.endswith("dark") else "light") as page:
        page.goto(address)
        page.wait_for_timeout(SETTLED_MS)
        page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
