"""What to do next at one plug: a pure function of what is known about it.

An attempt to switch is read, decide, persist, switch, read back. `next_step` chooses each action, the controller
performs it, and `after` folds the outcome into the state. Where one way fails, the next one is tried from the start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from services.tuya.connection import CloudUnreachableError
from services.tuya.grid_rules import GangStates, Rules, on_reading
from services.tuya.journal import Journal, Target
from services.tuya.plug import Plug
from services.tuya.targets import completed, dropped, due, expired, given_up, mark_to_restore, next_turn
from shared.backoff import pause_s
from shared.conditions import Reason, plugs
from shared.errors import CommandRefusedError, DeviceError, DeviceOfflineError, StorageError
from shared.messages import ActionOutcome, GridState, PlugAction, PlugState, Via

RETRY_FIRST_S = 1.0
RETRY_MOST_S = 60.0
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
SHORTEST_WAIT_S = 0.01


@dataclass(frozen=True)
class Now:
    """This moment, and a clock that nobody sets."""

    utc: datetime
    monotonic_s: float


@dataclass(frozen=True)
class SharedState:
    """What all plugs have in common; the journal in it is on disk."""

    journal: Journal
    rules: Rules
    grid: GridState | None = None


class Result(StrEnum):
    """What reading back has shown."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    FLIPPED = "flipped"


@dataclass(frozen=True)
class Attempt:
    """One attempt to reach some targets, and how far it has come. `ways` are those left, the current one first."""

    targets: tuple[Target, ...]
    ways: tuple[Via, ...]
    error: DeviceError | None = None
    """Why the way before failed."""
    reading: GangStates | None = None
    switched: bool = False
    read_backs: int = 0
    read_back_at_s: float = 0
    result: Result | None = None

    @property
    def via(self) -> Via | None:
        """The way that is tried now."""
        return self.ways[0] if self.ways else None

    @property
    def values(self) -> dict[str, bool]:
        """What each gang should become."""
        return {target.gang: target.on for target in self.targets}


@dataclass(frozen=True)
class CloudHold:
    """What the cloud has answered about a plug, and until when it is not asked again."""

    error: DeviceError
    until_s: float
    answers: int


@dataclass(frozen=True)
class PlugControl:
    """Everything known about one plug. `tried` are the targets that `failures`, `flips` and `cloud_hold` are about."""

    plug: Plug
    ways: tuple[Via, ...]
    shared: SharedState
    published: PlugState
    check_every_s: float
    dry_run: bool = False
    retries: bool = True
    """Whether a failed attempt is repeated; a command-line tool tries once."""

    reading: GangStates = field(default_factory=dict)
    unjudged: GangStates | None = None
    """A reading that on_reading has not seen yet."""
    check_at_s: float = 0
    attempt: Attempt | None = None
    tried: tuple[Target, ...] = ()
    failures: int = 0
    flips: int = 0
    retry_at_s: float = 0
    paused_until_s: float = 0
    cloud_hold: CloudHold | None = None

    problem: Reason | None = None
    key_problem: Reason | None = None
    events: tuple[PlugAction, ...] = ()
    """To be published, oldest first."""


@dataclass(frozen=True)
class Wait:
    """Wait, or until something has changed."""

    seconds: float


@dataclass(frozen=True)
class Begin:
    """Begin an attempt to reach these targets."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Abandon:
    """End the attempt: its targets are no longer wanted."""


@dataclass(frozen=True)
class Read:
    """Read the plug."""

    via: Via


@dataclass(frozen=True)
class Switch:
    """Send the command, over the connection that the plug was read with."""

    via: Via
    values: Mapping[str, bool]


@dataclass(frozen=True)
class Persist:
    """Save this journal before anything else is done or published."""

    journal: Journal


@dataclass(frozen=True)
class MarkToRestore(Persist):
    """Save what is about to be switched off for the grid."""


@dataclass(frozen=True)
class Complete(Persist):
    """Save that the targets are reached."""


@dataclass(frozen=True)
class GiveUp(Persist):
    """Save that the plug is left alone."""


@dataclass(frozen=True)
class Expire(Persist):
    """Save that people's old targets are dropped."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Resist(Persist):
    """Save that the plug came back on by itself: it is switched off again, or left on where that was too often."""

    left_on: tuple[str, ...]


Action: TypeAlias = Wait | Begin | Abandon | Read | Switch | Persist
Outcome: TypeAlias = GangStates | DeviceError | StorageError | None


def next_step(state: PlugControl, now: Now) -> Action:
    """Return what to do next."""
    if now.monotonic_s < state.paused_until_s:
        return Wait(state.paused_until_s - now.monotonic_s)
    if state.attempt:
        return _next_in_attempt(state, state.attempt, now)
    return _upkeep(state, now) or _next_contact(state, now)


def _upkeep(state: PlugControl, now: Now) -> Action | None:
    """Return what the last reading, or the age of a command, changes in the journal."""
    shared, plug = state.shared, state.plug
    if state.unjudged is not None:
        judged, left_on = on_reading(shared.journal, plug, state.unjudged, shared.grid, now.utc)
        if judged is not shared.journal:
            return Resist(judged, left_on)
    late = tuple(target for target in expired(shared.journal, now.utc) if target.plug == plug.id)
    return Expire(dropped(shared.journal, late), late) if late else None


def _next_contact(state: PlugControl, now: Now) -> Action:
    targets = _due(state, now)
    if targets and (targets != state.tried or now.monotonic_s >= state.retry_at_s):
        return Begin(targets)
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


def _next_in_attempt(state: PlugControl, attempt: Attempt, now: Now) -> Action:
    journal, via = state.shared.journal, attempt.via
    if attempt.result is Result.FLIPPED:
        return GiveUp(given_up(journal, attempt.targets))
    if attempt.result:
        return Complete(completed(journal, attempt.targets))
    if via and attempt.switched and now.monotonic_s < attempt.read_back_at_s:
        return Wait(attempt.read_back_at_s - now.monotonic_s)
    if via and (attempt.switched or attempt.reading is None):
        return Read(via)
    return _decide(state, attempt, now)


def _decide(state: PlugControl, attempt: Attempt, now: Now) -> Action:
    """Return what follows from the reading before a command. Nothing is switched off for the grid without its mark."""
    journal, wanted = state.shared.journal, _due(state, now)
    if any(target not in wanted for target in attempt.targets):
        return Abandon()
    marked = mark_to_restore(journal, attempt.targets, attempt.reading or {}, now.utc)
    if marked is not journal:
        return MarkToRestore(marked)
    if state.dry_run or not attempt.via:
        return Complete(completed(journal, attempt.targets))
    return Switch(attempt.via, attempt.values)


def after(state: PlugControl, action: Action, outcome: Outcome, now: Now) -> PlugControl:
    """Return the state after an action. Errors are outcomes; None is that of an action without a result."""
    state = replace(state, unjudged=None)
    match action:
        case Wait():
            return state
        case Begin():
            return _begun(state, action.targets, now)
        case Abandon():
            return _published(replace(state, attempt=None), now, pending=_pending(state))
        case Persist():
            return _after_persist(state, action, outcome, now)
        case Read() | Switch():
            return _after_contact(state, action, outcome, now)


def _after_persist(state: PlugControl, action: Persist, outcome: Outcome, now: Now) -> PlugControl:
    if isinstance(outcome, StorageError):
        return replace(state, attempt=None, paused_until_s=now.monotonic_s + STORAGE_RETRY_S)
    state = replace(state, shared=replace(state.shared, journal=action.journal))
    match action:
        case Complete() if state.attempt:
            return _completed(state, state.attempt, now)
        case GiveUp() if state.attempt:
            return _given_up(state, state.attempt, now)
        case Expire():
            return drop(state, action.targets, plugs.EXPIRED(), now)
        case Resist() if action.left_on:
            reason = plugs.came_back_on(name=state.plug.title)
            problem = plugs.left_alone(cause=reason, tries=MAX_FLIPS)
            return _published(replace(state, problem=problem), now, pending=_pending(state), reason=reason)
    return state


def _after_contact(state: PlugControl, action: Read | Switch, outcome: Outcome, now: Now) -> PlugControl:
    attempt = state.attempt
    if attempt is None:
        return _checked(state, outcome, now)
    if isinstance(outcome, DeviceError):
        return _way_failed(state, attempt, _hold_cloud(state, attempt, outcome, now), outcome, now)
    if isinstance(action, Switch):
        return replace(state, attempt=replace(attempt, switched=True, read_back_at_s=now.monotonic_s))
    reading = outcome if isinstance(outcome, Mapping) else {}
    attempt = replace(attempt, reading=reading)
    if attempt.switched:
        return _read_back(state, attempt, reading, now)
    if state.dry_run:
        state = _published_reading(state, reading, action.via, now)
    return replace(state, attempt=attempt)


# what happens from outside


def refuse(state: PlugControl, reason: Reason, now: Now) -> PlugControl:
    """Return the state after a refused command."""
    return _published(state, now, reason=reason)


def learn(state: PlugControl, reading: GangStates, now: Now, *, online: bool) -> PlugControl:
    """Return the state with what the account's list says, where nothing is known yet."""
    if state.published.reachable is not None:
        return state
    return _published_reading(state, reading, Via.CLOUD, now, reachable=online)


def drop(state: PlugControl, targets: Iterable[Target], reason: Reason, now: Now) -> PlugControl:
    """Return the state after targets were dropped."""
    state = _published(replace(state, problem=None), now, pending=_pending(state), reason=None)
    return _with_events(state, targets, ActionOutcome.DROPPED, now, reason=reason)


def retire(state: PlugControl, now: Now, *, for_good: bool) -> PlugControl:
    """Return the state of a plug that is listed differently from now on, or for good no longer watched."""
    state = replace(state, problem=None, key_problem=None)
    if not for_good:
        return state
    return _published(state, now, **_nothing_known(state), reachable=None, pending=None, reason=plugs.RETIRED())


# the course of an attempt


def _begun(state: PlugControl, targets: tuple[Target, ...], now: Now) -> PlugControl:
    if targets != state.tried:
        state = replace(state, tried=targets, failures=0, flips=0, cloud_hold=None)
    state = _published(state, now, pending=targets[0].on)
    if not state.ways and not state.dry_run:
        return _failed(state, targets, CommandRefusedError(plugs.no_way(name=state.plug.title)), now)
    return _on_way(state, Attempt(targets, state.ways[:1] if state.dry_run else state.ways), now)


def _on_way(state: PlugControl, attempt: Attempt, now: Now) -> PlugControl:
    """Go on with the first way of an attempt, unless the cloud is not to be asked again yet."""
    hold = state.cloud_hold
    if attempt.via is Via.CLOUD and hold and now.monotonic_s < hold.until_s:
        return _way_failed(state, attempt, hold, hold.error, now)
    return replace(state, attempt=attempt)


def _way_failed(
    state: PlugControl, attempt: Attempt, hold: CloudHold | None, error: DeviceError, now: Now
) -> PlugControl:
    state = replace(state, attempt=None, cloud_hold=hold)
    error = _both(attempt.error, error) if attempt.error else error
    if attempt.ways[1:]:
        return _on_way(state, Attempt(attempt.targets, attempt.ways[1:], error), now)
    return _failed(state, attempt.targets, error, now)


def _hold_cloud(state: PlugControl, attempt: Attempt, error: DeviceError, now: Now) -> CloudHold | None:
    """Return for how long the cloud is not asked again about this plug: ever longer, for it counts its answers."""
    hold = state.cloud_hold
    if attempt.via is not Via.CLOUD or isinstance(error, CloudUnreachableError):
        return hold
    answers = hold.answers if hold else 0
    until_s = now.monotonic_s + pause_s(answers, CLOUD_RETRY_FIRST_S, CLOUD_RETRY_MOST_S)
    return CloudHold(error, until_s, answers + 1)


def _both(first: DeviceError, second: DeviceError) -> DeviceError:
    """Return one error for two: worth another try if one of them is."""
    reason = plugs.both_ways_failed(local=first.reason, cloud=second.reason)
    final = isinstance(first, CommandRefusedError) and isinstance(second, CommandRefusedError)
    return CommandRefusedError(reason) if final else DeviceOfflineError(reason)


def _failed(state: PlugControl, targets: tuple[Target, ...], error: DeviceError, now: Now) -> PlugControl:
    """Retry later. A plug that does not answer in a blackout is expected: it may have lost its power too."""
    offline = isinstance(error, DeviceOfflineError)
    expected = offline and not any(target.on or not target.by_grid for target in targets)
    if not expected:
        problem = plugs.not_switched(name=state.plug.title, cause=error.reason)
        state = replace(state, problem=problem)
    if offline:
        state = _unreachable(state, error.reason, now)
    else:
        state = _published(state, now, reason=error.reason, confirmed=False)
    if state.failures == 0 and not expected:
        reason = plugs.retrying(cause=error.reason) if state.retries else error.reason
        state = _with_events(state, targets, ActionOutcome.FAILED, now, reason=reason)
    return _retry_later(state, now, refused=isinstance(error, CommandRefusedError))


def _retry_later(state: PlugControl, now: Now, *, refused: bool) -> PlugControl:
    pause = REFUSED_RETRY_S if refused else pause_s(state.failures, RETRY_FIRST_S, RETRY_MOST_S)
    return replace(state, attempt=None, failures=state.failures + 1, retry_at_s=now.monotonic_s + pause)


def _read_back(state: PlugControl, attempt: Attempt, reading: GangStates, now: Now) -> PlugControl:
    done = attempt.read_backs + 1
    if all(reading.get(gang) is on for gang, on in attempt.values.items()):
        return replace(state, attempt=replace(attempt, result=Result.CONFIRMED))
    if done < READ_BACKS and attempt.via:
        at_s = now.monotonic_s + done * READ_BACK_PAUSE_S[attempt.via]
        return replace(state, attempt=replace(attempt, read_backs=done, read_back_at_s=at_s))
    if any(reading.get(gang) is (not on) for gang, on in attempt.values.items()):
        return _flipped(state, attempt, now)
    return replace(state, attempt=replace(attempt, result=Result.UNCONFIRMED))


def _flipped(state: PlugControl, attempt: Attempt, now: Now) -> PlugControl:
    state = replace(state, flips=state.flips + 1)
    if state.flips >= MAX_FLIPS or not state.retries:
        return replace(state, attempt=replace(attempt, result=Result.FLIPPED))
    state = _published(state, now, reason=plugs.did_not_obey(name=state.plug.title))
    return _retry_later(state, now, refused=False)


def _given_up(state: PlugControl, attempt: Attempt, now: Now) -> PlugControl:
    reason = plugs.did_not_obey(name=state.plug.title)
    state = replace(state, attempt=None, tried=(), problem=plugs.left_alone(cause=reason, tries=MAX_FLIPS))
    state = _published(state, now, pending=_pending(state), reason=reason, confirmed=False)
    return _with_events(state, attempt.targets, ActionOutcome.FAILED, now, reason=reason)


def _completed(state: PlugControl, attempt: Attempt, now: Now) -> PlugControl:
    state = replace(state, attempt=None, tried=())
    if state.dry_run or not attempt.via:
        state = _published(state, now, pending=_pending(state))
        return _with_events(state, attempt.targets, ActionOutcome.DRY_RUN, now, reason=plugs.DRY_RUN())
    if attempt.via is Via.CLOUD:
        state = replace(state, cloud_hold=None)
    confirmed = attempt.result is Result.CONFIRMED
    outcome = ActionOutcome.DONE if confirmed else ActionOutcome.UNCONFIRMED
    by = attempt.targets[0].by
    state = _published_reading(
        replace(state, problem=None), attempt.reading or {}, attempt.via, now, by=by, confirmed=confirmed
    )
    return _with_events(state, attempt.targets, outcome, now, via=attempt.via)


# checks, and what is published


def _checked(state: PlugControl, outcome: Outcome, now: Now) -> PlugControl:
    state = replace(state, check_at_s=now.monotonic_s + state.check_every_s)
    if isinstance(outcome, DeviceError):
        if isinstance(outcome, CommandRefusedError):
            state = replace(state, key_problem=outcome.reason)
        if state.published.via is Via.CLOUD:  # the cloud's reading may still be right
            return state
        return _unreachable(state, outcome.reason, now)
    reading = outcome if isinstance(outcome, Mapping) else {}
    moved = bool(state.reading) and any(state.reading.get(gang) is not on for gang, on in reading.items())
    state = _published_reading(state, reading, Via.LOCAL, now, by="device" if moved else None, confirmed=True)
    judged_later = None if state.dry_run else reading  # what was only pretended has not come back on
    return replace(state, key_problem=None, unjudged=judged_later)


def _published_reading(
    state: PlugControl,
    reading: GangStates,
    via: Via,
    now: Now,
    *,
    by: str | None = None,
    confirmed: bool = False,
    reachable: bool = True,
) -> PlugControl:
    """Return the state with a reading; `by` is who has switched the plug since the one before."""
    values = list(reading.values())
    return _published(
        replace(state, reading=dict(reading)),
        now,
        on=True if True in values else False if values and None not in values else None,
        gangs=dict(reading) if len(reading) > 1 else {},
        reachable=reachable,
        via=via,
        confirmed=confirmed,
        pending=_pending(state),
        reason=None,
        switched_by=by or state.published.switched_by,
        since=now.utc if by else state.published.since,
    )


def _unreachable(state: PlugControl, reason: Reason, now: Now) -> PlugControl:
    """Return the state of a plug that does not answer: its last reading is not published any more."""
    return _published(state, now, **_nothing_known(state), reachable=False, reason=reason)


def _nothing_known(state: PlugControl) -> dict[str, object]:
    return {"on": None, "gangs": dict.fromkeys(state.published.gangs), "confirmed": False}


def _published(state: PlugControl, now: Now, **changes: object) -> PlugControl:
    """Return the state with a new message to publish; fields that are not given stay."""
    return replace(state, published=state.published.model_copy(update={"at": now.utc} | changes))


def _with_events(
    state: PlugControl,
    targets: Iterable[Target],
    outcome: ActionOutcome,
    now: Now,
    *,
    via: Via | None = None,
    reason: Reason | None = None,
) -> PlugControl:
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


def _pending(state: PlugControl) -> bool | None:
    wanted = [target.on for target in state.shared.journal.targets.values() if target.plug == state.plug.id]
    return wanted[0] if wanted else None


def _due(state: PlugControl, now: Now) -> tuple[Target, ...]:
    shared = state.shared
    return due(shared.journal, state.plug, shared.rules, shared.grid, now.utc)
