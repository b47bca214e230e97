"""The outlook as a process: from the record and the broker to outlook/state, through an outage and a kill."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.messages import Grid, GridState, InverterState
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.support.databases import empty_database
from tests.support.stack import Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

TOPIC = "outlook/state"


def codes(payload: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in payload["unknown"]}


def fill(file: Path) -> None:
    """Record two days of a home that draws 500 W, with an outage of four hours in each."""
    file.write_bytes(empty_database())
    now = datetime.now(UTC)
    rows = []
    for step in range(2 * 288):
        at = now - timedelta(days=2) + timedelta(minutes=5 * step)
        off = 6 <= step / 12 % 24 < 10
        power = -600 if off else 300
        inverter = InverterState(at=at, load_power_w=500, battery_power_w=power, battery_soc_percent=80)
        grid = GridState(at=at, state=Grid.OFF if off else Grid.ON, since=at - timedelta(minutes=5))
        rows += [
            to_row(topic, message.model_dump_json().encode())
            for topic, message in ((INVERTER_STATE.named("main"), inverter), (GRID_STATE.named(), grid))
        ]
    store = open_store(file)
    for first in range(0, len(rows), 500):
        store.write(rows[first : first + 500])
    store.close()


def test_it_forecasts_from_the_record_notices_an_outage_and_survives_a_kill(
    stack_and_viewer: tuple[Stack, Viewer],
) -> None:
    stack, viewer = stack_and_viewer
    fill(stack.db_path)
    stack.start_house()
    stack.start(stack.poller, stack.outlook)
    first = viewer.last(TOPIC)
    assert {"outlook.no_schedule", "outlook.little_history"} <= codes(first)
    assert "outlook.no_database" not in codes(first)
    assert first["strip"] is not None
    assert viewer.wait_for("service/outlook/status", state="online")

    stack.command("grid", mode="off")
    running = eventually(lambda: [one for one in viewer.on(TOPIC)[-1]["outages"] if one["running"]], "it has noticed")
    assert running[0]["verdict"] == "unknown", "nobody knows when power returns"
    assert "outlook.end_unknown" in codes(viewer.last(TOPIC))
    standings = stack.directory / "outlook" / "standings.json"
    eventually(lambda: standings.exists() and '"began"' in standings.read_text(), "the forecast is remembered")

    stack.outlook.kill()
    seen = len(viewer.on(TOPIC))
    stack.start(stack.outlook)
    eventually(lambda: len(viewer.on(TOPIC)) > seen, "it is back")
    assert [one["running"] for one in viewer.last(TOPIC)["outages"]] == [True]
    assert '"began"' in standings.read_text()
