"""Changes settings of one inverter, one at a time: read afresh, check, journal, write, read back, publish."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import NoReturn, Protocol

from services.poller.block_reader import RegisterSource
from services.poller.decode import Value
from services.poller.inverter_clock import behind, clock_value, clock_write, wall_time
from services.poller.kept_journal import KeptJournal
from services.poller.setting_check import Present, Write, checked, may_write, too_many, unit_key
from services.poller.setting_journal import (
    DEVICE,
    PendingWrite,
    SettingJournal,
    begun,
    command_refusal,
    observed,
    received,
    returning,
    settled,
    verdict,
)
from services.poller.setting_reader import read_present
from services.poller.setting_report import report
from services.poller.setting_sequence import Purpose
from shared.backoff import Backoff
from shared.bus import Publisher
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions import clock as clock_conditions
from shared.conditions import inverter_settings as control
from shared.errors import CommandRefusedError, DeviceError, StorageError
from shared.freshness import COMMAND_HOLDS, fresh
from shared.messages import (
    InverterControl,
    InverterSettings,
    Mode,
    SettingChange,
    SettingCommand,
    SettingOutcome,
    SettingValue,
)
from shared.topics import INVERTER_SETTINGS, SETTING_CHANGE
from shared.trusted_time import by_clock

log = logging.getLogger("poller")

READ_BACK = timedelta(seconds=10)
"""How long a new value may take to appear, counted from the first reading after the write."""
READ_PAUSE_S = 1.0
NO_CONTACT_FIRST_S, NO_CONTACT_MOST_S = 2.0, 60.0


class RegisterStore(RegisterSource, Protocol):
    """An inverter whose registers can be read and written."""

    async def write(self, address: int, *words: int) -> None:
        """Write words from an address on in one frame, once.

        Raises CommandRefusedError, or DeviceError if the outcome is unknown.
        """


@dataclass(frozen=True)
class Wish:
    """A requested change of a setting, and who asked for it.

    sent_at is when a command was sent, sequence the sequence that it is a step of. is_undoing: it puts an earlier
    change back, which the limits on the number of writes do not stop.
    """

    setting: str
    value: SettingValue
    by: str
    sent_at: datetime | None = None
    sequence: Purpose | None = None
    is_undoing: bool = False


Result = tuple[SettingOutcome, Reason | None]


class SettingWriter:
    """The only part that writes to an inverter. Everything that reads from the inverter holds `reading` meanwhile.

    on_changed is called when the settings should be read and published again, on_published when they have been
    published, and on_seen with the unit whenever they have been read.
    """

    def __init__(
        self,
        inverter: RegisterStore,
        bus: Publisher,
        journal: KeptJournal,
        *,
        name: str,
        allowed: InverterControl,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self.on_changed: Callable[[], None] = lambda: None
        self.on_published: Callable[[], None] = lambda: None
        self.on_seen: Callable[[], None] = lambda: None
        self.reading = asyncio.Lock()
        self.is_reserved = False
        """Whether several settings are being changed together: single commands have to wait."""
        self._inverter = inverter
        self._bus = bus
        self._journal = journal
        self._name = name
        self._allowed = allowed
        self._clock = clock
        self._zone = zone
        self._commands: asyncio.Queue[Wish] = asyncio.Queue()
        self._writing = asyncio.Lock()
        self._changing: str | None = None
        self._present: Present | None = None
        self._published: InverterSettings | None = None

    @property
    def present(self) -> Present | None:
        """The state of the inverter when it was last read; None before the first reading."""
        return self._present

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being changed, and no outcome is open."""
        return self._changing is None and self._journal.content.pending is None

    # what arrives

    def receive(self, setting: str, command: SettingCommand, *, retained: bool) -> None:
        """Queue a command, or publish why it is refused."""
        now, command = self._clock.now(), by_clock(command, self._clock.track)
        wish = Wish(setting, command.value, command.by, sent_at=command.at)
        refusal = self._refusal(setting, command, now, retained=retained)
        self._journal.remember(received(self._journal.content, setting, command, now))
        if refusal:
            self._publish_change(wish, SettingOutcome.NOT_WRITTEN, refusal)
            return
        self._changing = setting
        self._commands.put_nowait(wish)
        self.publish()

    def _refusal(self, setting: str, command: SettingCommand, now: datetime, *, retained: bool) -> Reason | None:
        if retained:
            return control.COMMAND_RETAINED()
        if self._allowed is InverterControl.OFF:
            return control.CONTROL_OFF()
        refusal = command_refusal(self._journal.content, setting, command, now)
        return refusal or (control.BUSY() if self._changing or self.is_reserved else None)

    def observe(self, present: Present) -> None:
        """Take in the settings that were read with the inverter's identity, and publish them."""
        now = self._clock.now()
        self._present = self._timed(present, now)
        self.on_seen()
        if self._allowed is not InverterControl.OFF:
            self._keep_seen(observed(self._journal.content, present.unit, present.values, now))
        self.publish()

    def on_mode(self, mode: Mode) -> None:
        """Take in the mode: in some modes nothing is changed."""
        if self._present and self._present.mode is not mode:
            self._present = replace(self._present, mode=mode)
            self.publish()

    # what is done

    async def run(self) -> NoReturn:
        """Settle an interrupted write, then execute one command after the other."""
        await self.settle()
        while True:
            wish = await self._commands.get()
            await self.carry_out(wish)

    async def settle(self) -> None:
        """Find out the outcome of an interrupted write."""
        async with self._writing:
            await self._settle_left_over()

    async def look(self) -> Present:
        """Read the state of the inverter, and take it in. Raises DeviceError."""
        async with self.reading:
            present = await read_present(self._inverter)
        self.observe(present)
        return present

    async def carry_out(self, wish: Wish, note: Callable[[SettingJournal], SettingJournal] | None = None) -> Result:
        """Write, if that is allowed, read back until the outcome is known, and publish it.

        What `note` adds to the journal is saved together with the intention to write.
        """
        async with self._writing:
            await self._settle_left_over()
            self._changing = wish.setting
            self.publish()
            result = await self._change(wish, note or (lambda journal: journal))
            self._changing = None
            self.publish()
            return result

    async def _change(self, wish: Wish, note: Callable[[SettingJournal], SettingJournal]) -> Result:
        async with self.reading:
            write = await self._checked(wish, note)
            if isinstance(write, Reason):
                before = self._present.values.get(wish.setting) if self._present else None
                if wish.sequence is None:
                    self._publish_change(wish, SettingOutcome.NOT_WRITTEN, write, before)
                return SettingOutcome.NOT_WRITTEN, write
            answer = await self._write(write)
        pending = self._journal.content.pending
        assert pending  # noqa: S101 - it was journalled before it was written
        return await self._settle(pending, answer)

    async def _checked(self, wish: Wish, note: Callable[[SettingJournal], SettingJournal]) -> Write | Reason:
        """Return what to write, once that is in the journal on disk, or why nothing is written."""
        read, now = await self._read_afresh(), self._clock.now()
        if isinstance(read, Reason):
            return read
        present = self._timed(read, now)
        if wish.sent_at and not fresh(wish.sent_at, now, COMMAND_HOLDS):
            return control.COMMAND_TOO_OLD()  # it had to wait for other readings
        write = self._judged(wish, present, now)
        if isinstance(write, Reason):
            return write
        journal = begun(self._journal.content, write, present.unit, now, by=wish.by, sequence=wish.sequence)
        try:
            self._journal.require(note(journal))
        except StorageError as error:
            return control.no_journal(cause=error.reason)
        return write

    def _judged(self, wish: Wish, present: Present, now: datetime) -> Write | Reason:
        """Return what to write, or why not, given the state of the inverter."""
        past = self._journal.content.writes
        sequence = self._journal.content.sequences.get(wish.sequence) if wish.sequence else None
        if sequence and sequence.unit != unit_key(present.unit):
            return control.OTHER_INVERTER()
        if wish.setting == control.CLOCK:
            write = clock_write(wish.value, present, wall_time(now, self._zone), trusted=self._clock.trusted)
            return write if isinstance(write, Reason) else too_many(past, now) or write
        returns = returning(self._journal.content, present)
        if wish.is_undoing:
            return checked(wish.setting, wish.value, present, {**returns, wish.setting: wish.value})
        return may_write(wish.setting, wish.value, present, past, now, returns=returns)

    def _timed(self, present: Present, now: datetime) -> Present:
        """Return the state with how far the inverter's clock is behind: unknown while this machine's is not set."""
        return replace(present, clock_behind=behind(present.clock, now, self._zone) if self._clock.trusted else None)

    async def _read_afresh(self) -> Present | Reason:
        """Return the state of the inverter whose settings people have seen, or why it is unknown."""
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
        """Send it once; return the reason to give if the new value does not appear."""
        log.info("Setting %s of %s: %s instead of %s.", write.setting, self._name, write.value, write.before)
        try:
            for address, words in write.frames:
                await self._inverter.write(address, *words)
        except CommandRefusedError as refusal:
            return refusal.reason
        except DeviceError:
            return control.no_answer(within=READ_BACK)
        return control.not_taken_over(within=READ_BACK)

    async def _settle_left_over(self) -> None:
        """Find out the outcome of a write by the last process, or from before the connection was lost."""
        if pending := self._journal.content.pending:
            await self._settle(pending, control.no_answer(within=READ_BACK))

    async def _settle(self, pending: PendingWrite, answer: Reason) -> Result:
        """Read back until the new value appears, the time for it is over, or another inverter answers."""
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
                return self._finish(pending, SettingOutcome.UNKNOWN, control.OUTCOME_UNKNOWN(), present)
            if pending.setting == control.CLOCK and not self._clock.trusted:
                return self._finish(pending, SettingOutcome.UNKNOWN, clock_conditions.NOT_SET(), present)
            present = self._timed(present, self._clock.now())
            value = self._stands(pending, present)
            found = verdict(pending, value, answer, is_over=now_s - first_s >= READ_BACK.total_seconds())
            if found:
                return self._finish(pending, *found, present)
            await asyncio.sleep(READ_PAUSE_S)

    def _stands(self, pending: PendingWrite, present: Present) -> Value:
        """Return the value to judge a write by. A clock moves on: it is either right, or as far off as before."""
        if pending.setting != control.CLOCK:
            return present.values.get(pending.setting)
        stands = clock_value(present.clock_behind)
        return pending.before if isinstance(stands, int) else stands

    def _finish(
        self, pending: PendingWrite, outcome: SettingOutcome, reason: Reason | None, present: Present
    ) -> Result:
        """Record and publish the outcome of a write."""
        now = self._clock.now()
        self._present = self._timed(present, now)
        profile = self._profile_of(pending)
        self._keep_seen(observed(settled(self._journal.content, outcome, now), present.unit, present.values, now))
        self._publish_change(pending, outcome, reason, pending.before, profile)
        self.on_changed()
        return outcome, reason

    # what is kept and published

    def _keep_seen(self, journal: SettingJournal) -> None:
        """Keep a journal, and publish what was changed at the inverter itself."""
        before = self._journal.content
        self._journal.keep(journal)
        for setting, change in journal.seen.items():
            was = before.seen.get(setting)
            if change.by == DEVICE and was and was != change and before.unit == journal.unit:
                wish = Wish(setting, change.value, DEVICE)
                self._publish_change(wish, SettingOutcome.CONFIRMED, None, was.value)

    def _profile_of(self, pending: PendingWrite) -> str | None:
        sequence = self._journal.content.sequences.get(Purpose.PROFILE)
        return sequence.name if sequence and pending.sequence is Purpose.PROFILE else None

    def publish(self) -> None:
        """Publish the settings if anything about them has changed."""
        if self._present is None:
            return
        message = report(
            self._present,
            self._journal.content,
            self._allowed,
            self._changing,
            self._clock.now(),
            trusted=self._clock.trusted,
        )
        last = self._published
        if last is None or last.model_copy(update={"at": message.at}) != message:
            self._published = message
            self._bus.publish(INVERTER_SETTINGS, message, self._name)
            self.on_published()

    def _publish_change(
        self,
        asked: Wish | PendingWrite,
        outcome: SettingOutcome,
        reason: Reason | None,
        before: object = None,
        profile: str | None = None,
    ) -> None:
        log.info("Setting %s of %s, by %s: %s. %s", asked.setting, self._name, asked.by, outcome, reason or "")
        change = {"at": self._clock.now(), "value": asked.value, "before": before, "by": asked.by, "profile": profile}
        message = SettingChange.model_validate({**change, "outcome": outcome, "reason": reason})
        self._bus.publish(SETTING_CHANGE, message, f"{self._name}/{asked.setting}")
