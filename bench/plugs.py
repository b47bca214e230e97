"""Latency of the plug service, from the grid message to the command at the plug.

For one plug and for twenty; and for twenty whose first connection breaks, by version and by the way it breaks. Then the
taps and seconds of setting a plug up.
"""

import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bench import plug_setup
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

PLUGS = 20
ROUNDS = 40
VERSIONS = ("3.1", "3.3", "3.4", "3.5")
WAYS_TO_DROP = ("reset", "refused", "half", "silent", "late")


def main() -> None:
    """Print the latencies."""
    for count, rounds in ((1, ROUNDS), (PLUGS, ROUNDS // 4)):
        with (
            tempfile.TemporaryDirectory() as directory,
            running_stack(Path(directory)) as (stack, viewer),
            Viewer(stack.broker, "poller") as poller,
        ):
            first, last = measure(stack, viewer, poller, count, rounds)
        print(f"{count} local plugs, {rounds} outages: command at the first plug {figures(first)}", end="; ")
        print(f"at the last {figures(last)}")
    print("seconds from the loss until the last of 20 plugs is off, where the first connection of each breaks:")
    print("version  " + "".join(f"{way:>9}" for way in WAYS_TO_DROP) + "  keys blamed")
    for version in VERSIONS:
        with (
            tempfile.TemporaryDirectory() as directory,
            running_stack(Path(directory)) as (stack, viewer),
            Viewer(stack.broker, "poller") as poller,
        ):
            seconds, blamed = drops(stack, viewer, poller, version)
        print(f"{version:7}  " + "".join(f"{one:9.2f}" for one in seconds) + f"  {blamed}")
    plug_setup.main()


def figures(seconds: list[float]) -> str:
    """Return median, 95th percentile and worst."""
    ordered = sorted(1000 * one for one in seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.0f} ms, p95 {p95:.0f} ms, worst {ordered[-1]:.0f} ms"


def measure(stack: Stack, viewer: Viewer, poller: Viewer, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Switch the grid off and on repeatedly; return the seconds until the first and the last plug got its command."""
    start(stack, viewer, poller, count)
    first, last = [], []
    for _ in range(rounds):
        sent = publish_grid(poller, "off", all_plugs(stack, on=False))
        moments = switched_off_at(stack)
        first.append(min(moments) - sent)
        last.append(max(moments) - sent)
        publish_grid(poller, "on", all_plugs(stack, on=True))
    return first, last


def start(stack: Stack, viewer: Viewer, poller: Viewer, count: int, **settings: str) -> None:
    """Start so many plugs and the service, and let it handle that the grid is on."""
    stack.start_plugs(HOUSE_PLUGS=str(count), HOUSE_PLUGS_VERSION=settings.pop("HOUSE_PLUGS_VERSION", ""))
    stack.plugs_file.write_text(stack.plugs_file.read_text().replace(', "protected": true', ""))
    stack.tuya.start(PLUG_RESTORE_DELAY="0", PLUG_RESTORE_PAUSE="0", PLUG_CHECK_INTERVAL="600", **settings)
    viewer.wait_for("service/tuya/status", state="online")
    eventually(lambda: len({topic for topic, _, _ in viewer.messages if fnmatch(topic, "plug/*/state")}) == count)
    publish_grid(poller, "on", all_plugs(stack, on=True))


def drops(stack: Stack, viewer: Viewer, poller: Viewer, version: str) -> tuple[list[float], int]:
    """Return for each way to drop how long it took until all plugs were off, and how many keys were blamed."""
    start(stack, viewer, poller, PLUGS, HOUSE_PLUGS_VERSION=version, TUYA_LOCAL_TIMEOUT="2")
    seconds = []
    for way in WAYS_TO_DROP:
        stack.tell_plugs("plug", fault=way, connections=1)
        sent = publish_grid(poller, "off", all_plugs(stack, on=False))
        seconds.append(max(switched_off_at(stack)) - sent)
        publish_grid(poller, "on", all_plugs(stack, on=True))
    blamed = {topic for topic, message, _ in viewer.messages if "wrong_key" in json.dumps(message)}
    return seconds, len(blamed)


def publish_grid(poller: Viewer, state: str, settled: Callable[[], bool]) -> float:
    """Publish a change of the grid, wait until the plugs have followed, and return when it was published."""
    at = datetime.now(UTC)
    message = {"state": state, "since": (at - timedelta(seconds=1)).isoformat(), "transition_id": uuid.uuid4().hex}
    sent = time.time()
    poller.client.publish("grid/state", json.dumps(message | {"at": at.isoformat()}), qos=1)
    eventually(settled, f"the plugs are {state}")
    time.sleep(0.3)  # so that the journal is saved too
    return sent


def switched_off_at(stack: Stack) -> list[float]:
    """Return when each plug was told last to switch off."""
    return [next(at for at, _, on in reversed(plug["switched"]) if not on) for plug in plugs(stack)]


def all_plugs(stack: Stack, *, on: bool) -> Callable[[], bool]:
    """Return a probe that tells whether all relays are on, or all off."""
    return lambda: all(value is on for plug in plugs(stack) for value in plug["relays"].values())


def plugs(stack: Stack) -> list[dict[str, Any]]:
    """Return the state of the virtual plugs."""
    listed: list[dict[str, Any]] = stack.tell_plugs("state")["plugs"]
    return listed


if __name__ == "__main__":
    main()
