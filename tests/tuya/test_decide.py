"""What follows from what: tables, and a property over random nights."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tuya import decide
from services.tuya.decide import Rules
from services.tuya.journal import Journal, Want, load, save
from services.tuya.plugs import Plug
from shared.messages import Grid, GridState, PlugCommand

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
SOON = NOW + timedelta(seconds=1)
DELAY, PAUSE = timedelta(seconds=60), timedelta(seconds=2)
RULES = Rules(turn_off=True, turn_on=True, restore_delay=DELAY, restore_pause=PAUSE)
PLUGS = {
    "boiler": Plug(id="boiler", priority=2),
    "kettle": Plug(id="kettle", priority=1, gangs=["switch_1", "switch_2"]),
    "router": Plug(id="router", protected=True),
    "spare": Plug(id="spare", enabled=False),
}
KNOWN = Journal(handled="t1")


def turned(journal: Journal, message: GridState, rules: Rules = RULES, steady: timedelta = DELAY) -> Journal:
    return decide.on_grid(journal, message, PLUGS, rules, NOW, steady=steady)


def grid(state: Grid, id_: str | None, *, age_s: float = 0) -> GridState:
    at = NOW - timedelta(seconds=age_s)
    return GridState(at=at, state=state, since=at, transition_id=id_)


@pytest.mark.parametrize(
    ("journal", "message"),
    [
        pytest.param(KNOWN, grid(Grid.UNKNOWN, "t2"), id="unknown"),
        pytest.param(KNOWN, grid(Grid.OFF, "t2", age_s=31), id="replay"),
        pytest.param(KNOWN, grid(Grid.OFF, "t2", age_s=-31), id="from-the-future"),
        pytest.param(KNOWN, grid(Grid.OFF, "t1"), id="acted-on-before"),
        pytest.param(KNOWN, grid(Grid.OFF, None), id="no-transition"),
    ],
)
def test_no_news_changes_nothing(journal: Journal, message: GridState) -> None:
    assert turned(journal, message) is journal


def test_the_grid_must_be_back_for_a_while_by_a_clock_that_nobody_sets() -> None:
    cut = Journal(handled="t1", cut={"boiler/switch_1": NOW})
    back = grid(Grid.ON, "t2").model_copy(update={"since": NOW + timedelta(hours=2)})
    assert turned(cut, back, steady=DELAY - timedelta(seconds=1)) is cut
    assert turned(cut, back).wants


@pytest.mark.parametrize(("ahead_s", "is_late"), [(5, True), (3600, False), (-3600, False)])
def test_what_was_overtaken_is_no_news_unless_the_clock_was_set_back(ahead_s: float, is_late: bool) -> None:
    heard = grid(Grid.OFF, "t2", age_s=-ahead_s)
    assert decide.overtaken(grid(Grid.ON, "t3"), heard, NOW) is is_late


def test_nothing_waits_for_hours_because_the_clock_was_set_back() -> None:
    cut = Journal(handled="t2", cut={"boiler/switch_1": NOW, "kettle/switch_2": NOW})
    back = turned(cut, grid(Grid.ON, "t3"))
    earlier = NOW - timedelta(hours=2)
    heard = grid(Grid.ON, "t3", age_s=7200)
    assert not decide.due(back, PLUGS["boiler"], RULES, grid(Grid.ON, "t3"), NOW)
    assert decide.due(back, PLUGS["boiler"], RULES, heard, earlier)
    assert decide.waits_until(back, "boiler", earlier) is None


@pytest.mark.parametrize("state", [Grid.ON, Grid.OFF])
def test_the_first_start_ever_switches_nothing(state: Grid) -> None:
    after = turned(Journal(), grid(state, "t1"))
    assert (after.handled, after.wants) == ("t1", {})


def test_a_loss_wants_everything_off_that_may_be() -> None:
    after = turned(KNOWN, grid(Grid.OFF, "t2"))
    assert list(after.wants) == ["kettle/switch_1", "kettle/switch_2", "boiler/switch_1"]
    assert not any(want.on for want in after.wants.values())
    assert after.handled == "t2"


def test_all_devices_may_be_switched_but_the_protected() -> None:
    rules = Rules(turn_off=True, turn_on=True, restore_delay=DELAY, restore_pause=PAUSE, all_devices=True)
    after = turned(KNOWN, grid(Grid.OFF, "t2"), rules)
    assert {want.plug for want in after.wants.values()} == {"boiler", "kettle", "spare"}


@pytest.mark.parametrize("turn_off", [True, False])
@pytest.mark.parametrize("turn_on", [True, False])
def test_each_direction_has_its_setting(turn_off: bool, turn_on: bool) -> None:
    rules = Rules(turn_off=turn_off, turn_on=turn_on, restore_delay=DELAY, restore_pause=PAUSE)
    lost = turned(KNOWN, grid(Grid.OFF, "t2"), rules)
    assert bool(lost.wants) is turn_off
    cut = KNOWN.model_copy(update={"handled": "t2", "cut": {"boiler/switch_1": NOW}})
    back = turned(cut, grid(Grid.ON, "t3"), rules)
    assert bool(back.wants) is turn_on
    assert bool(back.cut) is turn_on


def test_only_what_was_cut_is_restored_one_by_one() -> None:
    cut = Journal(handled="t2", cut={"boiler/switch_1": NOW, "kettle/switch_2": NOW, "gone/switch_1": NOW})
    after = turned(cut, grid(Grid.ON, "t3"))
    turns = [(want.key, want.not_before - NOW) for want in after.wants.values()]
    assert turns == [("kettle/switch_2", timedelta(0)), ("boiler/switch_1", PAUSE)]
    assert "gone/switch_1" not in after.cut


def test_a_wish_of_a_person_ends_the_grid_s_hold() -> None:
    cut = Journal(handled="t2", cut={"kettle/switch_1": NOW, "kettle/switch_2": NOW})
    off = decide.on_command(cut, PLUGS["kettle"], PlugCommand(at=NOW, on=False, gang="switch_2", by="bot"), None, NOW)
    assert list(off.cut) == ["kettle/switch_1"]
    assert off.wants["kettle/switch_2"].by == "bot"


def test_a_wish_for_on_that_comes_to_nothing_leaves_it_to_the_grid() -> None:
    cut = Journal(handled="t2", cut={"boiler/switch_1": NOW})
    wished = decide.on_command(cut, PLUGS["boiler"], PlugCommand(at=NOW, on=True, by="bot"), None, NOW)
    late = decide.overdue(wished, NOW + decide.WISH_HOLDS + timedelta(seconds=1))
    assert turned(decide.forgotten(wished, late), grid(Grid.ON, "t3")).wants["boiler/switch_1"].on
    assert not decide.done(wished, wished.wants.values()).cut


def test_what_says_that_it_is_on_is_left_to_itself_and_restored_if_it_is_off_after_all() -> None:
    cut = Journal(handled="t2", cut={"boiler/switch_1": NOW})
    wanted = cut.model_copy(update={"wants": turned(KNOWN, grid(Grid.OFF, "t2")).wants})
    left = decide.given_up(wanted, [wanted.wants["boiler/switch_1"]])
    assert "boiler/switch_1" not in left.wants
    after, lost = decide.on_reading(left, PLUGS["boiler"], {"switch_1": True}, grid(Grid.OFF, "t2"), NOW)
    assert (lost, after.cut) == (("switch_1",), {})
    assert turned(left, grid(Grid.ON, "t3")).wants["boiler/switch_1"].on


@pytest.mark.parametrize(
    ("id_", "sentence"),
    [
        ("router", "router is protected"),
        ("spare", "spare is disabled"),
        ("nobody", "no plug with this id"),
        ("boiler", "The grid speaks for itself"),
    ],
)
def test_why_a_command_is_refused(id_: str, sentence: str) -> None:
    why = decide.why_not(PLUGS.get(id_), PlugCommand(at=NOW, on=False, by="grid"), RULES, NOW)
    assert why
    assert sentence in why


@pytest.mark.parametrize(
    ("state", "age_s", "is_due"),
    [(Grid.OFF, 0, True), (Grid.OFF, 91, False), (Grid.UNKNOWN, 0, False), (Grid.ON, 0, False), (None, 0, False)],
)
def test_the_grid_s_wishes_wait_while_the_grid_is_not_surely_so(state: Grid | None, age_s: float, is_due: bool) -> None:
    lost = turned(KNOWN, grid(Grid.OFF, "t2"))
    heard = grid(state, "t2", age_s=age_s) if state else None
    assert bool(decide.due(lost, PLUGS["boiler"], RULES, heard, SOON)) is is_due


def test_a_plug_that_was_protected_meanwhile_is_left_alone() -> None:
    lost = turned(KNOWN, grid(Grid.OFF, "t2"))
    plug = PLUGS["boiler"].model_copy(update={"protected": True})
    assert not decide.due(lost, plug, RULES, grid(Grid.OFF, "t2"), SOON)


@pytest.mark.parametrize(("before", "is_marked"), [(True, True), (False, False), (None, False)])
def test_only_what_is_surely_on_is_marked_for_its_return(before: bool | None, is_marked: bool) -> None:
    lost = turned(KNOWN, grid(Grid.OFF, "t2"))
    wants = decide.due(lost, PLUGS["boiler"], RULES, grid(Grid.OFF, "t2"), SOON)
    after = decide.before_switching(lost, wants, {"switch_1": before}, NOW)
    assert bool(after.cut) is is_marked


def test_a_gang_that_comes_back_is_fought_a_few_times() -> None:
    journal = Journal(handled="t2", cut={"boiler/switch_1": NOW})
    off = grid(Grid.OFF, "t2")
    for _ in range(decide.FIGHTS):
        journal, lost = decide.on_reading(journal, PLUGS["boiler"], {"switch_1": True}, off, NOW)
        assert not lost
        journal = decide.done(journal, journal.wants.values())
    journal, lost = decide.on_reading(journal, PLUGS["boiler"], {"switch_1": True}, off, NOW)
    assert lost == ("switch_1",)
    assert not journal.cut


def test_the_journal_comes_back_as_it_was_and_a_damaged_one_is_put_aside(tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    lost = turned(KNOWN, grid(Grid.OFF, "t2"))
    said: list[str] = []
    save(file, lost)
    assert load(file, said.append) == lost
    assert not said
    file.write_text('{"handled": ')
    assert load(file, said.append) == Journal()
    assert "is damaged" in said[0]
    assert (tmp_path / "journal.damaged").read_text() == '{"handled": '


# a random night


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
    """What somebody has commanded last since the grid turned and that was heard."""
    on_before: dict[str, bool] = field(default_factory=dict)
    commanded: list[tuple[str, bool, bool]] = field(default_factory=list)
    disk: str = Journal().model_dump_json()
    heard: GridState | None = None
    turned_at_s: float = 0

    @property
    def journal(self) -> Journal:
        return Journal.model_validate_json(self.disk)

    @journal.setter
    def journal(self, journal: Journal) -> None:
        self.disk = journal.model_dump_json()

    def turn(self) -> None:
        self.grid_on, self.id, self.since = not self.grid_on, self.id + 1, self.now
        self.last_word.clear()
        if not self.grid_on:
            self.owned = {name: want.on for name, want in self.journal.wants.items() if not want.by_grid}
            self.on_before = {name: on or name in self.journal.cut for name, on in self.relays.items()}

    def forget(self) -> None:
        self.heard = None

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
        self.hear(
            GridState(
                at=self.now - timedelta(seconds=age_s),
                state=state,
                since=self.since,
                transition_id=f"t{self.id if id_ is None else id_}",
            )
        )

    def hear(self, message: GridState) -> None:
        if not decide.is_news(message, self.now) or decide.overtaken(message, self.heard, self.now):
            return
        if self.heard is None or self.heard.transition_id != message.transition_id:
            self.turned_at_s = self.clock_s
        self.heard = message
        steady = timedelta(seconds=self.clock_s - self.turned_at_s)
        self.journal = decide.on_grid(self.journal, message, PLUGS, RULES, self.now, steady=steady)

    def work(self, *, killed_after: int = 99) -> None:
        """Do what is due; killed after so many steps, nothing but the disk is left."""
        steps = 0
        for plug in PLUGS.values():
            wants = decide.due(self.journal, plug, RULES, self.heard, self.now)
            if not wants or not self.reachable:
                continue
            for step in (self._mark, self._switch, self._finish):
                if steps >= killed_after:
                    self.heard = None
                    return
                step(wants)
                steps += 1

    def _mark(self, wants: tuple[Want, ...]) -> None:
        for want in wants:
            reading = {want.gang: self.relays[want.key]}
            self.journal = decide.before_switching(self.journal, [want], reading, self.now)

    def _switch(self, wants: tuple[Want, ...]) -> None:
        for want in wants:
            self.commanded.append((want.key, want.on, want.by_grid))
            if want.by_grid and want.on:
                wanted = self.owned.get(want.key, self.on_before[want.key])
                assert wanted, "nothing is restored that was off before, or that a person has switched off since"
            self.relays[want.key] = want.on

    def _finish(self, wants: tuple[Want, ...]) -> None:
        self.journal = decide.done(self.journal, wants)

    def command(self, plug: str, on: bool) -> None:
        command = PlugCommand(at=self.now, on=on, by="bot")
        if decide.why_not(PLUGS[plug], command, RULES, self.now) is None:
            self.journal = decide.on_command(self.journal, PLUGS[plug], command, self.heard, self.now)
            commanded = {f"{plug}/{gang}": on for gang in PLUGS[plug].gangs}
            self.owned |= commanded
            for name, wanted in commanded.items():
                self.last_word.pop(name, None)
                if self.has_heard_of_the_turn:
                    self.last_word[name] = wanted

    @property
    def has_heard_of_the_turn(self) -> bool:
        """Whether the grid has turned for the service too: what is wished before ends with it."""
        heard = self.heard
        return heard is not None and heard.state is not Grid.UNKNOWN and heard.transition_id == f"t{self.id}"


PLAIN: dict[str, Callable[[World], None]] = {
    "turn": World.turn,
    "say": World.say,
    "unknown": lambda world: world.say(unknown=True),
    "replay": lambda world: world.say(id_=max(0, world.id - 1), age_s=3600),
    "stale": lambda world: world.say(age_s=200),
    "restart": World.forget,
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
    st.tuples(st.just("killed"), st.integers(0, 6)),
    st.tuples(st.just("bot"), st.sampled_from(sorted(PLUGS)), st.booleans()),
)
GANGS = [f"{plug.id}/{gang}" for plug in PLUGS.values() for gang in plug.gangs]


def play(world: World, step: object) -> None:
    """Let one thing happen."""
    match step:
        case ("killed", int(steps)):
            world.work(killed_after=steps)
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


@settings(max_examples=300, deadline=None)
@given(relays=st.fixed_dictionaries({gang: st.booleans() for gang in GANGS}), steps=st.lists(STEPS, max_size=40))
def test_a_random_night_ends_well(relays: dict[str, bool], steps: list[object]) -> None:
    world = World(dict(relays))
    world.say()  # the first start, with the grid there
    world.turn()
    for step in steps:
        before = dict(world.relays)
        play(world, step)
        if step in QUIET:
            assert world.relays == before
    settle(world)
    for name, _on, by_grid in world.commanded:
        assert not name.startswith("router"), "a protected plug is never switched"
        assert not (by_grid and name.startswith("spare")), "nor one that is not enabled"
    assert not world.journal.wants
    handled = world.journal.handled == f"t{world.id}"
    assert handled
    assert {name: world.relays[name] for name in world.last_word} == world.last_word
    for name in ("boiler/switch_1", "kettle/switch_1", "kettle/switch_2"):
        if name in world.owned:
            continue
        if not world.grid_on:
            assert not world.relays[name]
        elif world.on_before:
            assert world.relays[name] or not world.on_before[name]
