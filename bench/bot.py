"""The bot: from grid/state on the broker to sendMessage at the Bot API, also under a flood and over kills."""

import json
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bench.services import pss_mb
from shared.messages import ActionOutcome, Grid, GridState, PlugAction
from simulators.http_server import start_server
from simulators.telegram.api import Api, Reply
from simulators.telegram.chat import TelegramState
from simulators.telegram.serve import Views
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

ROUNDS = 60
STRANGERS = 300
KILLS = 16
KILL_STEP_S = 0.005
PLUGS, PLUG_STEP_S, SETTLED_S = 20, 0.2, 21.0
OWNER = "4242"


class TimedApi(Api):
    """Records when an alert arrives, and how many have."""

    def __init__(self, world: TelegramState) -> None:
        super().__init__(world)
        self.arrived = threading.Event()
        self.alerts = self.answered = self.sends = self.edits = 0

    def call(self, token: str, method: str, form: dict[str, Any]) -> Reply | None:
        """Record the arrival, then answer."""
        if form.get("chat_id") == OWNER:
            self.sends += method == "sendMessage"
            self.edits += method == "editMessageText"
            if method == "sendMessage" and "Power" in str(form["text"]):
                self.arrived.set()
                self.alerts += 1
        answer = super().call(token, method, form)
        self.answered = self.alerts
        return answer


def main() -> None:
    """Print how long an alert takes; the changes are far apart on the grid's clock, so none is merged."""
    api = TimedApi(TelegramState())
    server = start_server(Views(api).app, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stack.bot.start(TELEGRAM_API_URL=f"http://127.0.0.1:{server.port}")
        viewer.wait_for("service/bot/status", state="online")
        with Viewer(stack.broker, "poller") as poller:
            since = datetime.now(UTC) - timedelta(days=20)
            publish(poller, Grid.ON, since)
            eventually((stack.directory / "bot/outbox.json").exists, "the bot knows the grid")
            since = measure(stack, api, poller, since, "in a quiet run")
            flood = Flood(api.world)
            since = measure(stack, api, poller, since, f"while strangers send {STRANGERS} commands at a time", flood)
            print(f"memory {pss_mb(psutil.Process(stack.bot.pid)):.1f} MB PSS")
            since = kills(stack, api, poller, since)
            outage(stack, api, poller)


class Flood:
    """Commands of strangers."""

    def __init__(self, world: TelegramState) -> None:
        self._world = world

    def start(self) -> None:
        """Send all of them."""
        for number in range(STRANGERS):
            self._world.add(100_000 + number, "/status", is_from_bot=False)


def measure(  # noqa: PLR0917
    stack: Stack, api: TimedApi, poller: Viewer, since: datetime, when: str, flood: Flood | None = None
) -> datetime:
    """Switch the grid off and on, and time each alert; return when it was switched last."""
    taken = []
    for number in range(ROUNDS):
        since += timedelta(hours=1)
        api.arrived.clear()
        if flood:
            flood.start()
        began = time.perf_counter()
        publish(poller, Grid.ON if number % 2 else Grid.OFF, since)
        if not api.arrived.wait(30):
            raise RuntimeError(f"no alert: {stack.bot.log}")
        taken.append(1000 * (time.perf_counter() - began))
        eventually(lambda: not waiting(stack), "the alert is off the disk")
    median, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    print(f"grid/state -> sendMessage {when}, {ROUNDS} alerts, each on disk before it is sent:")
    print(f"median {median:.1f} ms, p95 {p95:.1f} ms, worst {max(taken):.1f} ms", flush=True)
    return since


def waiting(stack: Stack) -> dict[str, Any]:
    """Return the alerts in the outbox."""
    found: dict[str, Any] = json.loads((stack.directory / "bot/outbox.json").read_text())["waiting"]
    return found


def kills(stack: Stack, api: TimedApi, poller: Viewer, since: datetime) -> datetime:
    """Kill the bot at growing distances from a change of the grid, and count what arrives."""
    lost = doubled = cut = most = 0
    for number in range(KILLS):
        since += timedelta(hours=1)
        before = api.alerts
        publish(poller, Grid.ON if number % 2 else Grid.OFF, since)
        time.sleep(number * KILL_STEP_S)
        stack.bot.kill()
        is_cut = api.alerts > api.answered
        stack.bot.start()
        eventually(partial(is_told, stack, api, before, since), "the alert is sent", 60)
        got = api.alerts - before
        lost, doubled, most = lost + (got == 0), doubled + (got > 1), max(most, got)
        cut += got > 1 and is_cut
    print(f"{KILLS} kills within {1000 * KILLS * KILL_STEP_S:.0f} ms of a change:")
    print(f"{lost} lost, no alert more than {most} times, {doubled} doubled ({cut} before the API answered)")
    return since


def outage(stack: Stack, api: TimedApi, poller: Viewer) -> None:
    """Let an outage with plugs begin and end now, and count what the owner gets."""
    with Viewer(stack.broker, "tuya") as tuya:
        for state in (Grid.OFF, Grid.ON):  # the change before it may still be edited
            publish(poller, state, datetime.now(UTC))
            time.sleep(SETTLED_S)
        sends, edits = api.sends, api.edits
        for state in (Grid.OFF, Grid.ON):
            api.arrived.clear()
            began = time.perf_counter()
            publish(poller, state, datetime.now(UTC))
            api.arrived.wait(30)
            print(f"power {state}: told in {1000 * (time.perf_counter() - began):.0f} ms")
            for number in range(PLUGS):
                action = PlugAction(at=datetime.now(UTC), on=state is Grid.ON, by="grid", outcome=ActionOutcome.DONE)
                tuya.client.publish(f"plug/p{number}/action", action.model_dump_json(), qos=1).wait_for_publish(5)
                time.sleep(PLUG_STEP_S)
            time.sleep(SETTLED_S)
    print(f"an outage with {PLUGS} plugs: {api.sends - sends} messages, {api.edits - edits} silent edits")


def is_told(stack: Stack, api: TimedApi, before: int, since: datetime) -> bool:
    """Whether a change of the grid is known to the rules and its alert has been sent."""
    grid = json.loads((stack.directory / "bot/outbox.json").read_text())["state"]["grid"]
    return api.alerts > before and not waiting(stack) and since.isoformat()[:19] in json.dumps(grid)


def publish(poller: Viewer, state: Grid, since: datetime) -> None:
    """Publish as the poller does."""
    message = GridState(at=datetime.now(UTC), state=state, since=since, transition_id=f"{state}-{since.isoformat()}")
    poller.client.publish("grid/state", message.model_dump_json(), qos=1, retain=True)


if __name__ == "__main__":
    main()
