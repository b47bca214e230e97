"""A random night: plugs, a grid, and between them the state machine of every plug, which may be killed anywhere."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from services.tuya import commands, grid_rules, off_on_test, targets
from services.tuya.actions import Action, Expire, Outcome, Persist, Read, Switch, Wait
from services.tuya.control_state import ControlState, Now
from services.tuya.journal import Journal, Target
from services.tuya.next_step import next_step
from services.tuya.outcomes import after
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState
from shared.conditions import plugs as conditions
from shared.errors import DeviceOfflineError
from shared.messages import Grid, GridState, PlugCommand, PlugState, Via
from tests.tuya.facts import NOW, PLUGS, RULES

CHECK_S = 30.0


def new_control(plug: Plug, shared: SharedState, at: datetime, ways: tuple[Via, ...] = (Via.LOCAL,)) -> ControlState:
    return ControlState(plug, ways, shared, PlugState(at=at, name=plug.title), CHECK_S)


@dataclass
class World:
    """Plugs, a grid, and the service between them, which may be killed at any moment."""

    relays: dict[str, bool]
    reachable: bool = True
    now: datetime = NOW
    clock_s: float = 0
    grid_on: bool = True
    id: int = 0
    since: datetime = NOW
    owned: dict[str, bool] = field(default_factory=dict)
    """What somebody has commanded since the grid went, or before it, and it was not yet done."""
    last_word: dict[str, bool] = field(default_factory=dict)
    """What somebody has commanded last since the grid turned and that the service knows of."""
    on_before: dict[str, bool] = field(default_factory=dict)
    commanded: list[tuple[str, bool, bool]] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    """As it is on disk."""
    known: GridState | None = None
    turned_at_s: float = 0
    controls: dict[str, ControlState] = field(default_factory=dict)

    def turn(self) -> None:
        self.grid_on, self.id, self.since = not self.grid_on, self.id + 1, self.now
        self.last_word.clear()
        if not self.grid_on:
            people = (target for target in self.journal.targets.values() if not target.by_grid and not target.is_test)
            self.owned = {target.key: target.on for target in people}
            off_by_us = self.journal.to_restore.keys() | self.journal.tested.keys()
            self.on_before = {name: on or name in off_by_us for name, on in self.relays.items()}

    def reach(self, reachable: bool) -> None:
        self.reachable = reachable

    def wait(self) -> None:
        self.now += timedelta(seconds=45)
        self.clock_s += 45

    def set_clock(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def act(self) -> None:
        """Let the grid be steady for long enough to be acted on."""
        for _ in range(2):
            self.wait()
            self.say()
            self.work()

    def turn_and_act(self) -> None:
        self.turn()
        self.act()

    def say(self, *, unknown: bool = False, age_s: float = 0, id_: int | None = None) -> None:
        state = Grid.UNKNOWN if unknown else Grid.ON if self.grid_on else Grid.OFF
        self.receive(
            GridState(
                at=self.now - timedelta(seconds=age_s),
                state=state,
                since=self.since,
                transition_id=f"t{self.id if id_ is None else id_}",
            )
        )

    def receive(self, message: GridState) -> None:
        if not grid_rules.is_news(message, self.now) or grid_rules.is_outdated(message, self.known, self.now):
            return
        if self.known is None or self.known.transition_id != message.transition_id:
            self.turned_at_s = self.clock_s
        self.known = message
        stable_for = timedelta(seconds=self.clock_s - self.turned_at_s)
        self.journal = grid_rules.on_grid(self.journal, message, PLUGS, RULES, self.now, stable_for=stable_for)

    @property
    def shared(self) -> SharedState:
        return SharedState(self.journal, RULES, self.known)

    @property
    def moment(self) -> Now:
        return Now(self.now, self.clock_s)

    def kill(self) -> None:
        self.journal = Journal.model_validate_json(self.journal.model_dump_json())
        self.known = None
        self.controls = {}

    def work(self, *, killed_after: int = 999) -> None:
        """Let every plug's controller work until it waits; killed after so many actions, only the disk is left."""
        actions = 0
        for plug in PLUGS.values():
            control = self.controls.get(plug.id) or new_control(plug, self.shared, self.now)
            while not isinstance(action := next_step(replace(control, shared=self.shared), self.moment), Wait):
                if actions >= killed_after:
                    self.kill()
                    return
                outcome = self.perform(plug, replace(control, shared=self.shared), action)
                control = after(replace(control, shared=self.shared), action, outcome, self.moment)
                actions += 1
            self.controls[plug.id] = control

    def perform(self, plug: Plug, control: ControlState, action: Action) -> Outcome:
        match action:
            case Expire():
                self.journal = action.journal
                for target in action.targets:
                    self.last_word.pop(target.key, None)
            case Persist(journal):
                self.journal = journal
            case Read() | Switch() if not self.reachable:
                return DeviceOfflineError(conditions.no_answer(name=plug.title, host=""))
            case Read():
                return {gang: self.relays[f"{plug.id}/{gang}"] for gang in plug.gangs}
            case Switch():
                assert control.attempt
                self._switch(plug, control.attempt.targets)
        return None

    def _switch(self, plug: Plug, wanted: tuple[Target, ...]) -> None:
        due = targets.due(self.journal, plug, RULES, self.known, self.now)
        for target in wanted:
            assert target in due, "what is no longer wanted is never switched"
            self.commanded.append((target.key, target.on, target.by_grid))
            if target.by_grid and target.on:
                was_on = self.owned.get(target.key, self.on_before[target.key])
                assert was_on, "nothing is restored that was off before, or that a person has switched off since"
            if target.by_grid and not target.on and self.relays[target.key]:
                assert target.key in self.journal.to_restore, "what was on is on disk before it is switched off"
            self.relays[target.key] = target.on

    def command(self, plug: str, on: bool) -> None:
        command = PlugCommand(at=self.now, on=on, by="bot")
        if commands.refusal(PLUGS[plug], command, RULES, self.now) is None:
            self.journal = commands.on_command(self.journal, PLUGS[plug], command, self.known, self.now)
            commanded = {f"{plug}/{gang}": on for gang in PLUGS[plug].gangs}
            self.owned |= commanded
            for name, wanted in commanded.items():
                self.last_word.pop(name, None)
                if self.knows_of_the_change:
                    self.last_word[name] = wanted

    def test(self, plug: str) -> None:
        if off_on_test.refusal_of_test(self.journal, PLUGS[plug], RULES, self.known, self.now) is None:
            self.journal = off_on_test.begun(self.journal, PLUGS[plug], "bot", self.now)

    @property
    def knows_of_the_change(self) -> bool:
        """Whether the service knows of the last change of the grid: a command from before ends with it."""
        known = self.known
        return known is not None and known.state is not Grid.UNKNOWN and known.transition_id == f"t{self.id}"


PLAIN: dict[str, Callable[[World], None]] = {
    "turn": World.turn,
    "say": World.say,
    "unknown": lambda world: world.say(unknown=True),
    "replay": lambda world: world.say(id_=max(0, world.id - 1), age_s=3600),
    "stale": lambda world: world.say(age_s=200),
    "restart": World.kill,
    "lost": lambda world: world.reach(False),
    "found": lambda world: world.reach(True),
    "wait": World.wait,
    "clock set forward": lambda world: world.set_clock(3),
    "clock set back": lambda world: world.set_clock(-3),
    "work": World.work,
    "acted on": World.act,
    "turned and acted on": World.turn_and_act,
}
QUIET = {
    "turn",
    "say",
    "unknown",
    "replay",
    "stale",
    "restart",
    "lost",
    "found",
    "wait",
    "clock set forward",
    "clock set back",
}
"""What switches nothing by itself."""
STEPS = st.one_of(
    st.sampled_from(sorted(PLAIN)),
    st.tuples(st.just("killed"), st.integers(0, 20)),
    st.tuples(st.just("test"), st.sampled_from(sorted(PLUGS))),
    st.tuples(st.just("bot"), st.sampled_from(sorted(PLUGS)), st.booleans()),
)
GANGS = [f"{plug.id}/{gang}" for plug in PLUGS.values() for gang in plug.gangs]


def play(world: World, step: object) -> None:
    """Let one thing happen."""
    match step:
        case ("killed", int(steps)):
            world.work(killed_after=steps)
        case ("test", str(plug)):
            world.test(plug)
        case ("bot", str(plug), bool(on)):
            world.command(plug, on)
        case str(name):
            PLAIN[name](world)


def settle(world: World) -> None:
    """Let everything be reachable and the grid be steady, for long enough."""
    world.reachable = True
    for _ in range(8):
        world.wait()
        world.say()
        world.work()
