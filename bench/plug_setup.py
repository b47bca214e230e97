"""From a clean start with access ID and secret alone to a plug that follows the grid: taps and seconds.

Once on the real page in Chromium, once in the bot; no plug is listed, and nothing is edited by hand.
"""

import json
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from simulators.tuya.cloud import CLIENT_ID, SECRET
from tests.support.chromium import CHROMIUM
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

OWNER = 4242
PLUG, NAME = f"bfsimulated{1:011}", "Boiler"
PATIENCE_MS = 60_000


class Count:
    """Taps and seconds, printed as they come."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._began = time.perf_counter()
        self.taps = 0

    def tap(self, what: Callable[[], object]) -> None:
        """Do something with a finger, and count it."""
        self.taps += 1
        what()

    def reached(self, what: str) -> None:
        """Print what has been reached."""
        seconds = time.perf_counter() - self._began
        print(f"{self._where:4} {what:58} {self.taps} taps, {seconds:5.1f} s after the start", flush=True)


def main() -> None:
    """Print taps and seconds on the page and in the bot."""
    print("from a clean start with TUYA_ACCESS_ID and TUYA_ACCESS_SECRET alone:")
    for way in (on_the_page, in_the_bot):
        with (
            tempfile.TemporaryDirectory() as directory,
            running_stack(Path(directory)) as (stack, viewer),
            Viewer(stack.broker, "poller") as poller,
        ):
            way(stack, viewer, poller)


def on_the_page(stack: Stack, viewer: Viewer, poller: Viewer) -> None:
    """Set up a plug on System, which the owner reaches from the page that opens."""
    stack.start(stack.recorder, stack.dashboard)
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(**CHROMIUM).new_page(locale="uk-UA")
        page.goto(f"http://127.0.0.1:{stack.dashboard_port}/")
        count = Count("page")
        start(stack)
        count.tap(page.get_by_role("link", name="Система").first.click)
        group = page.get_by_role("group", name=NAME)
        expect(group).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_text("жодна не перемикається разом із мережею").first).to_be_visible(timeout=PATIENCE_MS)
        count.reached("the plug is shown, with the sentence that helps")
        tap_button(count, page, "Разом із мережею")
        pressed = group.get_by_role("button", name="Разом із мережею", pressed=True)
        expect(pressed).to_be_visible(timeout=PATIENCE_MS)
        count.reached("it follows the grid, as the page shows")
        know_the_grid(stack, poller)
        tap_button(count, page, "Перевірити")
        eventually(lambda: viewer.last(f"plug/{PLUG}/info")["tested_at"], "the test", 60)
        count.reached("it was switched off and on as a test, if wanted")
        follows(stack, poller, count)


def tap_button(count: Count, page: Page, name: str) -> None:
    """Tap a button of the plug."""
    count.tap(lambda: page.get_by_role("group", name=NAME).get_by_role("button", name=name).click())


def in_the_bot(stack: Stack, viewer: Viewer, poller: Viewer) -> None:
    """Set up a plug in Telegram, from /plugs of the menu."""
    stack.start_telegram()
    stack.bot.start()
    viewer.wait_for("service/bot/status", state="online")
    count = Count("bot")
    start(stack)
    eventually(lambda: viewer.on(f"plug/{PLUG}/info"), "the plug is found", 60)
    count.tap(lambda: stack.tell_telegram("say", chat=OWNER, text="/plugs"))
    eventually(lambda: buttons(stack, lambda data: data == f"follow|{PLUG}|on"), "the plug is shown", 60)
    count.reached("the plug is shown")
    press(stack, count, lambda data: data == f"follow|{PLUG}|on")
    eventually(lambda: buttons(stack, lambda data: data == f"follow|{PLUG}|off"), "it follows", 60)
    count.reached("it follows the grid, as the bot shows")
    know_the_grid(stack, poller)
    press(stack, count, lambda data: data == f"test|{PLUG}|on")
    eventually(lambda: viewer.last(f"plug/{PLUG}/info")["tested_at"], "the test", 60)
    count.reached("it was switched off and on as a test, if wanted")
    follows(stack, poller, count)


def press(stack: Stack, count: Count, is_it: Callable[[str], bool]) -> None:
    """Press a button as soon as the bot shows it."""
    message, data = eventually(lambda: buttons(stack, is_it), "the button", 60)[0]
    count.tap(lambda: stack.tell_telegram("press", chat=OWNER, message_id=message, data=data))


def buttons(stack: Stack, is_it: Callable[[str], bool]) -> list[tuple[int, str]]:
    """Return the buttons in the last message that are meant, each with its message."""
    shown = [one for one in stack.chat(OWNER) if one["is_from_bot"]][-1:]
    rows = [(one["message_id"], button["callback_data"]) for one in shown for row in one["buttons"] for button in row]
    return [one for one in rows if is_it(one[1])]


def start(stack: Stack) -> None:
    """Start the plugs, their cloud, and the service with two settings."""
    places = stack.start_plugs()
    stack.plugs_file.unlink()
    stack.tuya.start(
        TUYA_ENDPOINT=f"http://127.0.0.1:{places['cloud_port']}",
        TUYA_ACCESS_ID=CLIENT_ID,
        TUYA_ACCESS_SECRET=SECRET,
    )


def publish(poller: Viewer, state: str, id_: str) -> None:
    """Publish the grid as the poller does."""
    at = datetime.now(UTC).isoformat()
    message = {"at": at, "state": state, "since": at, "transition_id": id_}
    poller.client.publish("grid/state", json.dumps(message), qos=1)


def know_the_grid(stack: Stack, poller: Viewer) -> None:
    """Let the service see that the grid is on."""
    id_ = uuid.uuid4().hex

    def is_known() -> bool:
        publish(poller, "on", id_)
        file = Path(stack.tuya.env["TUYA_JOURNAL_FILE"])
        return file.exists() and json.loads(file.read_text())["handled"] == id_

    eventually(is_known, "the grid is known", 60)


def follows(stack: Stack, poller: Viewer, count: Count) -> None:
    """Let the grid go, and wait until the plug has followed, alone."""
    publish(poller, "off", uuid.uuid4().hex)
    eventually(lambda: relays(stack) == [False, True, True, True, True], "it follows", 60)
    count.reached("the grid went, and it was switched off through the cloud")


def relays(stack: Stack) -> list[bool]:
    """Return plug by plug whether it is on."""
    listed: list[dict[str, Any]] = stack.tell_plugs("state")["plugs"]
    return [all(plug["relays"].values()) for plug in listed]


if __name__ == "__main__":
    main()
