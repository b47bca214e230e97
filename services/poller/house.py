"""The house as a whole: one state of the grid for all its inverters, and one sum of several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.poller import grid
from services.poller.grid import GridTrack
from services.poller.inverter_sum import inverter_sum
from services.poller.witnesses import (
    NOTHING_YET,
    Agreement,
    Witness,
    after_clock_change,
    agreement,
    dissenters,
    speaker,
)
from shared.bus import Publisher
from shared.conditions import Reason, poller
from shared.health import Health
from shared.live_figures import ALL
from shared.messages import Grid, GridState, InverterState
from shared.topics import GRID_STATE, INVERTER_STATE
from shared.trusted_time import ClockChange


@dataclass
class Member:
    """One inverter of the house. look makes it read the grid at once; is_new: its reading is in no sum yet."""

    witness: Witness
    look: Callable[[], None]
    state: InverterState | None = None
    rated_w: int | None = None
    is_new: bool = False


@dataclass
class House:
    """Publishes grid/state, and for several inverters inverter/all/state, whenever one of them has news."""

    bus: Publisher
    health: Health
    track: GridTrack
    said: Agreement = NOTHING_YET
    _members: dict[str, Member] = field(default_factory=dict)
    _published: tuple[object, ...] = ()
    _silent: tuple[str, ...] = ()

    def join(self, witness: Witness, look: Callable[[], None]) -> None:
        """Add an inverter, or start over with one that is now reached in another way."""
        self._members[witness.name] = Member(witness, look)

    def leave(self, name: str, now: datetime) -> None:
        """Remove an inverter that is no longer listed."""
        del self._members[name]
        self._judge()
        self._publish_grid(now)
        self._publish_sum()

    def arrange(self, names: Sequence[str]) -> None:
        """Keep the inverters in the order of the list."""
        self._members = {name: self._members[name] for name in names if name in self._members}

    def on_grid(self, witness: Witness, at: datetime) -> None:
        """Take in what one inverter now knows of the grid."""
        member = self._members[witness.name]
        is_loss = witness.state is Grid.OFF and member.witness.state is not Grid.OFF
        member.witness = witness
        if is_loss:
            for name, other in self._members.items():
                if name != witness.name:
                    other.look()
        self._judge()
        self._publish_grid(at, witness.name)

    def on_state(self, name: str, state: InverterState | None) -> None:
        """Take in a reading of one inverter, or None if it is silent."""
        member = self._members[name]
        member.state, member.is_new = state, state is not None
        self._publish_sum()

    def on_rated_power(self, name: str, watts: int | None) -> None:
        """Note the rated power of one inverter."""
        self._members[name].rated_w = watts

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self.track = grid.after_clock_change(self.track, change)
        self.said = change.moved(self.said)
        for member in self._members.values():
            member.witness = after_clock_change(member.witness, change)
            member.state = change.moved(member.state)

    # the grid

    def _judge(self) -> None:
        witnesses = self._witnesses
        self.said = agreement(witnesses, self.said)
        self.track = after_agreement(self.track, self.said)
        self.health.report("witnesses", _disagreement(witnesses, self.said.discredited))
        self.health.report("phases", _lost_phases(self.said.phases) if self.track.state is Grid.ON else None)

    def _publish_grid(self, at: datetime, name: str = "") -> None:
        """Publish the grid when it has changed, and with every reading of the inverter whose figures are shown."""
        witnesses = self._witnesses
        shown = speaker(witnesses, self.track.state, self.said.discredited)
        is_unknown = self.track.state is Grid.UNKNOWN
        if is_unknown and any(witness.track.pending for witness in witnesses):
            return  # the first confirmation is a moment away: do not publish unknown before it
        off = dissenters(witnesses, self.said.discredited)
        news = (self.track.state, self.track.since, self.said.phases, off)
        is_due = name == shown.name if shown else is_unknown
        if news == self._published and not is_due:
            return
        self._published = news
        message = grid.to_message(self.track, at, shown.reading if shown else None)
        more = {"phases": dict(self.said.phases) or None, "dissenters": off}
        self.bus.publish(GRID_STATE, message.model_copy(update=more))

    @property
    def _witnesses(self) -> list[Witness]:
        return [member.witness for member in self._members.values()]

    # the sum

    def _publish_sum(self) -> None:
        """Publish the sum once all that answer have a new reading, and at once when one falls silent or is back."""
        if len(self._members) < 2:
            return
        silent = tuple(name for name, member in self._members.items() if member.state is None)
        is_complete = all(member.is_new for member in self._members.values() if member.state)
        if not is_complete and silent == self._silent:
            return
        self._silent = silent
        states = {name: member.state for name, member in self._members.items()}
        total = inverter_sum(states, {name: member.rated_w for name, member in self._members.items()})
        if total:
            for member in self._members.values():
                member.is_new = False
            self.bus.publish(INVERTER_STATE, total, ALL)


def after_agreement(track: GridTrack, said: Agreement) -> GridTrack:
    """Return the track of the whole grid, given the verdict of all witnesses."""
    if said.state is None or said.state is track.state:
        return track
    since = said.since or track.since
    if said.state is Grid.UNKNOWN:
        return grid.unknown_since(track, since)
    return grid.confirmed(track, said.state, since if track.state is Grid.UNKNOWN else max(since, track.since))


def restored(last: GridState | None) -> Agreement:
    """Return what our own retained message says about the witnesses, after a restart."""
    if last is None:
        return NOTHING_YET
    phases = last.phases or {}
    lost = (phase for phase, is_there in phases.items() if is_there is False)
    alone = frozenset(lost) if last.state is not Grid.OFF else frozenset()
    return Agreement(phases=phases, discredited=frozenset(last.dissenters), alone=alone)


def _disagreement(witnesses: Sequence[Witness], discredited: frozenset[str]) -> Reason | None:
    """Return which witnesses say off, and which of the same phase say on."""
    off = dissenters(witnesses, discredited)
    phases = {witness.phase for witness in witnesses if witness.name in off}
    on = [witness.name for witness in witnesses if witness.state is Grid.ON and witness.phase in phases]
    return poller.witnesses_disagree(off=", ".join(off), on=", ".join(on)) if off and on else None


def _lost_phases(phases: Mapping[int, bool | None]) -> Reason | None:
    lost = [str(phase) for phase, is_there in phases.items() if is_there is False]
    return poller.phases_lost(phases=", ".join(lost)) if lost else None
