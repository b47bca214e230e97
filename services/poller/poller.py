"""One inverter, step by step: read, decode, publish; and what to publish when no reading arrives."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from services.poller import grid
from services.poller.block_reader import BlockReader, RegisterSource
from services.poller.decode import Decoded, decode, has_power, number, to_info, to_state, value, warns_of_lost_grid
from services.poller.house import House
from services.poller.identification import Identity, identify, live_reading
from services.poller.modbus_client import NoAnswerError
from services.poller.registers import Block
from services.poller.setting_reader import present_of
from services.poller.setting_writer import SettingWriter
from services.poller.settings import MODELS, PollerSettings
from services.poller.witnesses import Witness, after_clock_change, after_failure, after_look
from shared.bus import Publisher
from shared.clock import utc_now
from shared.conditions import Reason, poller
from shared.errors import BadReplyError, DeviceError
from shared.health import Reporter
from shared.messages import Availability, Contact, Grid, InverterState, Mode
from shared.topics import INVERTER_AVAILABILITY, INVERTER_INFO, INVERTER_STATE
from shared.trusted_time import ClockChange

log = logging.getLogger("poller")

CONFIRM_S = 0.3
"""How soon the grid is read again after a change has been seen once."""
INFO_EVERY = timedelta(hours=1)
INFO_RETRY = timedelta(minutes=1)
IDENTITY_EVERY = timedelta(seconds=45)
"""How soon an inverter that was exchanged while the connection held is noticed."""
LOOKS = 2
"""How many times the grid is read again at once: first after a contradiction, then after a change."""
WAKE_S = 0.25
NOMINAL_VOLTAGE = "output_voltage_setting_v"
GRID_VALUES = ("grid_voltage_v", "grid_frequency_hz", "warning_bits")


class Poller:
    """Reads one inverter again and again, publishes its state and settings, and is a witness of the grid."""

    def __init__(
        self,
        inverter: RegisterSource,
        settings: PollerSettings,
        bus: Publisher,
        health: Reporter,
        house: House,
        *,
        witness: Witness,
        availability: Availability | None,
        writer: SettingWriter | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._inverter = inverter
        self._blocks = BlockReader(inverter)
        self._writer = writer
        self._reading = writer.reading if writer else asyncio.Lock()
        self._settings = settings
        self._bus = bus
        self._health = health
        self._house = house
        self._witness = witness
        self._look_is_due = asyncio.Event()
        self._limits = settings.grid_limits()
        self._clock = clock
        self._identity: Identity | None = None
        self._known: Identity | None = None
        self._identity_due = self._info_due = datetime.min.replace(tzinfo=UTC)
        self._availability = availability
        self._silent_at: float | None = None
        self._heard_s: float | None = None
        house.join(witness, self._look_is_due.set)
        if writer:
            writer.on_changed = self._read_all_again

    def _read_all_again(self) -> None:
        """Read identity and settings with the next reading: a setting, or the inverter itself, was changed."""
        self._identity_due = self._info_due = datetime.min.replace(tzinfo=UTC)

    async def step(self) -> float:
        """Read once and publish; return the seconds to the next reading. Publishes DeviceError, then raises it."""
        async with self._reading:
            return await self._step()

    async def _step(self) -> float:
        try:
            if self._identity and self._clock() >= self._identity_due:
                await self._check_identity(self._identity)
            identity = self._identity or await self._identify()
            began_s = _now()
            decoded = await live_reading(self._blocks, identity.layout, identity.protocol)
        except DeviceError as error:
            self._publish_silence(error, self._clock())
            raise
        now, self._heard_s = self._clock(), _now()
        state = to_state(decoded, now, inverted_battery=self._settings.invert_battery_current)
        self._bus.publish(INVERTER_STATE, state, self._name)
        self._publish_availability(Contact.ONLINE, None, now)
        self._house.on_state(self._name, state)
        if self._writer:
            self._writer.on_mode(state.mode)
        await self._publish_grid(identity, _grid_reading(state, decoded), began_s)
        self._health.report("transport", self._inverter.problem)
        self._health.report("registers", self._blocks.missing(identity.layout.state.blocks_for(identity.protocol)))
        if now >= self._info_due:
            done = await self._refresh_info(identity, state.mode)
            self._info_due = now + (INFO_EVERY if done else INFO_RETRY)
        return self._settings.poll_interval

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self._witness = after_clock_change(self._witness, change)
        self._availability = change.moved(self._availability)
        self._identity_due, self._info_due = change.moved((self._identity_due, self._info_due))

    async def watch_silence(self) -> NoReturn:
        """Publish the grid as unknown once it has been silent for too long, even if a read is still trying."""
        while True:
            if self._silent_at is None:  # a reading has just arrived; and a restart allows the first one some time
                self._silent_at = _now() + self._limits.silence.total_seconds()
            if self._silent_at <= _now():
                self._fall_silent()
            await asyncio.sleep(max(self._silent_at - _now(), WAKE_S))

    def _fall_silent(self) -> None:
        """Publish what is unknown because no reading has arrived, or none that shows the grid."""
        silenced = grid.silenced(self._witness.track)
        is_heard = self._heard_s is not None and _now() - self._heard_s <= self._limits.silence.total_seconds()
        if not is_heard and self._witness.answers is not False:
            self._witness = after_failure(self._witness, silenced)
            self._house.on_state(self._name, None)
        elif self._witness.state is not Grid.UNKNOWN:
            self._witness = replace(self._witness, track=silenced)
        else:
            return
        self._house.on_grid(self._witness, self._clock())

    async def look_when_asked(self) -> NoReturn:
        """Read the grid at once whenever another inverter has seen it go."""
        while True:
            await self._look_is_due.wait()
            async with self._reading:
                self._look_is_due.clear()
                if self._identity and (reading := await self._read_grid(self._identity)):
                    await self._publish_grid(self._identity, *reading)

    @property
    def _name(self) -> str:
        return self._settings.inverter_name

    async def _identify(self) -> Identity:
        identity = self._identity = await identify(self._blocks, is_known=self._known is not None)
        now = self._clock()
        if identity != self._known:
            self._known = identity
            self._limits = self._settings.grid_limits(await self._nominal_voltage(identity))
        self._info_due = now  # it may be another inverter now, or set differently
        self._identity_due = now + IDENTITY_EVERY
        self._health.report("model", self._model_mismatch(identity))
        return identity

    async def _check_identity(self, identity: Identity) -> None:
        """Forget the inverter if another one now answers on the same connection."""
        self._identity_due = self._clock() + IDENTITY_EVERY
        addresses = [address for address, _ in identity.words]
        whole = Block(start=addresses[0], count=len(addresses))
        with suppress(BadReplyError, NoAnswerError):  # the readings will show what is wrong
            if identity.contradicts(await self._blocks.read([whole])):
                self._identity = None
                self._blocks.reset()

    async def _nominal_voltage(self, identity: Identity) -> float | None:
        """Return the mains voltage that the inverter is set to, if it reports one."""
        for register in identity.layout.settings.registers_for(identity.protocol):
            if register.name == NOMINAL_VOLTAGE:
                with suppress(BadReplyError, NoAnswerError):
                    words = await self._blocks.read([Block(start=register.address, count=register.words)])
                    return number(value(register, words))
        return None

    def _model_mismatch(self, identity: Identity) -> Reason | None:
        """Return the mismatch if the device contradicts the configured trade name, which is only a hint."""
        layout, protocol = identity.layout, identity.protocol
        model = self._settings.inverter_model
        configured = MODELS[model]
        if configured in (None, layout.name):
            return None
        return poller.model_mismatch(model=model, configured=str(configured), protocol=protocol, detected=layout.name)

    async def _publish_grid(self, identity: Identity, reading: grid.GridReading, began_s: float) -> None:
        """Publish the state of the grid; a change or contradiction seen once is checked again at once."""
        self._track(reading, began_s)
        for _ in range(LOOKS):
            usable = reading.is_usable(self._limits)
            if usable and not self._witness.track.pending:
                break
            await asyncio.sleep(CONFIRM_S)
            again = await self._read_grid(identity)  # a change may fall between two requests
            if again is None:
                break
            reading, began_s = again
            self._track(reading, began_s)
            if not (usable or reading.is_usable(self._limits)):
                break
        self._health.report("grid", grid.doubt(self._witness.track, reading, self._limits))
        self._house.on_grid(self._witness, reading.at)

    def _track(self, reading: grid.GridReading, began_s: float) -> None:
        usable = reading.is_usable(self._limits)
        track = grid.after_reading(self._witness.track, reading, self._limits)
        self._witness = after_look(self._witness, track, reading, began_s, usable=usable)
        if usable:
            self._silent_at = _now() + self._limits.silence.total_seconds()

    async def _read_grid(self, identity: Identity) -> tuple[grid.GridReading, float] | None:
        """Read only the grid's registers; return None if that fails, and the next cycle decides."""
        layout, protocol, began_s = identity.layout, identity.protocol, _now()
        try:
            words = await self._blocks.read(layout.state.blocks_with(GRID_VALUES, protocol), layout)
        except DeviceError:
            return None
        decoded = decode(layout, protocol, words)
        if not has_power(decoded):  # a lost cable confirms nothing
            return None
        return _grid_reading(to_state(decoded, self._clock()), decoded), began_s

    async def _refresh_info(self, identity: Identity, mode: Mode) -> bool:
        """Read identity and settings; return whether they arrived. Live readings matter more, so a failure can wait."""
        layout, protocol = identity.layout, identity.protocol
        blocks = [*layout.info.blocks_for(protocol), *layout.settings.blocks_for(protocol)]
        try:
            words = await self._blocks.read(blocks, layout)
        except DeviceError as error:
            log.info("The settings of the inverter could not be read this time. %s", error)
            return False
        decoded = decode(layout, protocol, words)
        ours = {"phase": self._witness.phase, "interval_s": self._settings.poll_interval}
        info = to_info(decoded, self._clock(), layout).model_copy(update=ours)
        if info.protocol_number != protocol:  # the cable was lost just now, or during the identification
            self._identity = None
            return False
        self._bus.publish(INVERTER_INFO, info, self._name)
        if self._writer:
            self._writer.observe(present_of(layout, protocol, decoded, mode))
        self._house.on_rated_power(self._name, info.rated_power_w)
        if nominal_v := number(decoded.get(NOMINAL_VOLTAGE)):
            self._limits = self._settings.grid_limits(nominal_v)
        return True

    def _publish_silence(self, error: DeviceError, now: datetime) -> None:
        """Publish that the inverter is silent, but not the grid until the accepted silence is over.

        Its last state must not look newer than it is.
        """
        self._identity = None
        self._blocks.reset()
        track = grid.after_silence(self._witness.track, now, self._limits)
        self._witness = after_failure(self._witness, track)
        self._house.on_grid(self._witness, now)
        self._house.on_state(self._name, None)
        self._publish_availability(Contact.OFFLINE, error.reason, now)

    def _publish_availability(self, state: Contact, reason: Reason | None, now: datetime) -> None:
        before = self._availability
        since = before.since if before and before.state is state else now
        self._availability = Availability(at=now, state=state, since=since, reason=reason)
        self._bus.publish(INVERTER_AVAILABILITY, self._availability, self._name)


def _grid_reading(state: InverterState, decoded: Decoded) -> grid.GridReading:
    return grid.GridReading(state.at, state.grid_voltage_v, state.grid_frequency_hz, warns_of_lost_grid(decoded))


def _now() -> float:
    return asyncio.get_running_loop().time()
