"""Changes settings of one inverter, one at a time: read afresh, check, journal, write, read back, publish."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn, Protocol

from services.poller.block_reader import RegisterSource
from services.poller.setting_check import Present, Write, may_write
from services.poller.setting_journal import (
    COMMAND_HOLDS,
    PendingWrite,
    SettingJournal,
    begun,
    command_refusal,
    dated,
    observed,
    received,
    settled,
    unit_key,
    verdict,
)
from services.poller.setting_reader import read_present
from services.poller.setting_report import report
from shared.backoff import Backoff
from shared.bus import Publisher
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.errors import CommandRefusedError, DeviceError, StorageError
from shared.freshness import fresh
from shared.health import Reporter
from shared.messages import InverterControl, InverterSettings, Mode, SettingChange, SettingCommand, SettingOutcome
from shared.state_file import StateFile
from shared.topics import INVERTER_SETTINGS, SETTING_CHANGE
from shared.trusted_time import ClockChange, by_clock

log = logging.getLogger("poller")

READ_BACK = timedelta(seconds=10)
"""How long a new value may take to show. Counted from the first reading after the write."""
READ_PAUSE_S = 1.0
NO_CONTACT_FIRST_S, NO_CONTACT_MOST_S = 2.0, 60.0


class RegisterStore(RegisterSource, Protocol):
    """An inverter whose registers can be read and written."""

    async def write(self, address: int, word: int) -> None:
        """Write one register once. Raises CommandRefusedError, or DeviceError where nobody knows what came of it."""


class SettingWriter:
    """The only one who writes to an inverter. Whoever asks it anything holds `reading` meanwhile.

    on_changed is called when the inverter's settings should be read and published anew.
    """

    def __init__(
        self,
        inverter: RegisterStore,
        bus: Publisher,
        health: Reporter,
        file: StateFile[SettingJournal],
        *,
        name: str,
        allowed: InverterControl,
        clock: Clock,
    ) -> None:
        self.on_changed: Callable[[], None] = lambda: None
        self.reading = asyncio.Lock()
        self._inverter = inverter
        self._bus = bus
        self._health = health
        self._file = file
        self._name = name
        self._allowed = allowed
        self._clock = clock
        self._commands: asyncio.Queue[tuple[str, SettingCommand]] = asyncio.Queue()
        self._changing: str | None = None
        self._present: Present | None = None
        self._published: InverterSettings | None = None
        self._journal = SettingJournal()  # where nothing may be changed, the disk is not needed either
        if allowed is not InverterControl.OFF:
            self._journal = dated(file.load(self._on_damaged), clock.now(), trusted=clock.trusted)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being changed, and nothing is left to find out."""
        return self._changing is None and self._journal.pending is None

    # what arrives

    def receive(self, setting: str, command: SettingCommand, *, retained: bool) -> None:
        """Obey a command, or publish why not."""
        now, command = self._clock.now(), by_clock(command, self._clock.track)
        refusal = self._refusal(setting, command, now, retained=retained)
        self._journal = received(self._journal, setting, command, now)
        if refusal:
            self._publish_change(setting, command, SettingOutcome.NOT_WRITTEN, refusal)
            return
        self._changing = setting
        self._commands.put_nowait((setting, command))
        self._publish()

    def _refusal(self, setting: str, command: SettingCommand, now: datetime, *, retained: bool) -> Reason | None:
        if retained:
            return control.COMMAND_RETAINED()
        if self._allowed is InverterControl.OFF:
            return control.CONTROL_OFF()
        if self._changing:
            repeated = command_refusal(self._journal, setting, command, now)
            return repeated or control.BUSY()
        return command_refusal(self._journal, setting, command, now)

    def observe(self, present: Present) -> None:
        """Take in the settings that were read with the inverter's identity, and publish them."""
        self._present = present
        if self._allowed is not InverterControl.OFF:
            self._save_if_changed(observed(self._journal, present.unit, present.values, self._clock.now()))
        self._publish()

    def on_mode(self, mode: Mode) -> None:
        """Take in the mode: in some of them nothing is changed."""
        if self._present and self._present.mode is not mode:
            self._present = replace(self._present, mode=mode)
            self._publish()

    def on_clock_change(self, change: ClockChange) -> None:
        """Keep what is known of past moments, by a clock that was set."""
        self._journal = dated(change.moved(self._journal), self._clock.now(), trusted=self._clock.trusted)

    # what is done

    async def run(self) -> NoReturn:
        """Settle what was interrupted, then carry out one command after the other."""
        while True:
            if self._journal.pending:
                await self._settle(self._journal.pending, control.no_answer(within=READ_BACK))
            setting, command = await self._commands.get()
            await self._change(setting, command)
            self._changing = None
            self._publish()

    async def _change(self, setting: str, command: SettingCommand) -> None:
        """Write, where that is allowed, and read back until it is known what has become of it."""
        async with self.reading:
            write = await self._checked(setting, command)
            if isinstance(write, Reason):
                before = self._present.values.get(setting) if self._present else None
                self._publish_change(setting, command, SettingOutcome.NOT_WRITTEN, write, before)
                return
            answer = await self._write(write)
        if self._journal.pending:
            await self._settle(self._journal.pending, answer)

    async def _checked(self, setting: str, command: SettingCommand) -> Write | Reason:
        """Return what to write, with the journal of it on disk, or why nothing is written."""
        present, now = await self._read_afresh(), self._clock.now()
        if isinstance(present, Reason):
            return present
        if not fresh(command.at, now, COMMAND_HOLDS):  # it had to wait for others who asked the inverter
            return control.COMMAND_TOO_OLD()
        write = may_write(setting, command.value, present, self._journal.writes, now)
        if isinstance(write, Reason):
            return write
        journal = begun(self._journal, write, present.unit, command.by, now)
        try:
            self._file.save(journal)
        except StorageError as error:
            return control.no_journal(cause=error.reason)
        self._journal = journal
        return write

    async def _read_afresh(self) -> Present | Reason:
        """Return how the inverter stands, or why that is not known of the one whose settings people have seen."""
        try:
            present = await read_present(self._inverter)
        except DeviceError as error:
            return control.no_contact(cause=error.reason)
        if self._present is None:
            return control.UNIT_UNKNOWN()
        if unit_key(present.unit) != unit_key(self._present.unit):
            self.on_changed()
            return control.OTHER_INVERTER()
        self.observe(present)
        return present

    async def _write(self, write: Write) -> Reason:
        """Send it once; return what to say if the new value does not show."""
        log.info("Setting %s of %s: %s instead of %s.", write.setting, self._name, write.value, write.before)
        try:
            await self._inverter.write(write.address, write.word)
        except CommandRefusedError as refusal:
            return refusal.reason
        except DeviceError:
            return control.no_answer(within=READ_BACK)
        return control.not_taken_over(within=READ_BACK)

    async def _settle(self, pending: PendingWrite, answer: Reason) -> None:
        """Read back until the new value shows, the time for it is over, or another inverter answers."""
        backoff = Backoff(NO_CONTACT_FIRST_S, NO_CONTACT_MOST_S)
        first_s: float | None = None
        while True:
            try:
                async with self.reading:
                    present = await read_present(self._inverter)
            except DeviceError:
                await asyncio.sleep(backoff.next_s())
                continue
            backoff.reset()
            now_s = asyncio.get_running_loop().time()
            first_s = now_s if first_s is None else first_s
            if unit_key(present.unit) != pending.unit:
                self._finish(pending, SettingOutcome.UNKNOWN, control.OUTCOME_UNKNOWN(), present)
                return
            value = present.values.get(pending.setting)
            found = verdict(pending, value, answer, is_over=now_s - first_s >= READ_BACK.total_seconds())
            if found:
                self._finish(pending, *found, present)
                return
            await asyncio.sleep(READ_PAUSE_S)

    def _finish(self, pending: PendingWrite, outcome: SettingOutcome, reason: Reason | None, present: Present) -> None:
        """Journal and publish what has become of a write."""
        now, self._present = self._clock.now(), present
        self._save_if_changed(observed(settled(self._journal, outcome, now), present.unit, present.values, now))
        self._publish_change(pending.setting, pending, outcome, reason, pending.before)
        self.on_changed()

    # what is kept and published

    def _save_if_changed(self, journal: SettingJournal) -> None:
        """Keep a journal; if the disk is full, in memory: after a restart the last one is read back again."""
        if journal == self._journal:
            return
        self._journal = journal
        try:
            self._file.save(journal)
        except StorageError as error:
            self._health.report("settings_journal", error.reason)
        else:
            self._health.report("settings_journal", None)

    def _on_damaged(self, aside: Path) -> None:
        self._health.report("settings_journal", control.journal_damaged(file=str(aside)))

    def _publish(self) -> None:
        """Publish the settings if anything about them is new."""
        if self._present is None:
            return
        message = report(self._present, self._journal, self._allowed, self._changing, self._clock.now())
        last = self._published
        if last is None or last.model_copy(update={"at": message.at}) != message:
            self._published = message
            self._bus.publish(INVERTER_SETTINGS, message, self._name)

    def _publish_change(
        self,
        setting: str,
        asked: SettingCommand | PendingWrite,
        outcome: SettingOutcome,
        reason: Reason | None,
        before: object = None,
    ) -> None:
        log.info("Setting %s of %s, asked for by %s: %s. %s", setting, self._name, asked.by, outcome, reason or "")
        change = {"at": self._clock.now(), "value": asked.value, "before": before, "by": asked.by}
        message = SettingChange.model_validate({**change, "outcome": outcome, "reason": reason})
        self._bus.publish(SETTING_CHANGE, message, f"{self._name}/{setting}")
