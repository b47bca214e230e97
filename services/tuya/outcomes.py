"""What the outcome of an action changes in what is known about a plug. Pure.

Where an attempt fails on one way, the next way is tried from the start; after the last one it is retried later.
"""

from collections.abc import Mapping
from dataclasses import replace

from services.tuya.actions import (
    Abandon,
    Action,
    Begin,
    Complete,
    EndTest,
    Expire,
    GiveUp,
    Outcome,
    Persist,
    Read,
    Resist,
    Switch,
    Wait,
)
from services.tuya.connection import (
    CloudUnreachableError,
    KeyDoubtError,
    LostConnectionError,
    OurWayError,
    SilentError,
)
from services.tuya.contact import after_contact
from services.tuya.control_state import Attempt, CloudHold, ControlState, KeyTrust, Now, Result
from services.tuya.grid_rules import GangStates, tells_all
from services.tuya.journal import Target
from services.tuya.off_on_test import OffOnTest
from services.tuya.reports import (
    add_events,
    drop,
    pending,
    report,
    report_common_trouble,
    report_failure,
    report_reading,
    report_unanswered,
    report_unreachable,
)
from shared.backoff import pause_s
from shared.conditions import Reason, plugs
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError, StorageError
from shared.messages import ActionOutcome, Via

UNSEALED = "3.1"
"""This version answers queries in the clear, so a reading proves no key."""
RETRY_FIRST_S = 1.0
RETRY_MOST_S = 20.0
"""Soon enough after a router that needs a minute to start."""
QUICK_RETRY_PAUSES_S = (0.0, 0.3, 1.0)
"""Before new connections to a plug that breaks them off or answers nonsense: when the grid goes, Wi-Fi may restart."""
KEY_PROOFS = 3
KEY_PROOF_S = 5.0
"""How many answers that the key does not open prove it wrong, and over what time; never once it has worked."""
REFUSED_RETRY_S = 300.0
"""Only the user can correct what was refused, but plugs are to follow once it is corrected."""
STORAGE_RETRY_S = 1.0
MAX_FLIPS = 3
"""How often a plug that acknowledges a command and does not obey is switched again."""
READ_BACKS = 3
READ_BACK_PAUSE_S = {Via.LOCAL: 0.3, Via.CLOUD: 1.0}
CLOUD_RETRY_FIRST_S = 2.0
CLOUD_RETRY_MOST_S = 1800.0
"""A plug that is dead in an outage would use up the month's quota if the cloud were asked as often as the plug is."""
CLOUD_TROUBLE_MOST_S = 60.0
"""The cloud is busy, or refuses our clock: that passes."""


def after(state: ControlState, action: Action, outcome: Outcome, now: Now) -> ControlState:
    """Return the state after an action. Errors are outcomes; None is that of an action without a result."""
    state = replace(state, unjudged=None)
    match action:
        case Wait():
            return state
        case Begin():
            return _begun(state, action.targets, now)
        case Abandon():
            return report(replace(state, attempt=None), now, pending=pending(state))
        case Persist():
            return _after_persist(state, action, outcome, now)
        case Read() | Switch():
            return _after_contact(state, action, outcome, now)


def _after_persist(  # noqa: PLR0911 - one for each action
    state: ControlState, action: Persist, outcome: Outcome, now: Now
) -> ControlState:
    if isinstance(outcome, StorageError):
        return replace(state, attempt=None, paused_until_s=now.monotonic_s + STORAGE_RETRY_S)
    state = replace(state, shared=replace(state.shared, journal=action.journal))
    match action:
        case Complete() if state.attempt:
            return _completed(state, state.attempt, now)
        case GiveUp() if state.attempt:
            return _given_up(state, state.attempt, now)
        case EndTest():
            return _test_failed(state, action.reason, now)
        case Expire():
            return drop(state, action.targets, plugs.EXPIRED(), now)
        case Resist() if action.left_on:
            reason = plugs.came_back_on(name=state.plug.title)
            problem = plugs.left_alone(cause=reason, tries=MAX_FLIPS)
            return report(replace(state, problem=problem), now, pending=pending(state), reason=reason)
    return state


def _test_failed(state: ControlState, reason: Reason, now: Now) -> ControlState:
    """Return the state after a test went no further; where a gang is to be switched on first, it ends with that."""
    state = replace(state, problem=None, test_problem=reason)
    goes_on = any(one.is_test and one.plug == state.plug.id for one in state.shared.journal.targets.values())
    return state if goes_on else replace(state, test=OffOnTest(now.utc, reason), test_problem=None)


def _tested(state: ControlState, attempt: Attempt, now: Now) -> ControlState:
    """Return the state after a half of a test; after a kill in between nobody knows how the first one went."""
    tests = [one for one in attempt.targets if one.is_test]
    is_confirmed = attempt.result is Result.CONFIRMED or (attempt.result is None and not attempt.switched)
    if not tests or state.dry_run:
        return state
    if not tests[0].on:
        unconfirmed = plugs.test_failed(name=state.plug.title, cause=plugs.did_not_obey(name=state.plug.title))
        return replace(state, went_off=is_confirmed, test_problem=None if is_confirmed else unconfirmed)
    is_known = state.went_off or state.test_problem is not None
    test = OffOnTest(now.utc, state.test_problem) if is_known and is_confirmed else state.test
    return replace(state, went_off=False, test_problem=None, test=test)


def _after_contact(state: ControlState, action: Read | Switch, outcome: Outcome, now: Now) -> ControlState:
    attempt = state.attempt
    if action.via is Via.LOCAL:
        state, outcome = _trusted(state, action, outcome, now)
    told = action.values if isinstance(action, Switch) else {}  # obeyed or not: what was told to go off is not on
    state = replace(state, contact=after_contact(state.contact, action.via, outcome), recent={**state.recent, **told})
    if attempt is None:
        take = _asked if action.via in state.asking[:1] else _checked
        return take(state, _with_a_switch(state, outcome), now)
    if isinstance(outcome, DeviceError):
        if again := _another_connection(state, attempt, outcome, now):
            return replace(state, attempt=again)
        return _way_failed(state, attempt, _hold_cloud(state, attempt, outcome, now), outcome, now)
    if isinstance(action, Switch):
        return replace(state, attempt=replace(attempt, switched=True))
    reading = outcome if isinstance(outcome, Mapping) else {}
    state = replace(state, recent=reading, read_at_s=now.monotonic_s) if tells_all(reading) else state
    attempt = replace(attempt, reading=reading)
    if attempt.switched:
        return _read_back(state, attempt, reading, now)
    if state.dry_run:
        state = report_reading(state, reading, action.via, now)
    return replace(state, attempt=attempt)


def _with_a_switch(state: ControlState, outcome: Outcome) -> Outcome:
    """Return the outcome of a question; an answer that tells of no switch is none."""
    if isinstance(outcome, Mapping) and all(on is None for on in outcome.values()):
        return BadReplyError(plugs.no_switch_in_answer(name=state.plug.title))
    return outcome


def _trusted(state: ControlState, action: Read | Switch, outcome: Outcome, now: Now) -> tuple[ControlState, Outcome]:
    """Return the state with what an outcome says about the key, and the outcome: a wrong key once that is proven.

    A plug that answers without any key says nothing about it when it is read, or does not answer.
    """
    if isinstance(action, Read) and state.plug.version == UNSEALED:
        return state, outcome
    if isinstance(outcome, KeyDoubtError | LostConnectionError):
        return _doubted(state, outcome, now)
    if isinstance(action, Read) and not isinstance(outcome, DeviceError):
        return _key_works(state), outcome
    return state, outcome


def _doubted(
    state: ControlState, error: KeyDoubtError | LostConnectionError, now: Now
) -> tuple[ControlState, DeviceError]:
    key = state.key
    is_unopened = isinstance(error, KeyDoubtError)
    first_s = key.since_s if key.unopened + key.broken_off else now.monotonic_s
    key = replace(
        key, unopened=key.unopened + is_unopened, broken_off=key.broken_off + (not is_unopened), since_s=first_s
    )
    state = replace(state, key=key)
    if key.works or now.monotonic_s - first_s < KEY_PROOF_S:
        return state, error
    if is_unopened and key.unopened >= KEY_PROOFS:
        refusal = CommandRefusedError(plugs.wrong_key(name=state.plug.title))
        return replace(state, key_problem=refusal.reason), refusal
    return (replace(state, key_problem=error.reason) if key.broken_off >= KEY_PROOFS else state), error


def _key_works(state: ControlState) -> ControlState:
    return replace(state, key=KeyTrust(works=True), key_problem=None)


def _another_connection(state: ControlState, attempt: Attempt, error: DeviceError, now: Now) -> Attempt | None:
    """Return the attempt over a new connection, where a plug on the home network has broken one.

    The last one switches a plug that cannot be read, unless the next way may tell first whether it is to be restored.
    """
    is_silent = isinstance(error, SilentError)
    most = 1 if is_silent else len(QUICK_RETRY_PAUSES_S)
    is_passing = isinstance(error, LostConnectionError | BadReplyError)
    if attempt.via is not Via.LOCAL or not is_passing or attempt.tries >= most:
        return None
    pause_s = QUICK_RETRY_PAUSES_S[attempt.tries]
    tries = attempt.tries + 1
    blind = attempt.reading is None and (is_silent or tries == most)
    if blind and attempt.ways[1:] and not state.failures and _needs_a_mark(state, attempt, now):
        return None
    ways, since_s = attempt.ways, now.monotonic_s + pause_s
    return Attempt(attempt.targets, ways, attempt.error, tries=tries, blind=blind, not_before_s=since_s)


def _needs_a_mark(state: ControlState, attempt: Attempt, now: Now) -> bool:
    """Return whether something is to be switched off for the grid that nobody knows to be on or off."""
    known = state.supposed(now)
    return any(one.by_grid and not one.on and known.get(one.gang) is None for one in attempt.targets)


def _begun(state: ControlState, targets: tuple[Target, ...], now: Now) -> ControlState:
    if targets != state.tried:
        state = replace(state, tried=targets, failures=0, is_reported=False, flips=0, cloud_hold=None)
    state = report(state, now, pending=targets[0].on)
    if not state.ways and not state.dry_run:
        return _failed(state, targets, CommandRefusedError(plugs.no_way(name=state.plug.title)), now)
    return _on_way(state, Attempt(targets, state.ways[:1] if state.dry_run else state.ways), now)


def _on_way(state: ControlState, attempt: Attempt, now: Now) -> ControlState:
    """Go on with the first way of an attempt, unless the cloud is not to be asked again yet."""
    hold = state.cloud_hold
    if attempt.via is Via.CLOUD and hold and now.monotonic_s < hold.until_s:
        return _way_failed(state, attempt, hold, hold.error, now)
    return replace(state, attempt=attempt)


def _way_failed(
    state: ControlState, attempt: Attempt, hold: CloudHold | None, error: DeviceError, now: Now
) -> ControlState:
    state = replace(state, attempt=None, cloud_hold=hold)
    error = _both(attempt.error, error) if attempt.error else error
    if attempt.ways[1:]:
        return _on_way(state, Attempt(attempt.targets, attempt.ways[1:], error), now)
    return _failed(state, attempt.targets, error, now)


def _hold_cloud(state: ControlState, attempt: Attempt, error: DeviceError, now: Now) -> CloudHold | None:
    """Return for how long the cloud is not asked again about this plug: ever longer, for it counts its answers."""
    hold = state.cloud_hold
    if attempt.via is not Via.CLOUD or isinstance(error, CloudUnreachableError):
        return hold
    answers = hold.answers if hold else 0
    most_s = CLOUD_TROUBLE_MOST_S if isinstance(error, OurWayError | BadReplyError) else CLOUD_RETRY_MOST_S
    until_s = now.monotonic_s + pause_s(answers, CLOUD_RETRY_FIRST_S, most_s)
    return CloudHold(error, until_s, answers + 1)


def _both(first: DeviceError, second: DeviceError) -> DeviceError:
    """Return one error for two: final only if both are, and the plug is only dead if nothing is wrong with a way."""
    reason = plugs.both_ways_failed(local=first.reason, cloud=second.reason)
    if isinstance(first, CommandRefusedError) and isinstance(second, CommandRefusedError):
        return CommandRefusedError(reason)
    return DeviceOfflineError(reason) if _is_dead(first) and _is_dead(second) else OurWayError(reason)


def _is_dead(error: DeviceError) -> bool:
    """Return whether an error says that the plug itself is gone, as one that lost its power is."""
    return isinstance(error, DeviceOfflineError) and not isinstance(error, OurWayError | LostConnectionError)


def _failed(state: ControlState, targets: tuple[Target, ...], error: DeviceError, now: Now) -> ControlState:
    """Retry later. A plug that is gone in a blackout is expected: it may have lost its power too."""
    offline = isinstance(error, DeviceOfflineError)
    expected = _is_dead(error) and not any(target.on or not target.by_grid for target in targets)
    if not expected:
        problem = plugs.not_switched(name=state.plug.title, cause=error.reason)
        state = replace(state, problem=problem)
    if offline:
        state = report_unreachable(state, error.reason, now)
    else:
        state = report(state, now, reason=error.reason, confirmed=False)
    state = report_common_trouble(state, now)
    if not expected:
        state = report_failure(state, error.reason, now)
    return _retry_later(state, now, refused=isinstance(error, CommandRefusedError))


def _retry_later(state: ControlState, now: Now, *, refused: bool) -> ControlState:
    pause = REFUSED_RETRY_S if refused else pause_s(state.failures, RETRY_FIRST_S, RETRY_MOST_S)
    return replace(state, attempt=None, failures=state.failures + 1, retry_at_s=now.monotonic_s + pause)


def _read_back(state: ControlState, attempt: Attempt, reading: GangStates, now: Now) -> ControlState:
    done = attempt.read_backs + 1
    if all(reading.get(gang) is on for gang, on in attempt.values.items()):
        return replace(state, attempt=replace(attempt, result=Result.CONFIRMED))
    if done < READ_BACKS and attempt.via:
        at_s = now.monotonic_s + done * READ_BACK_PAUSE_S[attempt.via]
        return replace(state, attempt=replace(attempt, read_backs=done, not_before_s=at_s))
    if any(reading.get(gang) is (not on) for gang, on in attempt.values.items()):
        return _flipped(state, attempt, now)
    return replace(state, attempt=replace(attempt, result=Result.UNCONFIRMED))


def _flipped(state: ControlState, attempt: Attempt, now: Now) -> ControlState:
    state = replace(state, flips=state.flips + 1)
    if state.flips >= MAX_FLIPS or not state.retries:
        return replace(state, attempt=replace(attempt, result=Result.FLIPPED))
    state = report(state, now, reason=plugs.did_not_obey(name=state.plug.title))
    return _retry_later(state, now, refused=False)


def _given_up(state: ControlState, attempt: Attempt, now: Now) -> ControlState:
    state = _tested(state, attempt, now)
    reason = plugs.did_not_obey(name=state.plug.title)
    state = replace(state, attempt=None, tried=(), problem=plugs.left_alone(cause=reason, tries=MAX_FLIPS))
    state = report(state, now, pending=pending(state), reason=reason, confirmed=False)
    return add_events(state, attempt.targets, ActionOutcome.FAILED, now, reason=reason)


def _completed(state: ControlState, attempt: Attempt, now: Now) -> ControlState:
    state = replace(_tested(state, attempt, now), attempt=None, tried=())
    if state.dry_run or not attempt.via:
        state = report(state, now, pending=pending(state))
        return add_events(state, attempt.targets, ActionOutcome.DRY_RUN, now, reason=plugs.DRY_RUN())
    if attempt.via is Via.CLOUD:
        state = replace(state, cloud_hold=None)
    confirmed = attempt.result is Result.CONFIRMED
    if confirmed and attempt.via is Via.LOCAL:
        state = _key_works(state)
    outcome = ActionOutcome.DONE if confirmed else ActionOutcome.UNCONFIRMED
    by = attempt.targets[0].by
    state = report_reading(
        replace(state, problem=None, unanswered=None),
        attempt.reading or {},
        attempt.via,
        now,
        by=by,
        confirmed=confirmed,
    )
    return add_events(state, attempt.targets, outcome, now, via=attempt.via)


def _asked(state: ControlState, outcome: Outcome, now: Now) -> ControlState:
    """Return the state after the plug was asked whether it would follow an outage."""
    via, left = state.asking[0], state.asking[1:]
    if via is Via.LOCAL:
        state = _checked(state, outcome, now)
    if isinstance(outcome, DeviceError):
        state = replace(state, asking=left)
        return state if left else report_unanswered(state, outcome.reason)
    state = replace(state, asking=(), unanswered=None)
    if via is Via.LOCAL:
        return state
    return report_reading(state, outcome if isinstance(outcome, Mapping) else {}, via, now, confirmed=True)


def _checked(state: ControlState, outcome: Outcome, now: Now) -> ControlState:
    state = replace(state, check_at_s=now.monotonic_s + state.check_every_s)
    if isinstance(outcome, DeviceError):
        if state.published.via is Via.CLOUD:  # the cloud's reading may still be right
            return state
        return report_unreachable(state, outcome.reason, now)
    reading = outcome if isinstance(outcome, Mapping) else {}
    moved = bool(state.reading) and any(state.reading.get(gang) is not on for gang, on in reading.items())
    state = report_reading(state, reading, Via.LOCAL, now, by="device" if moved else None, confirmed=True)
    judged_later = None if state.dry_run else reading  # what was only pretended has not come back on
    return replace(state, recent=reading, read_at_s=now.monotonic_s, unanswered=None, unjudged=judged_later)
