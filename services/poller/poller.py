"""One step of the poller: read, decode, publish; and what to publish when no reading comes."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.poller import grid
from services.poller.block_reader import BlockReader, RegisterSource
from services.poller.decode import Decoded, decode, has_power, to_info, to_state, warns_of_lost_grid
from services.poller.identification import identify, live_reading
from services.poller.registers import Layout
from services.poller.settings import MODELS, PollerSettings
from shared.bus import Bus
from shared.clock import utc_now
from shared.conditions import Reason, poller
from shared.errors import DeviceError
from shared.health import Health
from shared.messages import Availability, Contact, Grid, InverterState
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_INFO, INVERTER_STATE

log = logging.getLogger("poller")

CONFIRM_S = 0.3
"""How soon the grid is read again after a change was seen once."""
INFO_EVERY = timedelta(hours=1)
INFO_RETRY = timedelta(minutes=1)
GRID_VALUES = ("grid_voltage_v", "grid_frequency_hz", "warning_bits")


class Poller:
    """Reads one inverter again and again and publishes its state, its settings and the grid's state."""

    def __init__(
        self,
        inverter: RegisterSource,
        settings: PollerSettings,
        bus: Bus,
        health: Health,
        *,
        grid_track: grid.GridTrack,
        availability: Availability | None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._inverter = inverter
        self._blocks = BlockReader(inverter)
        self._settings = settings
        self._bus = bus
        self._health = health
        self._grid = grid_track
        self._limits = settings.grid_limits
        self._clock = clock
        self._identity: tuple[Layout, int] | None = None
        self._info_due = datetime.min.replace(tzinfo=UTC)
        self._availability = availability

    async def step(self) -> float:
        """Read once and publish; return the seconds to the next reading. Publishes DeviceError, then raises it."""
        try:
            layout, protocol = self._identity or await self._identify()
            decoded = await live_reading(self._blocks, layout, protocol)
        except DeviceError as error:
            self._publish_silence(error, self._clock())
            raise
        now = self._clock()
        state = to_state(decoded, now, inverted_battery=self._settings.invert_battery_current)
        self._bus.publish(INVERTER_STATE, state, self._settings.inverter_name)
        self._publish_availability(Contact.ONLINE, None, now)
        await self._publish_grid(layout, protocol, _grid_reading(state, decoded))
        self._health.report("transport", self._inverter.problem)
        if now >= self._info_due:
            done = await self._refresh_info(layout, protocol)
            self._info_due = now + (INFO_EVERY if done else INFO_RETRY)
        return self._settings.poll_interval

    async def _identify(self) -> tuple[Layout, int]:
        self._identity = await identify(self._blocks)
        self._info_due = self._clock()  # it may be another inverter than before, or set differently
        self._health.report("model", self._model_mismatch(*self._identity))
        return self._identity

    def _model_mismatch(self, layout: Layout, protocol: int) -> Reason | None:
        """The trade name is a hint; where the device contradicts it, the mismatch is reported."""
        model = self._settings.inverter_model
        configured = MODELS[model]
        if configured in (None, layout.name):
            return None
        return poller.model_mismatch(model=model, configured=str(configured), protocol=protocol, detected=layout.name)

    async def _publish_grid(self, layout: Layout, protocol: int, reading: grid.GridReading) -> None:
        """Publish the state of the grid; a change that is seen once is checked again at once."""
        self._grid = grid.after_reading(self._grid, reading, self._limits)
        if self._grid.pending or not reading.is_usable(self._limits):  # a change may fall between two requests
            reading = await self._read_grid_again(layout, protocol) or reading
        self._health.report("grid", grid.doubt(self._grid, reading, self._limits))
        # just before the first confirmation it is not worth publishing unknown
        if not (self._grid.state is Grid.UNKNOWN and self._grid.pending):
            self._bus.publish(GRID_STATE, grid.to_message(self._grid, reading.at, reading))

    async def _read_grid_again(self, layout: Layout, protocol: int) -> grid.GridReading | None:
        """Read the grid's registers alone; return None where that fails, and the next cycle decides."""
        await asyncio.sleep(CONFIRM_S)
        try:
            words = await self._blocks.read(layout.state.blocks_with(GRID_VALUES, protocol), layout)
        except DeviceError:
            return None
        decoded = decode(layout, protocol, words)
        if not has_power(decoded):  # a lost cable confirms nothing
            return None
        reading = _grid_reading(to_state(decoded, self._clock()), decoded)
        self._grid = grid.after_reading(self._grid, reading, self._limits)
        return reading

    async def _refresh_info(self, layout: Layout, protocol: int) -> bool:
        """Read identity and settings; return whether they came. Live readings matter more, so a failure can wait."""
        self._blocks.reset()
        blocks = [*layout.info.blocks_for(protocol), *layout.settings.blocks_for(protocol)]
        try:
            words = await self._blocks.read(blocks, layout)
        except DeviceError as error:
            log.info("The settings of the inverter could not be read this time. %s", error)
            return False
        info = to_info(decode(layout, protocol, words), self._clock(), layout)
        if info.protocol_number != protocol:  # the cable was lost just now, or while we identified it
            self._identity = None
            return False
        self._bus.publish(INVERTER_INFO, info, self._settings.inverter_name)
        return True

    def _publish_silence(self, error: DeviceError, now: datetime) -> None:
        """Within the accepted silence the grid is not published: its last state must not look newer than it is."""
        self._identity = None
        self._blocks.reset()
        self._grid = grid.after_silence(self._grid, now, self._limits)
        if self._grid.state is Grid.UNKNOWN:
            self._bus.publish(GRID_STATE, grid.to_message(self._grid, now))
        self._publish_availability(Contact.OFFLINE, error.reason, now)

    def _publish_availability(self, state: Contact, reason: Reason | None, now: datetime) -> None:
        before = self._availability
        since = before.since if before and before.state is state else now
        self._availability = Availability(at=now, state=state, since=since, reason=reason)
        self._bus.publish(INVERTER_AVAILABILITY, self._availability, self._settings.inverter_name)


def _grid_reading(state: InverterState, decoded: Decoded) -> grid.GridReading:
    return grid.GridReading(state.at, state.grid_voltage_v, state.grid_frequency_hz, warns_of_lost_grid(decoded))
