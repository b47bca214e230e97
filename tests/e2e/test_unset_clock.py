"""Power goes, the machine boots months behind without internet, and learns the time later: all services, one clock."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import requests

from shared.history.tables import to_ms
from tests.support.simulated_clock import SimulatedClock
from tests.support.stack import Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

MONTHS_S = 90 * 24 * 3600.0
SLACK_MS = 4000


def now_page(stack: Stack) -> dict[str, Any]:
    """Return what the page shows."""
    address, english = f"http://127.0.0.1:{stack.dashboard_port}/live/now", {"Accept-Language": "en"}
    answer: dict[str, Any] = requests.get(address, headers=english, timeout=PATIENCE_S).json()
    return answer


def page_with(stack: Stack, notice: str, banner: str) -> dict[str, Any]:
    """Wait until the page shows this notice and this banner, and return it; after a pause there is no contact first."""

    def shown() -> dict[str, Any]:
        page = now_page(stack)
        return page if page["notice"] == notice and banner in page["text"]["banner"].lower() else {}

    return eventually(shown, f"the page says {banner!r}, with the notice {notice!r}")


def times(stack: Stack, table: str) -> list[int]:
    """Return the recorded times of a table, in order."""
    with closing(sqlite3.connect(stack.db_path)) as connection:
        return [at for (at,) in connection.execute(f"SELECT at FROM {table} ORDER BY at")]


def sent(stack: Stack) -> str:
    """Return everything that the chat has got."""
    return "\n".join(message["text"] for message in stack.chat())


def test_an_outage_over_a_boot_that_does_not_know_the_time(stack: Stack, watcher: Viewer) -> None:
    clock = SimulatedClock(stack)
    clock.boot(0, synchronised=True)
    stack.start_house()
    stack.start_telegram()
    stack.start(stack.recorder, stack.poller, stack.dashboard)
    watcher.wait_for("grid/state", state="on")
    began = to_ms(datetime.now(UTC))
    stack.command("grid", mode="off")
    watcher.wait_for("grid/state", state="off")
    known = to_ms(datetime.now(UTC))
    eventually(lambda: stack.rows("SELECT 1 FROM grid_state WHERE state = 'off'"), "the outage is recorded")

    for service in (stack.poller, stack.recorder, stack.dashboard):
        service.kill()
    clock.boot(-MONTHS_S)
    stack.bot.env["BOT_SILENT_MINUTES"] = "0.05"
    stack.start(stack.recorder, stack.poller, stack.dashboard, stack.bot)
    before = len(watcher.on("grid/state"))
    eventually(lambda: len(watcher.on("grid/state")) > before + 4, "the poller goes on")
    unset = watcher.last("grid/state")
    assert unset["clock"]["boot"] == "boot-2"
    assert unset["at"].startswith("197"), "not a time that somebody could believe"
    eventually(lambda: stack.rows("SELECT 1 FROM undated_message WHERE topic = 'grid/state'"), "it waits for its time")
    shown = page_with(stack, notice="clock", banner="power out")
    assert "at least" in shown["text"]["lasting"]
    eventually(lambda: "The clock is not set" in sent(stack), "so does the bot")
    assert "197" not in sent(stack)

    clock.synchronise()
    eventually(lambda: "The clock is set again" in sent(stack), "the bot says that it is over")
    eventually(lambda: stack.rows("SELECT count(*) FROM undated_message") == [(0,)], "all is recorded")
    page_with(stack, notice="", banner="power out since")
    ended = to_ms(datetime.now(UTC))
    stack.command("grid", mode="on")
    watcher.wait_for("grid/state", state="on")
    ended_known = to_ms(datetime.now(UTC))
    stack.recorder.end()
    stack.recorder.start()  # upkeep comes with the first message, and then once a minute
    found = eventually(lambda: _outages(stack), "the outage is over")
    ((start, end),) = found
    assert began - SLACK_MS < start < known + SLACK_MS
    assert ended - SLACK_MS < end < ended_known + SLACK_MS
    recorded = times(stack, "inverter_state")
    assert began - 60_000 < recorded[0] < recorded[-1] <= to_ms(datetime.now(UTC))
    assert stack.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert time.time() - recorded[-1] / 1000 < PATIENCE_S


def _outages(stack: Stack) -> list[tuple[int, int]]:
    found = stack.rows('SELECT start, "end" FROM outage ORDER BY start')
    return found if found and all(end is not None for _, end in found) else []
