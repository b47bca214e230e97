"""What poller and bms would publish, with figures that change every time and power that goes and comes."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.messages import BatteryState, GridState, InverterState, Message
from tests.support.samples import sample
from tests.support.viewer import Viewer


class ReadingStream:
    """Publishes a reading of an inverter, of the grid and of a battery at a time; power turns every `turn`."""

    def __init__(self, poller: Viewer, bms: Viewer, turn: timedelta) -> None:
        self.steps = 0
        self._poller, self._bms = poller, bms
        self._turn = turn
        self._turned: datetime | None = None
        self._grid: dict[str, Any] = {}
        self._inverter, self._power, self._battery = _full(InverterState), _full(GridState), _full(BatteryState)
        for account in (poller, bms):
            account.client.unsubscribe("#")  # what it publishes it need not keep

    def step(self, at: datetime) -> None:
        """Publish what was measured at a moment."""
        if self._turned is None or at - self._turned >= self._turn:
            self._turned = at
            state = "off" if self._grid.get("state") == "on" else "on"
            self._grid = {"state": state, "since": at.isoformat(), "transition_id": uuid4().hex}
        n, soc = self.steps, 60 + self.steps % 30
        grid_v = 220 + n % 97 / 10 if self._grid["state"] == "on" else 0.0
        reading = {"grid_voltage_v": grid_v, "load_power_w": 300 + n % 1009, "pv_power_w": n % 1013,
                   "battery_soc_percent": soc}  # fmt: skip
        for account, topic, payload in (
            (self._poller, "inverter/main/state", self._inverter | reading),
            (self._poller, "grid/state", self._power | self._grid | {"voltage_v": grid_v}),
            (self._bms, "battery/p1/state", self._battery | {"soc_percent": soc}),
        ):
            account.client.publish(topic, json.dumps(payload | {"at": at.isoformat()}), qos=1, retain=True)
        self.steps += 1


def _full(kind: type[Message]) -> dict[str, Any]:
    """Return a message with everything in it but the clock, of a boot that nobody knows: so it is dated."""
    known: dict[str, Any] = json.loads(sample(kind).model_dump_json(exclude={"clock"}))
    return known
