"""One step of the poller: read, decode, publish; and what to say when nothing comes."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.poller import grid
from services.poller.blocks import BlockReader, Inverter
from services.poller.decode import decode, has_power, mains_lost, to_info, to_state
from services.poller.identify import identify, live_reading
from services.poller.registers import Layout
from services.poller.settings import MODELS, PollerSettings
from shared.bus import Bus
from shared.errors import DeviceError
from shared.health import Health
from shared.messages import Availability, Contact, Grid, InverterState
from shared.service import utc_now
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_INFO, INVERTER_STATE

log = logging.getLogger("poller")

CONFIRM_S = 0.3
"""How soon the mains is looked at again when it was seen to have changed."""
INFO_EVERY = timedelta(hours=1)
INFO_AGAIN = timedelta(minutes=1)
GRID_VALUES = ("grid_voltage_v", "grid_frequency_hz", "warning_bits")


class Poller:
    """Reads one inverter again and again and publishes what it says."""

    def __init__(
        self,
        inverter: Inverter,
        settings: PollerSettings,
        bus: Bus,
        health: Health,
        *,
        memory: grid.Memory,
        contact: Availability | None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._inverter = inverter
        self._blocks = BlockReader(inverter)
        self._settings = settings
        self._bus = bus
        self._health = health
        self._memory = memory
        self._limits = settings.grid_limits
        self._clock = clock
        self._known: tuple[Layout, int] | None = None
        self._info_due = datetime.min.replace(tzinfo=UTC)
        self._contact = contact

    async def step(self) -> float:
        """Read once and publish; return the seconds to the next reading. Raises DeviceError after saying so."""
        try:
            layout, protocol = self._known or await self._identify()
            decoded = await live_reading(self._blocks, layout, protocol)
        except DeviceError as error:
            self._say_nothing_comes(error, self._clock())
            raise
        now = self._clock()
        state = to_state(decoded, now, inverted_battery=self._settings.invert_battery_current)
        self._bus.publish(INVERTER_STATE, state, self._settings.inverter_name)
        self._say_contact(Contact.ONLINE, None, now)
        await self._say_grid(layout, protocol, grid.Reading(now, *_mains(state), mains_lost(decoded)))
        self._say_trouble()
        if now >= self._info_due:
            done = await self._refresh_info(layout, protocol)
            self._info_due = now + (INFO_EVERY if done else INFO_AGAIN)
        return self._settings.poll_interval

    async def _identify(self) -> tuple[Layout, int]:
        self._known = await identify(self._blocks)
        self._info_due = self._clock()  # perhaps it is another one than before, or was set otherwise
        self._compare_model(*self._known)
        return self._known

    def _compare_model(self, layout: Layout, protocol: int) -> None:
        """The trade name is a hint; where it contradicts the device, the device is right and the user hears of it."""
        wanted = MODELS[self._settings.inverter_model]
        if wanted in (None, layout.name):
            self._health.solved("model")
            return
        self._health.problem(
            "model",
            f"INVERTER_MODEL={self._settings.inverter_model} means the layout {wanted}, but the inverter says protocol "
            f"{protocol}, which is {layout.name}, and is read as such: set INVERTER_MODEL=auto.",
        )

    async def _say_grid(self, layout: Layout, protocol: int, reading: grid.Reading) -> None:
        """Publish the state of the grid; a change that is seen once is looked at again at once."""
        self._memory = grid.after_reading(self._memory, reading, self._limits)
        if self._memory.pending or not reading.is_usable(self._limits):  # two requests may see two sides of a change
            reading = await self._second_look(layout, protocol) or reading
        self._say_doubt(reading)
        # a moment before the first confirmation it is not worth calling the grid unknown
        if not (self._memory.state is Grid.UNKNOWN and self._memory.pending):
            self._bus.publish(GRID_STATE, grid.message(self._memory, reading.at, reading))

    async def _second_look(self, layout: Layout, protocol: int) -> grid.Reading | None:
        """Read the mains alone and remember it; None where it does not come, and the next cycle decides."""
        await asyncio.sleep(CONFIRM_S)
        try:
            words = await self._blocks.read(layout.state.blocks_with(GRID_VALUES, protocol), layout)
        except DeviceError:
            return None
        decoded = decode(layout, protocol, words)
        if not has_power(decoded):  # a lost cable is no second witness
            return None
        now = self._clock()
        reading = grid.Reading(now, *_mains(to_state(decoded, now)), mains_lost(decoded))
        self._memory = grid.after_reading(self._memory, reading, self._limits)
        return reading

    def _say_doubt(self, reading: grid.Reading) -> None:
        if doubt := self._doubt(reading):
            self._health.problem("mains", doubt)
        else:
            self._health.solved("mains")

    def _doubt(self, reading: grid.Reading) -> str | None:
        """Return why readings come and the grid is unknown all the same."""
        mains = f"{reading.voltage_v} V at {reading.frequency_hz} Hz"
        if not reading.is_usable(self._limits):
            return (
                f"The inverter's figures for the mains cannot be true ({mains}), so the grid is unknown: perhaps this "
                "model lays out its registers in another way; please report it, with the file that "
                "`python -m services.poller dump` makes."
            )
        if self._memory.state is Grid.UNKNOWN and not self._memory.pending:
            return (
                f"The mains shows {mains}, which is neither present nor lost, so the grid is unknown: set "
                "GRID_PRESENT_V lower where this is usual."
            )
        return None

    def _say_trouble(self) -> None:
        if trouble := self._inverter.trouble:
            self._health.problem("wire", trouble)
        else:
            self._health.solved("wire")

    async def _refresh_info(self, layout: Layout, protocol: int) -> bool:
        """Read identity and settings and say whether they came; the readings are worth more, so it may wait."""
        self._blocks.forget()
        blocks = [*layout.info.blocks_for(protocol), *layout.settings.blocks_for(protocol)]
        try:
            words = await self._blocks.read(blocks, layout)
        except DeviceError as error:
            log.info("The settings of the inverter could not be read this time. %s", error)
            return False
        info = to_info(decode(layout, protocol, words), self._clock(), layout)
        if info.protocol_number != protocol:  # the cable was lost just now, or when we asked who it is
            self._known = None
            return False
        self._bus.publish(INVERTER_INFO, info, self._settings.inverter_name)
        return True

    def _say_nothing_comes(self, error: DeviceError, now: datetime) -> None:
        """While there is still patience nothing is published: the last state must not look newer than it is."""
        self._known = None
        self._blocks.forget()
        self._memory = grid.after_silence(self._memory, now, self._limits)
        if self._memory.state is Grid.UNKNOWN:
            self._bus.publish(GRID_STATE, grid.message(self._memory, now))
        self._say_contact(Contact.OFFLINE, str(error), now)

    def _say_contact(self, state: Contact, why: str | None, now: datetime) -> None:
        before = self._contact
        since = before.since if before and before.state is state else now
        self._contact = Availability(at=now, state=state, since=since, why=why)
        self._bus.publish(INVERTER_AVAILABILITY, self._contact, self._settings.inverter_name)


def _mains(state: InverterState) -> tuple[float | None, float | None]:
    return state.grid_voltage_v, state.grid_frequency_hz
