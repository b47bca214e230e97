"""The state and the events of charging ahead, as they are published. Pure."""

from datetime import datetime, timedelta

from services.poller.charge_ahead_rules import Action, Blocked, Charging, Continue, Need, Nothing, PutBack, Situation
from services.poller.setting_sequence import SettingSequence
from shared.conditions import Reason
from shared.conditions import charge_ahead as conditions
from shared.messages import ChargeAhead, ChargeAheadPhase


def report_charging(
    situation: Situation, action: Action, sequence: SettingSequence | None, *, dry_run_until: datetime | None
) -> ChargeAhead:
    """Return the state; in a dry run, what would be done counts as done."""
    need, charging = situation.need, situation.charging
    known = need if isinstance(need, Need) else None
    phase, reason, warning = _phase(action, sequence)
    is_busy = phase in (ChargeAheadPhase.CHARGING, ChargeAheadPhase.PUTTING_BACK)
    is_blocked = isinstance(action, Blocked)
    if dry_run_until and charging and situation.charge_percent is not None and not is_blocked:
        reason, warning = would_charge(charging, situation.charge_percent), None
    waits = action if isinstance(action, Nothing) else None
    current = charging.current_a if charging else waits and waits.current_a
    return ChargeAhead(
        at=situation.now,
        phase=phase,
        dry_run=dry_run_until is not None,
        dry_run_until=dry_run_until,
        since=charging.began if charging and not is_blocked else situation.now,
        outage_start=charging.outage_start if charging else known and known.start,
        outage_end=known and known.end,
        basis=known and known.basis,
        charge_percent=situation.charge_percent,
        target_percent=known.target_percent if known else charging and charging.target_percent,
        current_a=current,
        begins_at=None if is_blocked else charging.began if charging else waits and waits.begin_at,
        ends_at=charging and charging.outage_start,
        settings=sequence.wanted if sequence and not sequence.undo else {},
        before=sequence.before if sequence else {},
        can_undo=is_busy or phase is ChargeAheadPhase.WAITING,
        reason=reason,
        warning=warning,
    )


def would_charge(would: Charging, charge_percent: float) -> Reason:
    """Return what would have been done in a dry run."""
    return conditions.would_charge(
        begin=would.began,
        current=would.current_a,
        target=would.target_percent,
        charge=charge_percent,
        outage=would.outage_start,
    )


def _phase(action: Action, sequence: SettingSequence | None) -> tuple[ChargeAheadPhase, Reason | None, Reason | None]:
    if undo := (sequence and sequence.undo) or (action.why if isinstance(action, PutBack) else None):
        return ChargeAheadPhase.PUTTING_BACK, conditions.putting_back(cause=undo), None
    match action:
        case Nothing(why, begin_at, _, held_off):
            if held_off:
                return ChargeAheadPhase.HELD_OFF, why, None
            return (ChargeAheadPhase.WAITING if begin_at else ChargeAheadPhase.IDLE), why, None
        case Blocked(why):
            return ChargeAheadPhase.WAITING, why, None
        case Continue(why, warning):
            return ChargeAheadPhase.CHARGING, why, warning
        case _:
            return ChargeAheadPhase.CHARGING, None, None


def dry_run_until(since: datetime | None, now: datetime, days: float) -> datetime | None:
    """Return until when charging ahead only reports what it would do; None if it acts. It was turned on `since`."""
    if days <= 0:
        return None
    until = (since or now) + timedelta(days=days)
    return until if now < until else None
