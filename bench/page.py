"""Bytes of the first load of each page, as they cross the wire into an empty Chromium."""

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.support.stack import INVERTER, running_stack

CHROMIUM: dict[str, Any] = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
QUIET_MS = 4000


def main() -> None:
    """Print bytes and requests a page."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stack.start_house()
        stack.start(stack.recorder, stack.poller, stack.dashboard)
        viewer.last(INVERTER)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**CHROMIUM)
            for path in ("/", "/history"):
                load(browser, f"http://127.0.0.1:{stack.dashboard_port}", path)


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
