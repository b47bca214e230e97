"""Debian's Chromium, as Playwright launches it: the build without windows takes less than half the time for a page."""

import shutil
from typing import Any

CHROMIUM: dict[str, Any] = {
    "executable_path": shutil.which("chromium-headless-shell") or "/usr/bin/chromium",
    # without windows it names no language by itself
    "args": ["--no-sandbox", "--disable-gpu", "--accept-lang=en-US,en"],
}
