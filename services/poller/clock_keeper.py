"""Sets one inverter's clock by this machine's if it is wrong, at most once a day."""

import asyncio
from datetime import datetime, tzinfo
from typing import NoReturn

from services.poller.inverter_clock import clock_write, wall_time
from services.poller.kept_journal import KeptJournal
from services.poller.setting_check import DAY
from services.poller.setting_writer import SettingWriter, Wish
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions.inverter_settings import CLOCK, CLOCK_RIGHT
from shared.messages import AUTOMATIC, InverterControl, SettingOutcome
from shared.trusted_time import elapsed

EVERY_S = 60.0
NOT_WRITTEN_S = 3600.0


class ClockKeeper:
    """Checks every minute. An inverter that does not accept the time is left alone until the next start."""

    def __init__(
        self, writer: SettingWriter, journal: KeptJournal, *, allowed: InverterControl, clock: Clock, zone: tzinfo
    ) -> None:
        self._writer = writer
        self._journal = journal
        self._is_on = allowed is InverterControl.AUTOMATIC
        self._clock = clock
        self._zone = zone

    async def run(self) -> NoReturn:
        """Run for ever."""
        while self._is_on:
            await asyncio.sleep(EVERY_S)
            if self._is_due(self._clock.now()):
                await self._set()
        while True:
            await asyncio.Event().wait()

    def _is_due(self, now: datetime) -> bool:
        present, last = self._writer.present, self._journal.content.clock_set
        if present is None or not self._writer.is_idle or self._writer.is_reserved:
            return False
        local = wall_time(now, self._zone)
        if isinstance(clock_write(CLOCK_RIGHT, present, local, trusted=self._clock.trusted), Reason):
            return False
        age = None if last is None else elapsed(last, now)
        return age is None or age >= DAY

    async def _set(self) -> None:
        now = self._clock.now()
        wish = Wish(CLOCK, CLOCK_RIGHT, AUTOMATIC)
        outcome, _ = await self._writer.carry_out(wish, lambda one: one.model_copy(update={"clock_set": now}))
        if outcome is SettingOutcome.NOT_WRITTEN:
            await asyncio.sleep(NOT_WRITTEN_S)
        elif outcome is not SettingOutcome.CONFIRMED:
            self._is_on = False
