"""What to do next at one plug: a pure function of what is known about it.

An attempt to switch is read, decide, persist, switch, read back. `next_step` chooses each action, the controller
performs it, and `after` (outcomes.py) folds the outcome into the state.
"""

from services.tuya.actions import (
    Abandon,
    Action,
    Begin,
    Complete,
    EndTest,
    Expire,
    GiveUp,
    MarkToRestore,
    Read,
    Resist,
    Switch,
    Wait,
)
from services.tuya.control_state import Attempt, ControlState, Now, Result
from services.tuya.grid_rules import on_reading, tells_all
from services.tuya.journal import Journal, Target
from services.tuya.off_on_test import ended, first_halves, not_testable, went_off
from services.tuya.targets import (
    after_expiry,
    completed,
    due,
    expired,
    given_up,
    is_current,
    mark_to_restore,
    next_turn,
)
from shared.conditions import Reason, plugs
from shared.messages import Via

SHORTEST_WAIT_S = 0.01


def next_step(state: ControlState, now: Now) -> Action:
    """Return what to do next."""
    if now.monotonic_s < state.paused_until_s:
        return Wait(state.paused_until_s - now.monotonic_s)
    if state.attempt:
        return _next_in_attempt(state, state.attempt, now)
    return _upkeep(state, now) or _next_contact(state, now)


def _upkeep(state: ControlState, now: Now) -> Action | None:
    """Return what the last reading, or the age of a command, changes in the journal."""
    shared, plug = state.shared, state.plug
    if state.unjudged is not None:
        judged, left_on = on_reading(shared.journal, plug, state.unjudged, shared.grid, now.utc)
        if judged is not shared.journal:
            return Resist(judged, left_on)
    failed = first_halves(state.tried) if state.failures else ()
    if any(is_current(shared.journal, one) for one in failed):
        cause = state.published.reason or plugs.no_way(name=plug.title)
        return EndTest(ended(shared.journal, failed, now.utc), plugs.test_failed(name=plug.title, cause=cause))
    late = tuple(target for target in expired(shared.journal, now.utc) if target.plug == plug.id)
    return Expire(after_expiry(shared.journal, late, now.utc), late) if late else None


def _next_contact(state: ControlState, now: Now) -> Action:
    targets = _due(state, now)
    if targets and (targets != state.tried or now.monotonic_s >= state.retry_at_s):
        return Begin(targets)
    if state.asking:
        return Read(state.asking[0])
    if Via.LOCAL in state.ways and now.monotonic_s >= state.check_at_s:
        return Read(Via.LOCAL)  # over the home network only: the cloud counts every request
    pauses = [state.check_every_s]
    if Via.LOCAL in state.ways:
        pauses.append(state.check_at_s - now.monotonic_s)
    if targets:
        pauses.append(state.retry_at_s - now.monotonic_s)
    if turn := next_turn(state.shared.journal, state.plug.id, now.utc):
        pauses.append((turn - now.utc).total_seconds())
    return Wait(max(SHORTEST_WAIT_S, min(pauses)))


def _next_in_attempt(state: ControlState, attempt: Attempt, now: Now) -> Action:
    journal, via = state.shared.journal, attempt.via
    if attempt.result is Result.FLIPPED:
        return GiveUp(given_up(ended(journal, attempt.targets, now.utc), attempt.targets))
    if attempt.result:
        return _complete(journal, attempt, now)
    if via and now.monotonic_s < attempt.not_before_s:
        return Wait(attempt.not_before_s - now.monotonic_s)
    if via and (attempt.switched or (attempt.reading is None and not attempt.blind)):
        return Read(via)
    return _decide(state, attempt, now)


def _decide(state: ControlState, attempt: Attempt, now: Now) -> Action:
    """Return what follows from the reading before a command. Nothing is switched off for the grid without its mark.

    What the reading does not tell, the last one does, of before the grid went: what is not known to be on gets no mark.
    """
    journal, wanted = state.shared.journal, _due(state, now)
    if any(target not in wanted for target in attempt.targets):
        return Abandon()
    if unknown := not_testable(attempt.targets, attempt.reading):
        is_off_by_us = unknown == attempt.targets and went_off(journal, unknown, attempt.reading)
        if is_off_by_us:  # a kill, or a connection that broke, came between the command and its answer
            return _complete(journal, attempt, now)
        return EndTest(ended(journal, unknown, now.utc), _why_untested(state, attempt))
    told = {gang: on for gang, on in (attempt.reading or {}).items() if on is not None}
    before = {**state.supposed(now), **told}
    marked = mark_to_restore(journal, attempt.targets, before, now.utc)
    if marked is not journal:
        return MarkToRestore(marked)
    if state.dry_run or not attempt.via:
        return _complete(journal, attempt, now)
    return Switch(attempt.via, attempt.values)


def _complete(journal: Journal, attempt: Attempt, now: Now) -> Complete:
    return Complete(completed(ended(journal, attempt.targets, now.utc), attempt.targets))


def _why_untested(state: ControlState, attempt: Attempt) -> Reason:
    name = state.plug.title
    is_off = tells_all(attempt.reading or {})
    cause = state.published.reason or plugs.no_switch_in_answer(name=name)
    return plugs.test_of_off(name=name) if is_off else plugs.test_failed(name=name, cause=cause)


def _due(state: ControlState, now: Now) -> tuple[Target, ...]:
    shared = state.shared
    return due(shared.journal, state.plug, shared.rules, shared.grid, now.utc)
