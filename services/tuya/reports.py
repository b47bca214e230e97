"""What is published about a plug: its state, and actions as events. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from services.tuya.control_state import ControlState, Now
from services.tuya.grid_rules import GangStates, tells_all
from services.tuya.journal import Target
from services.tuya.off_on_test import first_halves
from shared.conditions import Reason, plugs
from shared.messages import ActionOutcome, PlugAction, Via


def refuse(state: ControlState, reason: Reason, now: Now) -> ControlState:
    """Return the state after a refused command."""
    return report(state, now, reason=reason)


def learn(state: ControlState, reading: GangStates, now: Now, *, online: bool) -> ControlState:
    """Return the state with what the account's list says, where nothing is known yet."""
    if state.published.reachable is not None:
        return state
    return report_reading(state, reading, Via.CLOUD, now, reachable=online)


def drop(state: ControlState, targets: Iterable[Target], reason: Reason, now: Now) -> ControlState:
    """Return the state after targets were dropped."""
    state = report(replace(state, problem=None), now, pending=pending(state), reason=None)
    return add_events(state, targets, ActionOutcome.DROPPED, now, reason=reason)


def retire(state: ControlState, now: Now, *, for_good: bool) -> ControlState:
    """Return the state of a plug that is listed differently from now on, or for good no longer watched."""
    state = replace(state, problem=None, key_problem=None, unanswered=None)
    if not for_good:
        return state
    return report(state, now, **_nothing_known(state), reachable=None, pending=None, reason=plugs.RETIRED())


def report(state: ControlState, now: Now, **changes: object) -> ControlState:
    """Return the state with a new message to publish; fields that are not given stay."""
    return replace(state, published=state.published.model_copy(update={"at": now.utc} | changes))


def report_reading(
    state: ControlState,
    reading: GangStates,
    via: Via,
    now: Now,
    *,
    by: str | None = None,
    confirmed: bool = False,
    reachable: bool = True,
) -> ControlState:
    """Return the state with a reading; `by` is who has switched the plug since the one before."""
    return report(
        replace(state, reading=dict(reading)),
        now,
        on=True if True in reading.values() else False if tells_all(reading) else None,
        gangs=dict(reading) if len(reading) > 1 else {},
        reachable=reachable,
        via=via,
        confirmed=confirmed,
        pending=pending(state),
        reason=None,
        switched_by=by or state.published.switched_by,
        since=now.utc if by else state.published.since,
    )


def report_unreachable(state: ControlState, reason: Reason, now: Now) -> ControlState:
    """Return the state of a plug that does not answer: its last reading is not published any more."""
    return report(state, now, **_nothing_known(state), reachable=False, reason=reason)


def report_unanswered(state: ControlState, reason: Reason) -> ControlState:
    """Return the state of a plug that was asked while there is power, and would not follow an outage."""
    return replace(state, unanswered=plugs.would_not_follow(name=state.plug.title, cause=reason))


def report_failure(state: ControlState, reason: Reason, now: Now) -> ControlState:
    """Return the state with an event for each target that is tried and fails, once; attempts go on."""
    if state.is_reported:
        return state
    is_repeated = state.retries and not first_halves(state.tried)
    reason = plugs.retrying(cause=reason) if is_repeated else reason
    return add_events(replace(state, is_reported=True), state.tried, ActionOutcome.FAILED, now, reason=reason)


def report_common_trouble(state: ControlState, now: Now) -> ControlState:
    """Return the state of a plug that is silent as all are: that is no longer its own trouble, nor expected."""
    reason = state.common_trouble
    if reason is None or not state.is_silent:
        return state
    return report_failure(report(state, now, reason=reason), reason, now)


def add_events(
    state: ControlState,
    targets: Iterable[Target],
    outcome: ActionOutcome,
    now: Now,
    *,
    via: Via | None = None,
    reason: Reason | None = None,
) -> ControlState:
    """Return the state with an action to publish for each target."""
    events = tuple(
        PlugAction(
            at=now.utc,
            on=target.on,
            gang=target.gang if len(state.plug.gangs) > 1 else None,
            by=target.by,
            outcome=outcome,
            via=via,
            transition_id=target.transition_id if target.by_grid else None,
            reason=reason,
        )
        for target in targets
    )
    return replace(state, events=state.events + events)


def pending(state: ControlState) -> bool | None:
    """Return what the plug should become and has not yet."""
    wanted = [target.on for target in state.shared.journal.targets.values() if target.plug == state.plug.id]
    return wanted[0] if wanted else None


def _nothing_known(state: ControlState) -> dict[str, object]:
    return {"on": None, "gangs": dict.fromkeys(state.published.gangs), "confirmed": False}
