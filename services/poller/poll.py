"""One step of the poller: read, decode, publish; and what to say when nothing comes."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.poller import grid
from services.poller.decode import Decoded, all_zero, decode, to_info, to_state
from services.poller.registers import IDENTITY, PROTOCOL_NUMBER, Block, Layout, layout_for
from services.poller.settings import MODELS, PollerSettings
from shared.bus import Bus
from shared.errors import BadReplyError, DeviceError, RefusedReadError
from shared.health import Health
from shared.messages import Availability, Contact, Grid
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_INFO, INVERTER_STATE

log = logging.getLogger("poller")

CONFIRM_S = 1.0
"""How soon a change of the grid that was seen once is looked at again."""
INFO_EVERY = timedelta(hours=1)


class Inverter(Protocol):
    """A wire to the inverter."""

    async def read(self, start: int, count: int) -> list[int]:
        """Return `count` words from address `start`, or raise DeviceError."""


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
    ) -> None:
        self._inverter = inverter
        self._settings = settings
        self._bus = bus
        self._health = health
        self._memory = memory
        self._limits = settings.grid_limits
        self._known: tuple[Layout, int] | None = None
        self._refused: set[Block] = set()
        self._info_due = datetime.min.replace(tzinfo=UTC)
        self._contact = contact

    async def step(self) -> float:
        """Read once and publish; return the seconds to the next reading. Raises DeviceError after saying so."""
        try:
            layout, protocol = self._known or await self._identify()
            words = await self._read(layout.state.blocks_for(protocol))
            now = datetime.now(UTC)
            if all_zero(words):
                raise BadReplyError("The gateway answers nothing but zeros: it has probably lost the inverter's cable.")
        except DeviceError as error:
            self._say_nothing_comes(error, datetime.now(UTC))
            raise
        self._publish(decode(layout, protocol, words), now)
        if now >= self._info_due:
            await self._refresh_info(layout, protocol)
            self._info_due = now + INFO_EVERY
        return CONFIRM_S if self._memory.pending else self._settings.poll_interval

    async def _identify(self) -> tuple[Layout, int]:
        words = await self._read(IDENTITY)
        protocol = words.get(PROTOCOL_NUMBER)
        layout = layout_for(protocol) if protocol is not None else None
        if layout is None or protocol is None:
            raise BadReplyError(
                f"Register {PROTOCOL_NUMBER} says {protocol}; nobody has described such an inverter: please report it."
            )
        self._compare_model(layout, protocol)
        self._known = layout, protocol
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

    async def _read(self, blocks: Iterable[Block]) -> dict[int, int]:
        """Read blocks into one mapping; one that the inverter does not have is left out from then on.

        Where nothing else says anything either, the refusal is the answer.
        """
        words: dict[int, int] = {}
        refused: dict[Block, RefusedReadError] = {}
        for block in blocks:
            if block in self._refused:
                continue
            try:
                words |= zip(block.addresses, await self._inverter.read(block.start, block.count), strict=True)
            except RefusedReadError as error:
                refused[block] = error
        if refused and all_zero(words):
            raise next(iter(refused.values()))
        for block, refusal in refused.items():
            log.warning("Going on without registers %d-%d. %s", block.addresses[0], block.addresses[-1], refusal)
        self._refused.update(refused)
        return words

    async def _refresh_info(self, layout: Layout, protocol: int) -> None:
        """Read identity and settings; the readings are worth more, so a failure here only waits for the next time."""
        self._refused.clear()
        try:
            words = await self._read([*layout.info.blocks_for(protocol), *layout.settings.blocks_for(protocol)])
        except DeviceError as error:
            log.info("The settings of the inverter could not be read this time. %s", error)
            return
        info = to_info(decode(layout, protocol, words), datetime.now(UTC), layout)
        self._bus.publish(INVERTER_INFO, info, self._settings.inverter_name)

    def _publish(self, decoded: Decoded, now: datetime) -> None:
        state = to_state(decoded, now)
        reading = grid.Reading(now, state.grid_voltage_v, state.grid_frequency_hz)
        self._memory = grid.after_reading(self._memory, reading, self._limits)
        # a moment before the first confirmation it is not worth calling the grid unknown
        if not (self._memory.state is Grid.UNKNOWN and self._memory.pending):
            self._bus.publish(GRID_STATE, grid.message(self._memory, now, reading))
        self._bus.publish(INVERTER_STATE, state, self._settings.inverter_name)
        self._say_contact(Contact.ONLINE, None, now)

    def _say_nothing_comes(self, error: DeviceError, now: datetime) -> None:
        """While there is still patience nothing is published: the last state must not look newer than it is."""
        self._known = None
        self._refused.clear()
        self._memory = grid.after_silence(self._memory, now, self._limits)
        if self._memory.state is Grid.UNKNOWN:
            self._bus.publish(GRID_STATE, grid.message(self._memory, now))
        self._say_contact(Contact.OFFLINE, str(error), now)

    def _say_contact(self, state: Contact, why: str | None, now: datetime) -> None:
        before = self._contact
        since = before.since if before and before.state is state else now
        self._contact = Availability(at=now, state=state, since=since, why=why)
        self._bus.publish(INVERTER_AVAILABILITY, self._contact, self._settings.inverter_name)
