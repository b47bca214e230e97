"""Mutes one inverter's buzzer in the quiet hours, and restores it afterwards."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import tzinfo
from typing import NoReturn

from services.poller.quiet_hours import BUZZER, MUTE, QuietHours
from services.poller.setting_sequence import Purpose, SettingSequence
from services.poller.setting_sequencer import IN_THE_WAY, SettingSequencer
from services.poller.setting_writer import SettingWriter
from shared.clock import Clock
from shared.conditions import clock as clock_conditions
from shared.conditions import inverter_settings as control
from shared.messages import AUTOMATIC, InverterControl

log = logging.getLogger("poller")

EVERY_S = 30.0


class NightMute:
    """Checks every half minute. If somebody changes the buzzer, or muting is refused, that night is left alone."""

    def __init__(
        self,
        writer: SettingWriter,
        sequencer: SettingSequencer,
        hours: QuietHours | None,
        *,
        allowed: InverterControl,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._sequencer = sequencer
        self._hours = None if allowed is InverterControl.OFF else hours
        self._zone = zone
        self._clock = clock
        self._left_alone = False

    async def run(self) -> NoReturn:
        """Run for ever; without quiet hours, only restore what an earlier process has left."""
        while True:
            self.step()
            await asyncio.sleep(EVERY_S)

    def step(self) -> None:
        """Mute or restore, as due now."""
        if not self._clock.trusted:
            self._sequencer.undo(Purpose.QUIET_HOURS, clock_conditions.NOT_SET())
            return
        is_quiet = self._hours is not None and self._hours.covers(self._clock.now().astimezone(self._zone))
        if not is_quiet:
            self._left_alone = False
            self._sequencer.undo(Purpose.QUIET_HOURS, control.QUIET_HOURS_OVER())
            return
        present = self._writer.present
        if present is None or self._left_alone or self._sequencer.get(Purpose.QUIET_HOURS):
            return
        if present.values.get(BUZZER) == MUTE:
            return
        refusal = self._sequencer.begin(Purpose.QUIET_HOURS, {BUZZER: MUTE}, present, by=AUTOMATIC)
        if refusal and refusal.code not in IN_THE_WAY:
            log.info("The buzzer is not muted. %s", refusal)
            self._left_alone = True

    def on_over(self, sequence: SettingSequence, _left: Mapping[str, object]) -> None:
        """Note that the buzzer is as before, or as somebody else has set it."""
        if sequence.purpose is Purpose.QUIET_HOURS and sequence.undo:
            self._left_alone = sequence.undo.code == control.step_refused.code
