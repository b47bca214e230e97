"""Makes the pictures of the README from a running demo: python -m docs.pictures. It takes a font with emoji."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from shared.env_file import values
from tests.support.chromium import CHROMIUM
from tests.support.waiting import eventually

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
CHAT = 4242


@contextmanager
def opened(browser: Browser, view: dict[str, int], scheme: str, language: str) -> Iterator[Page]:
    """Open a page that is twice as fine as it is large."""
    fine = {"device_scale_factor": 1.5, "color_scheme": scheme, "locale": language, "timezone_id": "Europe/Kyiv"}
    context = browser.new_context(viewport=view, **fine)  # type: ignore[arg-type]
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
        with an_outage(demo):
            take(browser, "telegram", f"{demo['TELEGRAM_API_URL']}/", PHONE, "uk-UA")


@contextmanager
def an_outage(demo: Mapping[str, str]) -> Iterator[None]:
    """Ask the bot for the schedule, then cut the grid until its alert is in the chat and has been pictured."""
    telegram, grid = demo["TELEGRAM_API_URL"], f"{demo['HOUSE_CONTROL_URL']}/grid"
    requests.post(f"{telegram}/say", json={"chat": CHAT, "text": "/schedule"}, timeout=5).raise_for_status()
    requests.post(grid, json={"mode": "off"}, timeout=5).raise_for_status()

    def reported() -> bool:
        *_, last = requests.get(f"{telegram}/chat", timeout=5).json()["messages"]
        return "🔴" in (last.get("text") or "")

    try:
        eventually(reported, "the bot has reported the outage")
        yield
    finally:
        requests.post(grid, json={"mode": "on"}, timeout=5).raise_for_status()


def take(browser: Browser, name: str, address: str, view: dict[str, int], language: str = "en-US") -> None:
    """Take one picture, once the page has settled."""
    with opened(browser, view, "dark" if name.endswith("dark") else "light", language) as page:
        page.goto(address)
        page.wait_for_timeout(SETTLED_MS)
        save(page, IMAGES / f"{name}.png")


def save(page: Page, file: Path) -> None:
    """Save what the page shows with a palette, which takes a third of the bytes."""
    page.screenshot(path=file)
    with Image.open(file) as picture:
        picture.quantize(128).save(file, optimize=True)


if __name__ == "__main__":
    main()
