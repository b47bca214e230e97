"""One verdict on the grid from all inverters, pure: no clock, no I/O. Times are seconds of a clock that never jumps.

Every inverter is a witness of the grid at its own input. The grid, or a phase of it, is off only if every witness that
can see it agrees:

- A silent witness says nothing. If all are silent, the grid is unknown.
- A loss counts once every witness that answers has looked since; until then the last verdict holds. So no single phase
  is reported as lost while all of them are going.
- A witness is discredited if, while it says off, another one of its phase looked later and saw power. It counts again
  when it sees power itself, or when a credible one agrees. On its own it makes the grid unknown, never off.
- One that stops answering just when another sees the loss does not delay the verdict: the power cut may have taken its
  network.
- The grid is on while any phase is. If one phase was lost alone, and then the witnesses of the others fall silent, the
  grid is unknown, not off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from services.poller import grid
from services.poller.grid import GridReading, GridTrack
from shared.messages import Grid
from shared.trusted_time import ClockChange

LAG_S = 2.0
"""An inverter may still measure power this long after another one has lost it."""


@dataclass(frozen=True)
class Witness:
    """What one inverter knows about the grid, in a track of its own.

    answers is whether its last reading arrived, None before the first one. looked_s is when the newest reading that
    supports its state began, changed_s when the first such reading began.
    """

    name: str
    track: GridTrack
    phase: int | None = None
    reading: GridReading | None = None
    answers: bool | None = None
    looked_s: float = -inf
    changed_s: float = -inf
    candidate_s: float | None = None

    @property
    def state(self) -> Grid:
        """What it says about the grid; unknown is no statement."""
        return self.track.state


def after_look(witness: Witness, track: GridTrack, reading: GridReading, began_s: float, *, usable: bool) -> Witness:
    """Return a witness after a reading that began at `began_s` and led to this track."""
    is_same = track.candidate is not None and track.candidate is witness.track.candidate
    first_s = witness.candidate_s if is_same or track.state is witness.track.candidate else None
    first_s = began_s if first_s is None else first_s
    return replace(
        witness,
        track=track,
        reading=reading,
        answers=True,
        looked_s=began_s if usable and track.candidate is None else witness.looked_s,
        changed_s=witness.changed_s if track.state is witness.track.state else first_s,
        candidate_s=None if track.candidate is None else first_s,
    )


def after_failure(witness: Witness, track: GridTrack) -> Witness:
    """Return a witness that gave no reading."""
    return replace(witness, track=track, reading=None, answers=False, candidate_s=None)


def after_clock_change(witness: Witness, change: ClockChange) -> Witness:
    """Return a witness by the new clock."""
    return replace(change.moved(witness), track=grid.after_clock_change(witness.track, change))


@dataclass(frozen=True)
class Agreement:
    """The joint verdict of all witnesses. state None: not every witness has looked yet, so the last verdict holds.

    phases are those that the list of inverters names; None is unknown. discredited are the witnesses that were
    contradicted while they said off, alone the phases that were lost while another one was there.
    """

    state: Grid | None = None
    since: datetime | None = None
    phases: Mapping[int, bool | None] = field(default_factory=dict)
    discredited: frozenset[str] = frozenset()
    alone: frozenset[int | None] = frozenset()


NOTHING_YET = Agreement()
Verdicts = Mapping[int | None, Grid | None]
"""The verdict of the witnesses of each phase; None if not all have looked yet."""


def agreement(witnesses: Sequence[Witness], before: Agreement = NOTHING_YET) -> Agreement:
    """Return the joint verdict of the witnesses."""
    groups: dict[int | None, list[Witness]] = {}
    for witness in witnesses:
        groups.setdefault(witness.phase, []).append(witness)
    doubted = frozenset(name for group in groups.values() for name in _discredited(group, before.discredited))
    seen = {phase: _verdict(group, witnesses, doubted) for phase, group in groups.items()}
    confirmed = {w.name for w in witnesses if seen[w.phase] is Grid.OFF}
    verdicts = {phase: _or_before(verdict, phase, before) for phase, verdict in seen.items()}
    alone = _alone(verdicts, before.alone)
    state = _together(verdicts, alone)
    if state is Grid.OFF:
        alone = frozenset()
    return Agreement(
        state=state,
        since=_since(state, groups, doubted),
        phases={phase: _is_there(verdicts[phase]) for phase in sorted(filter(None, verdicts))},
        discredited=doubted - confirmed,
        alone=alone,
    )


def speaker(witnesses: Sequence[Witness], state: Grid, discredited: frozenset[str]) -> Witness | None:
    """Return the first witness that answers and sees this state: its figures are shown."""
    seeing = (w for w in witnesses if w.state is state and w.name not in discredited)
    return next((w for w in seeing if w.answers and w.reading), None)


def dissenters(witnesses: Sequence[Witness], discredited: frozenset[str]) -> tuple[str, ...]:
    """Return the witnesses that say off and are contradicted."""
    return tuple(w.name for w in witnesses if w.name in discredited and w.state is Grid.OFF)


def _discredited(group: Sequence[Witness], before: frozenset[str]) -> Iterator[str]:
    """Yield the witnesses of one phase that say off, or are silent now, and have been contradicted."""
    if len(group) < 2:
        return
    last_seen_s = max((w.looked_s for w in group if w.state is Grid.ON), default=-inf)
    for witness in group:
        is_contradicted = witness.state is Grid.OFF and last_seen_s > witness.changed_s + LAG_S
        if witness.state is not Grid.ON and (is_contradicted or witness.name in before):
            yield witness.name


def _verdict(group: Sequence[Witness], everybody: Sequence[Witness], doubted: frozenset[str]) -> Grid | None:
    """Return the verdict of the witnesses of one phase, or None if not all have looked since a loss."""
    losses = [w.changed_s for w in group if w.state is Grid.OFF and w.name not in doubted]
    newest_s, oldest_s = max(losses, default=-inf), min(losses, default=-inf)
    if any(w.state is Grid.ON and not (w.answers is False and w.looked_s < newest_s) for w in group):
        return Grid.ON
    if any(w.answers is None and w.state is Grid.UNKNOWN for w in group):
        return None
    if not losses:
        return Grid.UNKNOWN
    others = [w for w in everybody if w.phase != group[0].phase]
    if any(w.answers is None or (w.answers and w.state is Grid.ON and w.looked_s < oldest_s) for w in others):
        return None
    return Grid.OFF


def _or_before(verdict: Grid | None, phase: int | None, before: Agreement) -> Grid | None:
    """Return the verdict on a phase, or the last one if not all witnesses have looked yet."""
    known = before.phases.get(phase) if phase else None
    return verdict if verdict or known is None else Grid.ON if known else Grid.OFF


def _alone(verdicts: Verdicts, before: frozenset[int | None]) -> frozenset[int | None]:
    """Return the phases that were lost while another one was there."""
    lost = {phase for phase, verdict in verdicts.items() if verdict is Grid.OFF}
    return frozenset(lost if Grid.ON in verdicts.values() else lost & before)


def _together(verdicts: Verdicts, alone: frozenset[int | None]) -> Grid | None:
    """Return the state of the whole grid: on while any phase is there."""
    if Grid.ON in verdicts.values():
        return Grid.ON
    if None in verdicts.values():
        return None
    lost = {phase for phase, verdict in verdicts.items() if verdict is Grid.OFF}
    return Grid.OFF if lost - alone else Grid.UNKNOWN


def _since(
    state: Grid | None, groups: Mapping[int | None, Sequence[Witness]], doubted: frozenset[str]
) -> datetime | None:
    """Return since when: by the first witness of the phase that came first, or of the phase that went last."""
    agreeing = [
        [w.track.since for w in group if w.state is state and w.name not in doubted] for group in groups.values()
    ]
    firsts = [min(moments) for moments in agreeing if moments]
    if state is Grid.UNKNOWN:
        return max((moment for moments in agreeing for moment in moments), default=None)
    return (max if state is Grid.OFF else min)(firsts, default=None)


def _is_there(verdict: Grid | None) -> bool | None:
    return {Grid.ON: True, Grid.OFF: False}.get(verdict) if verdict else None
