"""What the state machine of one plug does next: the usual course, and what no sequence of events may make it do."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tuya import actions, commands, grid_rules, off_on_test, outcomes, targets
from services.tuya.actions import (
    Abandon,
    Action,
    Begin,
    Complete,
    EndTest,
    Expire,
    GiveUp,
    MarkToRestore,
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
    NoNetworkError,
    OurWayError,
    SilentError,
)
from services.tuya.contact import Contact
from services.tuya.control_state import ControlState, Now
from services.tuya.journal import Journal
from services.tuya.next_step import next_step
from services.tuya.outcomes import after
from services.tuya.reports import learn
from services.tuya.shared_state import SharedState
from shared.conditions import Reason, plugs
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError, StorageError
from shared.messages import ActionOutcome, Grid, GridState, PlugCommand, Via
from tests.tuya.facts import KNOWN, NOW, PLUGS, RULES, changed, grid
from tests.tuya.night import new_control

BOILER, KETTLE = PLUGS["boiler"], PLUGS["kettle"]
BOTH = (Via.LOCAL, Via.CLOUD)
OFF = grid(Grid.OFF, "t2")
LOST = changed(KNOWN, OFF)
OFFLINE = DeviceOfflineError(plugs.no_answer(name="boiler", host="192.168.1.40"))
REFUSED = CommandRefusedError(plugs.wrong_key(name="boiler"))
DOUBT = KeyDoubtError(plugs.not_understood(name="boiler", host="192.168.1.40"))
HUNG_UP = LostConnectionError(plugs.hung_up(name="boiler", host="192.168.1.40"))
SILENT = SilentError(plugs.silent(name="boiler", host="192.168.1.40"))
NO_CLOUD = CloudUnreachableError(plugs.CLOUD_NO_JSON())
ODD = BadReplyError(plugs.no_switch_in_answer(name="boiler"))
FULL = StorageError(plugs.NO_JOURNAL())


@dataclass
class Run:
    """A plug's state machine, and what it has done so far."""

    state: ControlState
    clock_s: float = 1.0
    done: list[Action] = field(default_factory=list)

    @property
    def now(self) -> Now:
        return Now(NOW + timedelta(seconds=self.clock_s), self.clock_s)

    def next(self) -> Action:
        return next_step(self.state, self.now)

    def step(self, outcome: Outcome = None) -> Action:
        """Perform the next action with an outcome."""
        action = self.next()
        self.done.append(action)
        if isinstance(action, Wait):
            self.clock_s += action.seconds
        self.state = after(self.state, action, outcome, self.now)
        return action

    def take(self, *outcomes: Outcome) -> list[str]:
        """Perform one action for each outcome; return their names."""
        return [type(self.step(outcome)).__name__ for outcome in outcomes]

    @property
    def events(self) -> list[tuple[ActionOutcome, str | None]]:
        return [(event.outcome, event.reason.code if event.reason else None) for event in self.state.events]


def run_of(
    journal: Journal = LOST, *, ways: tuple[Via, ...] = BOTH, known: GridState | None = OFF, dry_run: bool = False
) -> Run:
    """Return a run of the boiler, which is not checked by itself."""
    control = new_control(BOILER, SharedState(journal, RULES, known), NOW, ways)
    return Run(replace(control, check_at_s=1e6, check_every_s=1e6, dry_run=dry_run))


def checked(run: Run, outcome: Outcome) -> None:
    """Let a check have an outcome."""
    run.state = replace(run.state, check_at_s=0)
    assert run.take(outcome) == ["Read"]


def command(*, on: bool) -> Journal:
    return commands.on_command(KNOWN, BOILER, PlugCommand(at=NOW, on=on, by="bot"), None, NOW)


def on(value: bool | None) -> dict[str, bool | None]:
    return {"switch_1": value}


def test_the_usual_course_is_read_persist_switch_read_back_persist() -> None:
    run = run_of()
    assert run.take(None, on(True), None, None, on(False), None) == [
        "Begin",
        "Read",
        "MarkToRestore",
        "Switch",
        "Read",
        "Complete",
    ]
    assert run.events == [(ActionOutcome.DONE, None)]
    state = run.state.published
    assert (state.on, state.confirmed, state.pending, state.via) == (False, True, None, Via.LOCAL)
    assert list(run.state.shared.journal.to_restore) == ["boiler/switch_1"]
    assert isinstance(run.next(), Wait)


def test_what_was_off_is_switched_without_a_mark_so_it_stays_off() -> None:
    run = run_of()
    assert run.take(None, on(False), None, on(False), None) == ["Begin", "Read", "Switch", "Read", "Complete"]
    assert run.state.shared.journal.to_restore == {}


def test_pending_is_published_before_the_plug_is_asked() -> None:
    run = run_of()
    run.step()
    assert run.state.published.pending is False


def test_where_the_home_network_fails_the_cloud_is_tried_from_the_start() -> None:
    run = run_of()
    names = run.take(None, OFFLINE, on(True), None, None, on(False), None)
    assert names == ["Begin", "Read", "Read", "MarkToRestore", "Switch", "Read", "Complete"]
    assert [action.via for action in run.done if isinstance(action, Read | Switch)] == [Via.LOCAL, *[Via.CLOUD] * 3]
    assert run.state.published.via is Via.CLOUD


def test_a_command_that_fails_is_retried_later_and_later_and_reported_once() -> None:
    run = run_of(command(on=True), known=None)
    pauses = []
    for _ in range(8):
        assert run.take(None, OFFLINE, NO_CLOUD) == ["Begin", "Read", "Read"]
        pauses.append(round(run.state.retry_at_s - run.clock_s))
        run.step()
    assert pauses == [1, 2, 4, 8, 16, 20, 20, 20]
    assert run.events == [(ActionOutcome.FAILED, plugs.retrying.code)]
    assert run.state.published.reason
    assert run.state.problem == plugs.not_switched(name="boiler", cause=run.state.published.reason)


@pytest.mark.parametrize(
    ("errors", "pause_s", "reason"),
    [
        ((REFUSED, REFUSED), 300, plugs.both_ways_failed(local=REFUSED.reason, cloud=REFUSED.reason)),
        ((REFUSED, OFFLINE), 1, plugs.both_ways_failed(local=REFUSED.reason, cloud=OFFLINE.reason)),
        ((OFFLINE, REFUSED), 1, plugs.both_ways_failed(local=OFFLINE.reason, cloud=REFUSED.reason)),
        ((OFFLINE, ODD), 1, plugs.both_ways_failed(local=OFFLINE.reason, cloud=ODD.reason)),
    ],
)
def test_only_what_every_way_refuses_is_retried_much_later(
    errors: tuple[DeviceError, DeviceError], pause_s: float, reason: Reason
) -> None:
    run = run_of()
    run.take(None, *errors)
    assert run.state.retry_at_s - run.clock_s == pause_s
    assert run.state.published.reason == reason


def test_a_plug_without_power_in_an_outage_is_no_problem() -> None:
    run = run_of(ways=(Via.LOCAL,))
    run.take(None, OFFLINE)
    assert (run.state.problem, run.state.events) == (None, ())
    assert (run.state.published.reachable, run.state.published.on) == (False, None)


def test_the_cloud_is_not_asked_again_before_its_hold_ends_and_at_once_for_another_target() -> None:
    run = run_of(ways=(Via.CLOUD,))
    run.take(None, OFFLINE)
    run.clock_s += 1.5  # the retry is due, the hold of 2 s is not over
    assert run.take(None) == ["Begin"]
    assert run.state.attempt is None
    assert run.state.failures == 2
    other = commands.on_command(LOST, BOILER, PlugCommand(at=NOW, on=True, by="bot"), None, run.now.utc)
    run.state = replace(run.state, shared=replace(run.state.shared, journal=other))
    assert run.take(None, on(False), None) == ["Begin", "Read", "Switch"]


def test_an_unreachable_cloud_has_no_hold() -> None:
    run = run_of(ways=(Via.CLOUD,))
    run.take(None, NO_CLOUD)
    assert run.state.cloud_hold is None


def test_a_target_that_was_replaced_meanwhile_is_not_switched() -> None:
    run = run_of()
    run.take(None, on(True))
    wanted = commands.on_command(LOST, BOILER, PlugCommand(at=NOW, on=True, by="bot"), None, NOW)
    run.state = replace(run.state, shared=replace(run.state.shared, journal=wanted))
    assert run.take(None) == ["Abandon"]
    assert run.state.published.pending is True
    assert run.take(None) == ["Begin"]


@pytest.mark.parametrize("known", [None, grid(Grid.ON, "t3"), grid(Grid.UNKNOWN, "t2"), grid(Grid.OFF, "t2", age_s=91)])
def test_nothing_is_switched_for_the_grid_unless_the_grid_is_certain(known: GridState | None) -> None:
    run = run_of()
    run.take(None, on(True))
    run.state = replace(run.state, shared=replace(run.state.shared, grid=known))
    assert run.take(None) == ["Abandon"]
    assert isinstance(run.next(), Wait)


def test_a_plug_that_does_not_obey_is_switched_three_times_and_left_alone() -> None:
    run = run_of(ways=(Via.LOCAL,))
    while not run.done or not isinstance(run.done[-1], GiveUp):
        action = run.next()
        run.step(on(True) if isinstance(action, Read) else None)
    assert len([action for action in run.done if isinstance(action, Switch)]) == 3
    assert len([action for action in run.done if isinstance(action, Read)]) == 3 * (1 + outcomes.READ_BACKS)
    assert run.events == [(ActionOutcome.FAILED, plugs.did_not_obey.code)]
    assert run.state.problem == plugs.left_alone(cause=plugs.did_not_obey(name="boiler"), tries=3)
    assert run.state.shared.journal.targets.get("boiler/switch_1") is None
    assert "left alone after 3 tries" in run.state.problem.text


def test_a_plug_that_does_not_say_what_it_is_remains_unconfirmed() -> None:
    run = run_of(ways=(Via.LOCAL,))
    run.take(None, on(None), None)
    while not run.state.events:
        action = run.next()
        run.step(on(None) if isinstance(action, Read) else None)
    assert run.events == [(ActionOutcome.UNCONFIRMED, None)]
    assert run.state.published.confirmed is False


def test_a_slow_plug_is_read_back_three_times() -> None:
    run = run_of(ways=(Via.LOCAL,))
    names = run.take(None, on(True), None, None, on(True), None, on(True), None, on(False), None)
    assert names[3:] == ["Switch", "Read", "Wait", "Read", "Wait", "Read", "Complete"]


def test_without_a_journal_nothing_is_switched_and_it_is_tried_again() -> None:
    run = run_of()
    assert run.take(None, on(True), FULL) == ["Begin", "Read", "MarkToRestore"]
    assert isinstance(run.next(), Wait)
    run.step()
    assert run.take(None, on(True), None, None) == ["Begin", "Read", "MarkToRestore", "Switch"]


def test_a_dry_run_reads_and_does_not_switch() -> None:
    run = run_of(dry_run=True)
    assert run.take(None, on(True), None, None) == ["Begin", "Read", "MarkToRestore", "Complete"]
    assert run.events == [(ActionOutcome.DRY_RUN, plugs.DRY_RUN.code)]
    run = run_of(dry_run=True, ways=())
    assert run.take(None, None) == ["Begin", "Complete"]


def test_old_commands_expire() -> None:
    run = run_of(command(on=True), ways=())
    run.take(None)
    run.clock_s += 601
    assert isinstance(run.step(), Expire)
    assert run.events[-1] == (ActionOutcome.DROPPED, plugs.EXPIRED.code)
    assert run.state.shared.journal.targets == {}
    assert run.state.published.pending is None


def test_what_comes_back_on_in_an_outage_is_switched_off_again_three_times() -> None:
    off = targets.completed(changed(KNOWN, OFF), LOST.targets.values()).model_copy(
        update={"to_restore": {"boiler/switch_1": NOW}}
    )
    run = run_of(off, ways=(Via.LOCAL,))
    for _ in range(grid_rules.MAX_RETURNS):
        checked(run, on(True))
        names = run.take(None, None, on(True), None, on(False), None)
        assert names == ["Resist", "Begin", "Read", "Switch", "Read", "Complete"]
    checked(run, on(True))
    assert run.take(None) == ["Resist"]
    assert run.state.problem == plugs.left_alone(cause=plugs.came_back_on(name="boiler"), tries=3)
    assert isinstance(run.next(), Wait)


def test_an_old_reading_is_not_taken_for_a_return() -> None:
    run = run_of(KNOWN, known=grid(Grid.ON, "t1"), ways=(Via.LOCAL,))
    checked(run, on(True))
    run.state = after(run.state, run.next(), None, run.now)  # a wait that the next message ends
    off = LOST.model_copy(update={"targets": {}, "to_restore": {"boiler/switch_1": NOW}})
    run.state = replace(run.state, shared=SharedState(off, RULES, OFF))
    assert isinstance(run.next(), Wait)


def doubt(run: Run, error: DeviceError, times: int) -> None:
    for _ in range(times):
        run.clock_s += outcomes.KEY_PROOF_S
        checked(run, error)


def test_a_key_is_called_wrong_once_it_has_opened_no_answer_repeatedly() -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    doubt(run, DOUBT, outcomes.KEY_PROOFS - 1)
    assert run.state.key_problem is None
    doubt(run, DOUBT, 1)
    assert run.state.key_problem == REFUSED.reason
    checked(run, on(True))
    assert run.state.key_problem is None
    doubt(run, DOUBT, 10)
    assert run.state.key_problem is None, "it has worked before"


@pytest.mark.parametrize("error", [HUNG_UP, SILENT])
def test_connections_that_break_off_prove_nothing_but_are_reported_where_the_key_never_worked(
    error: DeviceError,
) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    doubt(run, error, 10)
    assert run.state.key_problem == error.reason
    checked(run, on(True))
    doubt(run, error, 10)
    assert run.state.key_problem is None


@pytest.mark.parametrize("error", [HUNG_UP, SILENT])
def test_a_plug_that_is_read_without_a_key_is_not_said_to_have_a_wrong_one_because_it_was_silent(
    error: DeviceError,
) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    run.state = replace(run.state, plug=run.state.plug.model_copy(update={"version": outcomes.UNSEALED}))
    doubt(run, error, 10)
    assert run.state.published.reachable is False
    assert run.state.key_problem is None, "no reading would take it back"


def test_three_broken_answers_within_a_moment_prove_nothing() -> None:
    run = run_of(ways=(Via.LOCAL,))
    run.take(None, DOUBT, DOUBT)
    assert isinstance(run.step(), Wait)
    assert run.take(DOUBT) == ["Read"]
    assert run.state.attempt
    assert run.state.key_problem is None


@pytest.mark.parametrize("error", [HUNG_UP, DOUBT, ODD])
def test_a_broken_connection_is_made_anew_at_once_and_at_last_the_plug_is_switched_unread(error: DeviceError) -> None:
    run = run_of(ways=(Via.LOCAL,))
    assert run.take(None, error, error, None, error) == ["Begin", "Read", "Read", "Wait", "Read"]
    assert run.take(None, None, on(False), None) == ["Wait", "Switch", "Read", "Complete"]
    assert run.clock_s < 3
    assert run.events == [(ActionOutcome.DONE, None)]
    assert run.state.shared.journal.to_restore == {}, "what is not known to have been on is not restored"


def test_a_plug_slower_than_the_timeout_is_still_told_to_switch_off_with_more_patience() -> None:
    run = run_of(ways=(Via.LOCAL,))
    assert run.take(None, SILENT) == ["Begin", "Read"]
    assert run.state.patience == 2
    assert run.take(None, on(False), None) == ["Switch", "Read", "Complete"]


@pytest.mark.parametrize(
    ("error", "reads"), [(SILENT, ["Read"]), (HUNG_UP, ["Read", "Read", "Wait", "Read"])], ids=["silent", "hung-up"]
)
def test_what_cannot_be_read_on_one_way_is_read_on_the_other_so_that_it_is_restored(
    error: DeviceError, reads: list[str]
) -> None:
    run = run_of()
    assert run.take(None, *[error] * len(reads)) == ["Begin", *reads]
    assert run.take(on(True), None, None, on(False), None) == ["Read", "MarkToRestore", "Switch", "Read", "Complete"]
    assert list(run.state.shared.journal.to_restore) == ["boiler/switch_1"]


def test_where_the_other_way_fails_too_the_plug_is_switched_unread_the_next_time() -> None:
    run = run_of()
    assert run.take(None, SILENT, NO_CLOUD) == ["Begin", "Read", "Read"]
    assert run.take(None, None, SILENT, None, on(False), None) == [
        "Wait",
        "Begin",
        "Read",
        "Switch",
        "Read",
        "Complete",
    ]
    assert run.state.shared.journal.to_restore == {}


def test_what_needs_no_mark_is_not_left_to_the_cloud() -> None:
    run = run_of(command(on=True), known=None)
    assert run.take(None, SILENT, None) == ["Begin", "Read", "Switch"]


def later(run: Run, minutes: float, journal: Journal | None = None) -> None:
    """Let time go by, with another journal at its end."""
    run.clock_s += 60 * minutes
    grid_now = OFF.model_copy(update={"at": run.now.utc})
    shared = replace(run.state.shared, journal=journal or run.state.shared.journal, grid=grid_now)
    run.state = replace(run.state, check_at_s=1e6, shared=shared)


def gone_after(run: Run, minutes: float) -> None:
    """Let the grid go so long after the last check."""
    later(run, minutes)
    seen_on = [f"boiler/{gang}" for gang, is_on in run.state.seen(run.now, grid_rules.SEEN_BEFORE).items() if is_on]
    journal = grid_rules.on_grid(KNOWN, OFF, PLUGS, RULES, NOW, stable_for=timedelta(0), seen_on=seen_on)
    later(run, 0, journal)


def restarted(run: Run) -> None:
    """Leave only what is on disk."""
    saved = Journal.model_validate_json(run.state.shared.journal.model_dump_json())
    run.state = run_of(saved, ways=(Via.LOCAL,), known=run.state.shared.grid).state


def restored(run: Run) -> list[str]:
    return list(run.state.shared.journal.to_restore)


@pytest.mark.parametrize("outcome", [SILENT, on(None)], ids=["it-cannot-be-read", "its-answer-lacks-the-switch"])
def test_a_plug_that_was_on_a_moment_ago_is_marked_though_nobody_can_tell_now(outcome: Outcome) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(True))
    gone_after(run, 1)
    assert run.take(None, outcome, None, None) == ["Begin", "Read", "MarkToRestore", "Switch"]
    assert restored(run) == ["boiler/switch_1"]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_plug_that_was_on_before_the_outage_is_restored_however_long_it_could_not_be_read(is_restarted: bool) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(True))
    gone_after(run, 14)
    run.take(None, OFFLINE)
    later(run, 60)  # its router starts meanwhile
    if is_restarted:
        restarted(run)
    assert run.take(None, SILENT, None, None) == ["Begin", "Read", "MarkToRestore", "Switch"]
    assert restored(run) == ["boiler/switch_1"]


@pytest.mark.parametrize(("was_on", "minutes"), [(True, 16), (None, 1)], ids=["too-long-ago", "not-known-either"])
def test_what_nobody_knows_to_have_been_on_lately_gets_no_mark(was_on: bool | None, minutes: float) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(was_on))
    gone_after(run, minutes)
    assert run.take(None, on(None), None, on(False), None) == ["Begin", "Read", "Switch", "Read", "Complete"]
    assert restored(run) == []


def test_what_was_switched_off_by_hand_after_the_last_check_gets_no_mark() -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(True))
    gone_after(run, 1)
    assert run.take(None, on(False), HUNG_UP, HUNG_UP) == ["Begin", "Read", "Switch", "Read"]
    assert run.take(None, HUNG_UP, None, None) == ["Wait", "Read", "Wait", "Switch"]
    assert restored(run) == []


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_was_switched_off_by_hand_in_the_outage_gets_no_mark(is_restarted: bool) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(True))
    gone_after(run, 1)
    run.take(None, OFFLINE)
    checked(run, on(False))
    assert run.take(None) == ["Resist"]
    later(run, 60)
    if is_restarted:
        restarted(run)
    assert run.take(None, SILENT, None) == ["Begin", "Read", "Switch"]
    assert restored(run) == []


@pytest.mark.parametrize("outcome", [None, HUNG_UP], ids=["acknowledged", "its-answer-is-lost"])
def test_what_a_person_has_switched_off_unread_gets_no_mark_in_the_next_outage(outcome: Outcome) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(True))
    later(run, 0, command(on=False))
    assert run.take(None, SILENT, outcome) == ["Begin", "Read", "Switch"]
    run.state = replace(run.state, attempt=None)
    gone_after(run, 1)
    assert run.take(None, SILENT, None) == ["Begin", "Read", "Switch"]
    assert restored(run) == []


NOTHING: tuple[Outcome, ...] = ({}, on(None))


@pytest.mark.parametrize("reading", NOTHING)
def test_an_answer_without_any_switch_is_no_state_of_the_plug(reading: Outcome) -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    checked(run, on(True))
    checked(run, reading)
    published = run.state.published
    assert (published.on, published.reachable, published.confirmed) == (None, False, False)
    assert published.reason == plugs.no_switch_in_answer(name="boiler")


@pytest.mark.parametrize("reading", NOTHING)
def test_a_plug_that_is_asked_and_tells_of_no_switch_would_not_follow(reading: Outcome) -> None:
    run = run_of(KNOWN)
    run.state = replace(run.state, asking=BOTH)
    assert run.take(reading, reading) == ["Read", "Read"]
    cause = plugs.no_switch_in_answer(name="boiler")
    assert run.state.unanswered == plugs.would_not_follow(name="boiler", cause=cause)
    run.state = replace(run.state, asking=BOTH)
    assert run.take(reading, on(True)) == ["Read", "Read"]
    assert run.state.unanswered is None
    assert (run.state.published.on, run.state.published.via) == (True, Via.CLOUD)


@pytest.mark.parametrize(
    ("reading", "is_told"),
    [
        ({}, False),
        (on(None), False),
        ({"switch_1": True, "switch_2": None}, False),
        (on(False), True),
        (on(True), True),
    ],
)
def test_which_readings_tell_of_every_switch(reading: dict[str, bool | None], is_told: bool) -> None:
    assert grid_rules.tells_all(reading) is is_told


@pytest.mark.parametrize(
    ("errors", "is_told"),
    [
        ((OFFLINE, OFFLINE), False),
        ((OFFLINE, NO_CLOUD), True),
        ((NoNetworkError(plugs.NO_NETWORK()), OFFLINE), True),
        ((OFFLINE, OurWayError(plugs.CLOUD_CLOCK())), True),
    ],
)
def test_a_dead_way_is_told_and_a_dead_plug_in_an_outage_is_not(errors: tuple[DeviceError, ...], is_told: bool) -> None:
    run = run_of()
    run.take(None, *errors)
    assert bool(run.state.problem) is is_told
    assert [outcome for outcome, _ in run.events] == [ActionOutcome.FAILED] * is_told


def test_somebody_at_the_button_is_published_as_the_device() -> None:
    run = run_of(KNOWN, ways=(Via.LOCAL,))
    for value in (True, False):
        checked(run, on(value))
    assert (run.state.published.on, run.state.published.switched_by) == (False, "device")


def test_what_the_cloud_has_said_stays_when_the_home_network_fails() -> None:
    run = run_of(KNOWN)
    run.state = learn(run.state, on(True), run.now, online=True)
    checked(run, OFFLINE)
    assert run.state.published.on is True


def test_where_none_answers_a_silent_plug_is_told_though_it_is_dead_in_an_outage() -> None:
    """Also where that was known before the outage began."""
    run = run_of(ways=(Via.LOCAL,))
    trouble = plugs.none_answers(count=3)
    run.state = replace(run.state, contact=Contact.ANSWERS, common_trouble=trouble)
    for _ in range(2):
        run.take(None, OFFLINE)
        run.clock_s += 60
    assert [event.reason for event in run.state.events] == [plugs.retrying(cause=trouble)]
    assert run.state.problem is None


# an off-on test


def begun_test(*, ways: tuple[Via, ...] = BOTH) -> Run:
    known = grid(Grid.ON, "t1").model_copy(update={"at": NOW})
    return run_of(off_on_test.begun(KNOWN, BOILER, "bot", NOW), ways=ways, known=known)


FIRST_HALF = ["Begin", "Read", "MarkToRestore", "Switch", "Read", "Complete"]


def test_a_test_switches_off_and_on_and_is_on_disk_before_each() -> None:
    run = begun_test()
    assert run.take(None, on(True), None, None, on(False), None) == FIRST_HALF
    assert list(run.state.shared.journal.tested) == ["boiler/switch_1"]
    assert run.take(None, on(False), None, on(True), None) == ["Begin", "Read", "Switch", "Read", "Complete"]
    assert run.state.test == off_on_test.OffOnTest(run.now.utc)
    assert run.state.shared.journal == KNOWN
    assert [outcome for outcome, _ in run.events] == [ActionOutcome.DONE] * 2


def test_what_is_off_is_not_switched_for_a_test() -> None:
    run = begun_test()
    assert run.take(None, on(False), None, None) == ["Begin", "Read", "EndTest", "Abandon"]
    assert run.state.test == off_on_test.OffOnTest(run.now.utc, plugs.test_of_off(name="boiler"))
    assert run.state.shared.journal == KNOWN


@pytest.mark.parametrize("reading", [{}, {"switch_1": None}])
def test_a_plug_that_does_not_say_whether_it_is_on_is_not_tested_and_not_called_off(reading: Outcome) -> None:
    run = begun_test()
    assert run.take(None, reading, None, None) == ["Begin", "Read", "EndTest", "Abandon"]
    cause = plugs.no_switch_in_answer(name="boiler")
    assert run.state.test == off_on_test.OffOnTest(run.now.utc, plugs.test_failed(name="boiler", cause=cause))
    assert run.state.shared.journal == KNOWN


def test_a_plug_that_does_not_answer_a_test_is_told_and_not_switched_later() -> None:
    run = begun_test(ways=(Via.CLOUD,))
    assert run.take(None, OFFLINE, None) == ["Begin", "Read", "EndTest"]
    assert run.state.test
    assert run.state.test.reason == plugs.test_failed(name="boiler", cause=OFFLINE.reason)
    assert run.state.problem is None
    assert isinstance(run.next(), Wait)


@pytest.mark.parametrize("found", [True, False])
def test_after_a_kill_in_the_middle_of_a_test_the_plug_comes_back_on(found: bool) -> None:
    """Before its command it is on, after that off; in both cases the mark is on disk."""
    run = begun_test()
    run.take(None, on(True), None)
    run.state = new_control(BOILER, SharedState(run.state.shared.journal, RULES, run.state.shared.grid), NOW, BOTH)
    run.state = replace(run.state, check_at_s=1e6, check_every_s=1e6)
    relay = found
    for _ in range(20):
        action = run.next()
        if isinstance(action, Wait):
            break
        relay = action.values["switch_1"] if isinstance(action, Switch) else relay
        run.step(on(relay) if isinstance(action, Read) else None)
    assert relay
    assert run.state.shared.journal == KNOWN


def test_an_outage_in_the_middle_of_a_test_keeps_the_plug_off_and_restores_it() -> None:
    run = begun_test()
    run.take(None, on(True), None, None)
    lost = changed(run.state.shared.journal, OFF)
    assert list(lost.to_restore) == ["boiler/switch_1"]
    assert (lost.tested, lost.targets["boiler/switch_1"].by_grid, lost.targets["boiler/switch_1"].on) == (
        {},
        True,
        False,
    )


@pytest.mark.parametrize(
    ("plug", "known", "reason"),
    [
        ("boiler", OFF, plugs.TEST_WITHOUT_POWER()),
        ("boiler", None, plugs.TEST_WITHOUT_POWER()),
        ("boiler", grid(Grid.ON, "t1", age_s=120), plugs.TEST_WITHOUT_POWER()),
        ("router", grid(Grid.ON, "t1"), plugs.protected(name="router")),
        ("spare", grid(Grid.ON, "t1"), plugs.disabled(name="spare")),
        ("boiler", grid(Grid.ON, "t1"), None),
    ],
)
def test_what_is_not_tested(plug: str, known: GridState | None, reason: Reason | None) -> None:
    assert off_on_test.refusal_of_test(KNOWN, PLUGS[plug], RULES, known, NOW) == reason


# no sequence of events


READINGS = st.fixed_dictionaries({gang: st.sampled_from([True, False, None]) for gang in KETTLE.gangs})
ERRORS = st.sampled_from([OFFLINE, REFUSED, ODD, DOUBT, HUNG_UP, SILENT, NO_CLOUD])
EVENTS = st.lists(
    st.one_of(
        st.just("step"),
        st.just("step"),
        st.just("step"),
        st.just("storage fails"),
        st.just("kill"),
        st.just("unknown"),
        st.just("test"),
        st.sampled_from([("grid", Grid.OFF), ("grid", Grid.ON)]),
        st.tuples(st.just("command"), st.booleans(), st.sampled_from([None, *KETTLE.gangs])),
        st.tuples(st.just("wait"), st.floats(0.1, 700)),
    ),
    max_size=60,
)


class Checked(Run):
    """The kettle's state machine with a disk of its own; every switch is checked against what led to it."""

    def __init__(self, ways: tuple[Via, ...], data: st.DataObject) -> None:
        super().__init__(new_control(KETTLE, SharedState(KNOWN, RULES), NOW, ways))
        self.ways = ways
        self.data = data
        self.disk = KNOWN
        self.known: GridState | None = None
        self.transition = 1
        self.last_contact: Action | None = None
        self.last_reading: dict[str, bool | None] = {}

    def refresh(self) -> None:
        self.state = replace(self.state, shared=SharedState(self.disk, RULES, self.known))

    def play(self, event: object) -> None:  # noqa: C901 - one for each event
        match event:
            case "step":
                self.advance(storage_fails=False)
            case "storage fails":
                self.advance(storage_fails=True)
            case "kill":
                self.known, self.last_contact = None, None
                self.disk = Journal.model_validate_json(self.disk.model_dump_json())
                self.state = new_control(KETTLE, SharedState(self.disk, RULES), self.now.utc, self.ways)
            case "unknown":
                self.tell(Grid.UNKNOWN)
            case "test":
                now = self.now.utc
                if off_on_test.refusal_of_test(self.disk, KETTLE, RULES, self.known, now) is None:
                    self.disk = off_on_test.begun(self.disk, KETTLE, "bot", now)
            case ("grid", Grid() as state):
                self.transition += 1
                self.tell(state)
            case ("command", bool(value), gang):
                sent = PlugCommand(at=self.now.utc, on=value, by="bot", gang=gang)
                self.disk = commands.on_command(self.disk, KETTLE, sent, self.known, self.now.utc)
            case ("wait", float(seconds)):
                self.clock_s += seconds

    def tell(self, state: Grid) -> None:
        at: datetime = self.now.utc
        self.known = GridState(at=at, state=state, since=at, transition_id=f"t{self.transition}")
        stable_for = RULES.restore_delay
        self.disk = grid_rules.on_grid(self.disk, self.known, {"kettle": KETTLE}, RULES, at, stable_for=stable_for)

    def advance(self, *, storage_fails: bool) -> None:
        self.refresh()
        action = self.next()
        outcome: Outcome = None
        match action:
            case Persist(journal):
                assert isinstance(action, Complete | GiveUp) or journal != self.disk, "nothing is written twice"
                if storage_fails:
                    outcome = FULL
                else:
                    self.disk = journal
            case Read():
                outcome = self.data.draw(st.one_of(READINGS, READINGS, ERRORS))
                self.last_contact = action
                self.last_reading = outcome if isinstance(outcome, dict) else {}
            case Switch():
                self.check(action)
                outcome = self.data.draw(st.one_of(st.none(), st.none(), ERRORS))
                self.last_contact = action
            case Wait(seconds):
                assert seconds > 0
        self.refresh()
        self.state = after(self.state, action, outcome, self.now)
        self.check_state()

    def check(self, action: Switch) -> None:
        assert not self.state.dry_run
        assert isinstance(self.last_contact, Read), "a switch follows a reading, or an attempt at one"
        assert self.last_contact.via is action.via, "and goes the same way"
        due = targets.due(self.disk, KETTLE, RULES, self.known, self.now.utc)
        assert self.state.attempt
        assert set(self.state.attempt.targets) <= set(due), "what was superseded is not switched"
        assert dict(action.values) == {target.gang: target.on for target in self.state.attempt.targets}
        for target in self.state.attempt.targets:
            if target.by_grid and not target.on and self.last_reading.get(target.gang):
                assert target.key in self.disk.to_restore, "what was on is on disk before it is switched off"
            if target.is_test and not target.on:
                assert self.last_reading.get(target.gang), "a test switches off only what is certain to be on"
                assert target.key in self.disk.tested, "and it is on disk that it comes back"
                assert self.known
                assert self.known.state is Grid.ON

    def check_state(self) -> None:
        assert self.state.flips <= outcomes.MAX_FLIPS
        assert not (self.state.attempt and self.state.paused_until_s > self.now.monotonic_s)
        for event in self.state.events:
            assert event.reason or event.outcome in (ActionOutcome.DONE, ActionOutcome.UNCONFIRMED)
            assert event.gang in KETTLE.gangs


@settings(max_examples=300)
@given(ways=st.sampled_from([(Via.LOCAL,), (Via.CLOUD,), BOTH, ()]), events=EVENTS, data=st.data())
def test_no_sequence_of_events_switches_unsafely(
    ways: tuple[Via, ...], events: list[object], data: st.DataObject
) -> None:
    run = Checked(ways, data)
    run.tell(Grid.ON)
    for event in events:
        run.play(event)


def obey(run: Checked) -> dict[str, bool]:
    """Let the grid go for an hour, and an obedient plug answer; return its relays."""
    relays = dict.fromkeys(KETTLE.gangs, True)
    run.transition += 1
    for _ in range(12):
        run.clock_s += 301
        run.tell(Grid.OFF)
        for _ in range(60):
            run.refresh()
            action = run.next()
            if isinstance(action, Wait) and not run.state.attempt:
                break
            perform(run, action, relays)
        else:
            pytest.fail("it never waits")
    return relays


def perform(run: Checked, action: Action, relays: dict[str, bool]) -> None:
    match action:
        case Wait(seconds):
            run.clock_s += seconds
        case Persist(journal):
            run.disk = journal
        case Switch():
            relays |= action.values
    run.refresh()
    run.state = after(run.state, action, dict(relays) if isinstance(action, Read) else None, run.now)


@settings(max_examples=100)
@given(ways=st.sampled_from([(Via.LOCAL,), (Via.CLOUD,), BOTH]), events=EVENTS, data=st.data())
def test_it_never_turns_in_a_circle_and_ends_with_nothing_open(
    ways: tuple[Via, ...], events: list[object], data: st.DataObject
) -> None:
    run = Checked(ways, data)
    for event in events:
        run.play(event)
    relays = obey(run)
    assert not run.disk.targets
    assert not run.disk.tested
    assert not any(relays.values()), "whatever people have asked for before it, the outage has its way"


def test_every_action_is_named_in_a_test() -> None:
    """So that a new kind of action is not forgotten above."""
    assert {Abandon, Begin, Complete, EndTest, Expire, GiveUp, MarkToRestore, Read, Resist, Switch, Wait} == {
        kind
        for kind in vars(actions).values()
        if isinstance(kind, type) and kind is not Persist and (issubclass(kind, Persist) or kind in Action.__args__)
    }


def test_a_plug_that_answers_on_one_of_its_ways_would_follow() -> None:
    run = run_of(KNOWN)
    run.state = replace(run.state, asking=BOTH)
    assert run.take(OFFLINE, on(True)) == ["Read", "Read"]
    assert (run.state.unanswered, run.state.published.on, run.state.published.via) == (None, True, Via.CLOUD)
    assert isinstance(run.next(), Wait)


def test_a_plug_that_does_not_answer_while_there_is_power_is_told_until_it_does() -> None:
    run = run_of(KNOWN)
    run.state = replace(run.state, asking=BOTH)
    assert run.take(OFFLINE, OFFLINE) == ["Read", "Read"]
    assert run.state.unanswered == plugs.would_not_follow(name="boiler", cause=OFFLINE.reason)
    checked(run, on(True))
    assert run.state.unanswered is None
