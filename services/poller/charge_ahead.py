"""Charges one inverter's battery from the mains before an outage that needs it, and puts everything back."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from services.poller.charge_ahead_rules import (
    CHARGING,
    CURRENT,
    OUTPUT,
    Action,
    Adjust,
    Begin,
    Blocked,
    Charging,
    Continue,
    HeldOff,
    Hold,
    Need,
    PutBack,
    Situation,
    doubt_of,
    next_step,
)
from services.poller.charge_report import dry_run_until, report_charging, would_charge
from services.poller.charge_situation import USUAL_V, knobs_of, need_of, wh_per_percent
from services.poller.kept_journal import KeptJournal
from services.poller.setting_journal import ChargeNotes, command_refusal, received
from services.poller.setting_sequence import Purpose, SettingSequence
from services.poller.setting_sequencer import IN_THE_WAY, SettingSequencer
from services.poller.setting_writer import SettingWriter
from shared.broker_state import BrokerState
from shared.bus import Publisher
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions import charge_ahead as conditions
from shared.conditions import clock as clock_conditions
from shared.conditions import inverter_settings as control
from shared.live_figures import accepts_charge, live_figures
from shared.messages import (
    AUTOMATIC,
    ChargeAhead,
    ChargeAheadCommand,
    ChargeAheadEvent,
    ChargeAheadPhase,
    ChargeAheadStep,
    InverterControl,
)
from shared.topics import CHARGE_AHEAD, CHARGE_AHEAD_EVENT
from shared.trusted_time import by_clock, is_unset

log = logging.getLogger("poller")

EVERY_S = 30.0
COMMAND = "charge_ahead"


class ChargingAhead:
    """Decides every half minute, and at once when asked to; an action is in the journal before it is taken.

    snapshot is the broker's state.
    """

    def __init__(
        self,
        writer: SettingWriter,
        sequencer: SettingSequencer,
        journal: KeptJournal,
        bus: Publisher,
        snapshot: Callable[[], BrokerState],
        *,
        name: str,
        allowed: InverterControl,
        clock: Clock,
        dry_run_days: float,
        planned_percent: float,
    ) -> None:
        self._writer = writer
        self._sequencer = sequencer
        self._journal = journal
        self._bus = bus
        self._snapshot = snapshot
        self._name = name
        self._allowed = allowed
        self._clock = clock
        self._dry_run_days = dry_run_days
        self._planned_percent = planned_percent
        self._wake = asyncio.Event()
        self._doubtful_s: float | None = None
        self._published: ChargeAhead | None = None

    async def run(self) -> NoReturn:
        """Decide for ever; if charging ahead is off, only put back what an earlier process has left."""
        if self._allowed is not InverterControl.AUTOMATIC:
            self._turn_off()
            await asyncio.Event().wait()
        if self._notes.charging and not self._sequence:  # it was killed before it had begun
            self._note(charging=None)
        while True:
            self._wake.clear()
            self.step()
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def run_now(self) -> None:
        """Decide at once: something has changed."""
        self._wake.set()

    # deciding

    def step(self) -> None:
        """Decide once, and act."""
        until = self._dry_run_until(self._clock.now())
        situation = self._situation(is_dry=until is not None)
        action = next_step(situation)
        if until:
            self._dry_run(situation, action)
        else:
            self._act(situation, action)
        charging = self._notes.charging or (self._notes.would if until else None)
        situation = replace(situation, charging=charging, held_off=self._notes.held_off)
        if until or not isinstance(action, PutBack):
            action = next_step(situation)
        self._publish(report_charging(situation, action, self._sequence, dry_run_until=until))

    def _turn_off(self) -> None:
        self._sequencer.undo(Purpose.CHARGE_AHEAD, conditions.SWITCHED_OFF())
        now = self._clock.now()
        off = ChargeAhead(at=now, phase=ChargeAheadPhase.OFF, since=now, reason=conditions.OFF())
        self._publish(off)

    def _situation(self, *, is_dry: bool = False) -> Situation:
        now, state, present = self._clock.now(), self._snapshot(), self._writer.present
        live = live_figures(state, now)
        inverter = live.inverter
        knobs = knobs_of(present) if present else conditions.NO_CONTACT()
        voltage_v = (inverter and inverter.battery_voltage_v) or USUAL_V
        highest_w = 0.0 if isinstance(knobs, Reason) else knobs.high_a * voltage_v
        need = need_of(state, now, planned_percent=self._planned_percent, highest_w=highest_w)
        situation = Situation(
            now=now,
            doubt=self._doubt(state),
            doubtful_for=timedelta(0),
            grid=live.grid.state if live.grid else None,
            charge_percent=live.soc_percent,
            voltage_v=voltage_v,
            sun_w=float((inverter and inverter.pv_charging_power_w) or 0),
            wh_per_percent=wh_per_percent(state, live, now),
            need=need,
            knobs=knobs,
            charging=self._notes.charging or (self._notes.would if is_dry else None),
            held_off=self._notes.held_off,
            accepts_charge=accepts_charge(state, now),
        )
        return replace(situation, doubtful_for=self._doubtful_for(doubt_of(situation)))

    def _doubt(self, state: BrokerState) -> Reason | None:
        if not self._clock.trusted:
            return clock_conditions.NOT_SET()
        if not state.connected:
            return conditions.NO_BROKER()
        return conditions.SEVERAL_INVERTERS() if len(state.inverter_infos) > 1 else None

    def _doubtful_for(self, doubt: Reason | None) -> timedelta:
        now_s = asyncio.get_running_loop().time()
        if doubt is None:
            self._doubtful_s = None
            return timedelta(0)
        self._doubtful_s = now_s if self._doubtful_s is None else self._doubtful_s
        return timedelta(seconds=now_s - self._doubtful_s)

    def _dry_run_until(self, now: datetime) -> datetime | None:
        since = self._notes.dry_run_since
        if self._clock.trusted and (since is None or is_unset(since) or since > now):
            self._note(dry_run_since=now)
        return dry_run_until(self._notes.dry_run_since, now, self._dry_run_days)

    # acting

    def _act(self, situation: Situation, action: Action) -> None:
        sequence = self._sequence
        if sequence and sequence.undo:
            return
        match action:
            case Begin():
                self._begin(situation, action)
            case Adjust(current_a) if self._notes.charging:
                charging = replace(self._notes.charging, current_a=current_a, set_at=situation.now)
                self._note(charging=charging)
                self._sequencer.retarget(Purpose.CHARGE_AHEAD, CURRENT, current_a)
                self._report(ChargeAheadStep.CHANGED, situation, charging, None)
            case Hold(why) if self._notes.charging:
                held = replace(self._notes.charging, is_held=True)
                self._note(charging=held)
                if sequence and CHARGING in sequence.before:
                    self._sequencer.retarget(Purpose.CHARGE_AHEAD, CHARGING, sequence.before[CHARGING])
                self._report(ChargeAheadStep.CHANGED, situation, held, why)
            case PutBack(why):
                self._put_back(situation, why)
            case Continue() | Blocked() if self._notes.charging and isinstance(situation.need, Need):
                moved = replace(self._notes.charging, outage_start=situation.need.start)
                self._note(charging=moved)
            case _:
                return

    def _begin(self, situation: Situation, begin: Begin) -> None:
        present = self._writer.present
        if present is None:
            return
        charging = Charging(
            begin.need.start,
            situation.now,
            begin.need.target_percent,
            begin.current_a,
            situation.now,
            keeps=OUTPUT in begin.wishes,
        )
        self._note(would=None, charging=charging)  # first: without the note, nothing would end what is begun
        refusal = self._sequencer.begin(Purpose.CHARGE_AHEAD, begin.wishes, present, by=AUTOMATIC)
        if refusal is None:
            why = conditions.charging(
                current=begin.current_a,
                target=begin.need.target_percent,
                charge=begin.charge_percent,
                outage=begin.need.start,
            )
            self._report(ChargeAheadStep.BEGAN, situation, charging, why)
            return
        self._note(charging=None)
        if refusal.code not in IN_THE_WAY:
            self._note(held_off=HeldOff(begin.need.start, refusal))
            self._report(ChargeAheadStep.FAILED, situation, charging, refusal)

    def _put_back(self, situation: Situation, why: Reason) -> None:
        if self._sequence:
            self._sequencer.undo(Purpose.CHARGE_AHEAD, why)
        elif self._notes.charging:  # nothing was begun, or all is back already
            self._report(ChargeAheadStep.ENDED, situation, self._notes.charging, why)
            self._note(charging=None)

    def _dry_run(self, situation: Situation, action: Action) -> None:
        """Report what would be done, once per outage."""
        match action:
            case Begin(need, charge, _, current_a):
                would = Charging(need.start, situation.now, need.target_percent, current_a, situation.now)
                self._note(would=would)
                self._report(ChargeAheadStep.BEGAN, situation, would, would_charge(would, charge), dry_run=True)
            case PutBack(why) if self._notes.would:
                self._report(ChargeAheadStep.ENDED, situation, self._notes.would, why, dry_run=True)
                self._note(would=None)
            case _:
                return

    # what others do

    def receive(self, command: ChargeAheadCommand, *, retained: bool) -> None:
        """Hold charging ahead off, or allow it again; or publish why not."""
        now, command = self._clock.now(), by_clock(command, self._clock.track)
        subject = f"{COMMAND} {command.hold_off}"
        refusal = self._refusal(command, subject, now, retained=retained)
        self._journal.remember(received(self._journal.content, subject, command, now))
        if refusal is None:
            refusal = self._hold_off(command) if command.hold_off else self._release(command)
        if refusal:
            self._bus.publish(
                CHARGE_AHEAD_EVENT,
                ChargeAheadEvent(at=now, step=ChargeAheadStep.FAILED, by=command.by, reason=refusal),
                self._name,
            )
        self._wake.set()

    def _refusal(self, command: ChargeAheadCommand, subject: str, now: datetime, *, retained: bool) -> Reason | None:
        if retained:
            return control.COMMAND_RETAINED()
        if self._allowed is not InverterControl.AUTOMATIC:
            return conditions.OFF()
        refusal = command_refusal(self._journal.content, subject, command, now)
        return None if refusal and refusal.code == control.BUSY.code else refusal  # holding off is never too early

    def _hold_off(self, command: ChargeAheadCommand) -> Reason | None:
        situation = self._situation()
        charging = self._notes.charging or self._notes.would
        need = situation.need
        start = charging.outage_start if charging else need.start if isinstance(need, Need) else None
        if start is None:
            return conditions.NOTHING_TO_UNDO()
        why = conditions.undone(by=command.by)
        self._note(held_off=HeldOff(start, why), would=None)
        self._report(ChargeAheadStep.HELD_OFF, situation, charging, why, by=command.by)
        self._put_back(situation, why)
        return None

    def _release(self, command: ChargeAheadCommand) -> Reason | None:
        if self._notes.held_off is None:
            return conditions.NOTHING_TO_UNDO()
        self._note(held_off=None)
        why = conditions.released(by=command.by)
        self._report(ChargeAheadStep.RELEASED, self._situation(), None, why, by=command.by)
        return None

    def on_over(self, sequence: SettingSequence, _left: Mapping[str, object]) -> None:
        """Note that everything is put back, except what somebody has changed or the inverter has refused."""
        if sequence.purpose is not Purpose.CHARGE_AHEAD:
            return
        why, charging = sequence.undo, self._notes.charging
        step = ChargeAheadStep.ENDED
        if why and why.code == control.step_refused.code:
            step = ChargeAheadStep.FAILED
            self._note(held_off=charging and HeldOff(charging.outage_start, why))
        self._report(step, self._situation(), self._notes.charging, why)
        self._note(charging=None)
        self._wake.set()

    # what is kept and published

    @property
    def _notes(self) -> ChargeNotes:
        return self._journal.content.charge

    @property
    def _sequence(self) -> SettingSequence | None:
        return self._sequencer.get(Purpose.CHARGE_AHEAD)

    def _note(self, **changes: object) -> None:
        notes = self._notes.model_copy(update=changes)
        self._journal.change(lambda journal: journal.model_copy(update={"charge": notes}))

    def _report(
        self,
        step: ChargeAheadStep,
        situation: Situation,
        charging: Charging | None,
        why: Reason | None,
        *,
        by: str = AUTOMATIC,
        dry_run: bool = False,
    ) -> None:
        log.info("Charging ahead with %s, by %s: %s. %s", self._name, by, step, why or "")
        sequence = self._sequence
        event = ChargeAheadEvent(
            at=situation.now,
            step=step,
            dry_run=dry_run,
            by=by,
            outage_start=charging and charging.outage_start,
            charge_percent=situation.charge_percent,
            target_percent=charging and charging.target_percent,
            current_a=charging and charging.current_a,
            settings=sequence.wanted if sequence else {},
            reason=why,
        )
        self._bus.publish(CHARGE_AHEAD_EVENT, event, self._name)

    def _publish(self, message: ChargeAhead) -> None:
        """Publish the state if anything in it has changed."""
        last = self._published
        since = last.since if last and last.phase is message.phase else message.since
        message = message.model_copy(update={"since": since})
        if last is None or last.model_copy(update={"at": message.at}) != message:
            self._published = message
            self._bus.publish(CHARGE_AHEAD, message, self._name)
