"""The last messages of this service, which need not wait for the broker to send them back."""

from dataclasses import replace

from services.poller.kept_grid import KeptGrid
from shared.broker_state import BrokerState
from shared.bus import Publisher
from shared.messages import GridState, InverterInfo, InverterState
from shared.topics import M, Topic
from shared.trusted_time import ClockChange


class OwnMessages:
    """Publishes, and keeps the last state of the grid and of each inverter."""

    def __init__(self, bus: Publisher, kept: KeptGrid) -> None:
        self._bus = bus
        self._kept = kept
        self._grid: GridState | None = None
        self._inverters: dict[str, InverterState] = {}
        self._infos: dict[str, InverterInfo] = {}

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        """Publish a message."""
        if isinstance(message, GridState):
            self._grid = message
        elif isinstance(message, InverterState):
            self._inverters[name] = message
        elif isinstance(message, InverterInfo):
            self._infos[name] = message
        self._bus.publish(topic, message, name)
        if isinstance(message, GridState):
            self._kept.keep(message)

    def forget(self, name: str) -> None:
        """Forget an inverter that is no longer read."""
        self._inverters.pop(name, None)
        self._infos.pop(name, None)

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self._grid, self._inverters, self._infos = change.moved((self._grid, self._inverters, self._infos))
        self._kept.on_clock_change(change)

    def over(self, state: BrokerState) -> BrokerState:
        """Return the broker's state with our own, newer messages in it."""
        return replace(state, grid=self._grid, inverters=dict(self._inverters), inverter_infos=dict(self._infos))
