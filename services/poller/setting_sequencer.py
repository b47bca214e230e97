"""Carries out sequences of settings, one write after the other, until they are in force or undone."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn

from services.poller.kept_journal import KeptJournal
from services.poller.setting_check import Present
from services.poller.setting_journal import SettingJournal, with_sequence, without_sequence
from services.poller.setting_sequence import (
    PROFILE_ATTEMPTS,
    GiveUp,
    InForce,
    Over,
    Purpose,
    Set,
    SettingSequence,
    Step,
    after,
    begin,
    expired,
    given_up,
    next_step,
    refreshed,
    resumed,
    retargeted,
    writing,
)
from services.poller.setting_writer import SettingWriter, Wish
from shared.backoff import pause_s
from shared.clock import Clock
from shared.conditions import Reason, charge_ahead
from shared.conditions import inverter_settings as control
from shared.errors import DeviceError, StorageError
from shared.health import Reporter
from shared.messages import SettingOutcome, SettingValue

log = logging.getLogger("poller")

LOOK_S = 60.0
"""How soon it is noticed that somebody has changed a temporary setting by hand."""
STEP_PAUSE_S = 2.0
UNDO_FIRST_S, UNDO_MOST_S = 30.0, 3600.0


IN_THE_WAY = frozenset((control.BUSY.code, control.no_journal.code))
"""Refusals of `begin` that pass by themselves: for a temporary change, try again later."""


class SettingSequencer:
    """Works on one sequence at a time; those in force wait in the journal until they are undone.

    on_step is called with a sequence whenever it has advanced, on_over when it is undone, with what is left, and
    on_forgotten when it needs nothing more.
    """

    def __init__(self, writer: SettingWriter, journal: KeptJournal, health: Reporter, clock: Clock) -> None:
        self.on_step: Callable[[SettingSequence], None] = lambda _sequence: None
        self.on_over: Callable[[SettingSequence, Mapping[str, object]], None] = lambda _sequence, _left: None
        self.on_forgotten: Callable[[], None] = lambda: None
        self._writer = writer
        self._journal = journal
        self._health = health
        self._clock = clock
        self._wake = asyncio.Event()
        self._due: dict[Purpose, float] = {}

    def get(self, purpose: Purpose) -> SettingSequence | None:
        """Return the sequence of a purpose, if there is one."""
        return self._journal.content.sequences.get(purpose)

    def begin(
        self, purpose: Purpose, wishes: Mapping[str, SettingValue], present: Present, *, by: str, name: str = ""
    ) -> Reason | None:
        """Begin to change settings together; return why not."""
        journal, now = self._journal.content, self._clock.now()
        if (
            not self._writer.is_idle
            or purpose in journal.sequences
            or any(one.is_begun for one in journal.sequences.values())
        ):
            return control.BUSY()
        held = {setting for one in journal.sequences.values() for setting in one.wanted}
        if taken := next((setting for setting in wishes if setting in held), None):
            return control.for_a_time(setting=control.meaning(taken) or Reason.sentence(taken))
        sequence = begin(purpose, wishes, present, journal.writes, by=by, now=now, name=name)
        if isinstance(sequence, Reason):
            return sequence
        try:
            self._journal.require(with_sequence(journal, sequence))
        except StorageError as error:
            return control.no_journal(cause=error.reason)
        self._writer.is_reserved = True
        self._run_now(purpose)
        return None

    def retarget(self, purpose: Purpose, setting: str, value: SettingValue) -> None:
        """Change the wanted value of a setting that a sequence in force has changed."""
        if sequence := self.get(purpose):
            self._save(retargeted(sequence, setting, value))
            self._run_now(purpose)

    def undo(self, purpose: Purpose, why: Reason) -> None:
        """Put back what a sequence has changed; one that is already being undone keeps its pauses."""
        sequence = self.get(purpose)
        if sequence and not sequence.undo:
            self._save(given_up(sequence, why))
            self._run_now(purpose)

    def resume(self) -> None:
        """Continue what an earlier process has left."""
        now = self._clock.now()
        for sequence in tuple(self._journal.content.sequences.values()):
            self._save(resumed(sequence, now))
            self._run_now(sequence.purpose)

    def handed_over(self) -> None:
        """Take in that another inverter goes on with what was begun here."""
        for purpose in Purpose:
            self._health.report(f"put_back_{purpose}", None)
        self._writer.publish()
        self.on_forgotten()

    async def run(self) -> NoReturn:
        """Advance the sequences for ever; each has its own pauses."""
        self.resume()
        while True:
            self._wake.clear()
            sequences = self._journal.content.sequences
            self._writer.is_reserved = any(one.is_begun for one in sequences.values())
            purpose = min(sequences, key=self._due_s, default=None)
            wait_s = None if purpose is None else self._due_s(purpose) - _now_s()
            if purpose is None or (wait_s is not None and wait_s > 0):
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                continue
            pause = await self._advance(sequences[purpose])
            self._due[purpose] = 0.0 if self._wake.is_set() else _now_s() + pause

    def _due_s(self, purpose: Purpose) -> float:
        return self._due.get(purpose, 0.0)

    def _run_now(self, purpose: Purpose) -> None:
        self._due.pop(purpose, None)
        self._wake.set()

    async def _advance(self, sequence: SettingSequence) -> float:
        """Take the next step of a sequence; return how long to wait before the one after it."""
        await self._writer.settle()
        try:
            present = await self._writer.look()
        except DeviceError as error:
            self._save(expired(sequence, error.reason, self._clock.now()))
            self._report(sequence, error.reason)
            return pause_s(sequence.failures, STEP_PAUSE_S, LOOK_S)
        current = self.get(sequence.purpose)  # it may have been undone meanwhile, or handed over
        if current is None:
            return 0
        sequence = refreshed(current, present)
        self._save(sequence)
        return await self._take(sequence, next_step(sequence, present, self._clock.now()))

    async def _take(self, sequence: SettingSequence, step: Step) -> float:
        match step:
            case Set():
                return await self._set(sequence, step)
            case GiveUp(why):
                self._save(given_up(sequence, why))
                return 0
            case InForce():
                return self._in_force(sequence)
            case Over(left):
                self._over(sequence, left)
                return 0
            case _:
                if step.why:
                    self._save(expired(sequence, step.why, self._clock.now()))
                    self._report(sequence, step.why)
                return LOOK_S if step.why else STEP_PAUSE_S

    async def _set(self, sequence: SettingSequence, step: Set) -> float:
        is_undoing = sequence.undo is not None
        wish = Wish(step.setting, step.value, sequence.by, sequence=sequence.purpose, is_undoing=is_undoing)
        outcome, reason = await self._writer.carry_out(wish, lambda journal: _noted(journal, sequence.purpose, step))
        current = self.get(sequence.purpose)
        if current is None:
            return 0
        moved = after(current, step, outcome, reason, self._clock.now())
        self._save(moved)
        if not is_undoing:
            return STEP_PAUSE_S if outcome is SettingOutcome.NOT_WRITTEN and moved == current else 0
        return self._after_undoing(moved, step, reason)

    def _after_undoing(self, sequence: SettingSequence, step: Set, reason: Reason | None) -> float:
        if not sequence.failures:
            self._report(sequence, None)
            return 0
        setting = control.meaning(step.setting) or Reason.sentence(step.setting)
        self._report(sequence, charge_ahead.not_put_back(setting=setting, cause=reason or control.OUTCOME_UNKNOWN()))
        if not sequence.is_temporary and sequence.failures >= PROFILE_ATTEMPTS:
            present = self._writer.present
            values = present.values if present else {}
            self._over(
                sequence, {one: values.get(one) for one, was in sequence.before.items() if values.get(one) != was}
            )
            return 0
        return pause_s(sequence.failures - 1, UNDO_FIRST_S, UNDO_MOST_S)

    def _in_force(self, sequence: SettingSequence) -> float:
        if sequence.is_in_force and sequence.is_temporary:
            return LOOK_S
        done = sequence.model_copy(update={"stands": dict(sequence.wanted)})
        if done == sequence:  # it was killed just before it was forgotten
            self.on_step(done)
        self._save(done)
        if not done.is_temporary:
            self._forget(done)
        return 0

    def _over(self, sequence: SettingSequence, left: Mapping[str, object]) -> None:
        self.on_over(sequence, left)
        self._report(sequence, None)
        self._forget(sequence)

    def _forget(self, sequence: SettingSequence) -> None:
        """Forget a finished sequence; after a kill just before this, it is reported once more."""
        self._journal.change(lambda journal: without_sequence(journal, sequence.purpose))
        self._writer.publish()
        self.on_forgotten()

    def _report(self, sequence: SettingSequence, reason: Reason | None) -> None:
        """Report what keeps settings from being put back."""
        self._health.report(f"put_back_{sequence.purpose}", reason if sequence.undo else None)

    def _save(self, sequence: SettingSequence) -> None:
        if self.get(sequence.purpose) in (None, sequence):  # it may have been handed over meanwhile
            return
        self._journal.change(lambda journal: with_sequence(journal, sequence))
        self.on_step(sequence)


def _noted(journal: SettingJournal, purpose: Purpose, step: Set) -> SettingJournal:
    """Return the journal to save before a step is written."""
    sequence = journal.sequences.get(purpose)
    return with_sequence(journal, writing(sequence, step.setting, step.value)) if sequence else journal


def _now_s() -> float:
    return asyncio.get_running_loop().time()
