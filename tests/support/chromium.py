"""Debian's Chromium, as Playwright launches it: the build without windows takes less than half the time for a page."""

import shutil
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.waiting import PATIENCE_S

CHROMIUM: dict[str, Any] = {
    "executable_path": shutil.which("chromium-headless-shell") or "/usr/bin/chromium",
    "timeout": 1000 * PATIENCE_S,
    # without windows it names no language by itself
    "args": ["--no-sandbox", "--disable-gpu", "--accept-lang=en-US,en"],
}


def new_page(browser: Browser, **options: Any) -> Page:
    """Open a page of its own context, as patient as all tests; what it waits for may be slow."""
    page = browser.new_page(**options)
    page.set_default_timeout(1000 * PATIENCE_S)
    return page
