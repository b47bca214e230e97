"""The bot: from grid/state on the broker to sendMessage at the Bot API, and what the process costs."""

import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.services import pss_mb
from shared.messages import Grid, GridState
from simulators.http_server import start_server
from simulators.telegram.api import Api, Reply
from simulators.telegram.chat import TelegramState
from simulators.telegram.serve import Views
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

ROUNDS = 60


class TimedApi(Api):
    """Records when a message arrives."""

    def __init__(self, world: TelegramState) -> None:
        super().__init__(world)
        self.arrived = threading.Event()

    def call(self, token: str, method: str, form: dict[str, Any]) -> Reply | None:
        """Record the arrival, then answer."""
        if method == "sendMessage":
            self.arrived.set()
        return super().call(token, method, form)


def main() -> None:
    """Print how long an alert takes; the changes are far apart on the grid's clock, so none is merged."""
    api = TimedApi(TelegramState())
    server = start_server(Views(api).app, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stack.bot.start(TELEGRAM_API_URL=f"http://127.0.0.1:{server.port}")
        viewer.wait_for("service/bot/status", state="online")
        measure(stack, api)


def measure(stack: Stack, api: TimedApi) -> None:
    """Switch the grid off and on, and time each alert."""
    taken = []
    with Viewer(stack.broker, "poller") as poller:
        since = datetime.now(UTC) - timedelta(days=3)
        publish(poller, Grid.ON, since)
        file = stack.directory / "bot/outbox.json"
        eventually(file.exists, "the bot knows the grid")
        for number in range(ROUNDS):
            api.arrived.clear()
            since += timedelta(hours=1)
            began = time.perf_counter()
            publish(poller, Grid.ON if number % 2 else Grid.OFF, since)
            if not api.arrived.wait(10):
                raise RuntimeError(f"no alert: {stack.bot.log}")
            taken.append(1000 * (time.perf_counter() - began))
            eventually(lambda: '"waiting": {}' in file.read_text(), "the alert is off the disk")
    median, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    print(f"grid/state -> sendMessage, {ROUNDS} alerts, each on disk before it is sent:")
    print(f"median {median:.1f} ms, p95 {p95:.1f} ms, worst {max(taken):.1f} ms")
    print(f"memory {pss_mb(psutil.Process(stack.bot.pid)):.1f} MB PSS")


def publish(poller: Viewer, state: Grid, since: datetime) -> None:
    """Publish as the poller does."""
    message = GridState(at=datetime.now(UTC), state=state, since=since, transition_id=f"{state}-{since.isoformat()}")
    poller.client.publish("grid/state", message.model_dump_json(), qos=1, retain=True)


if __name__ == "__main__":
    main()
