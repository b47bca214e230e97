"""What commands change in the journal, and why one is refused."""

from datetime import timedelta

import pytest

from services.tuya import commands, grid_rules, targets
from services.tuya.journal import Journal
from shared.conditions import Reason, plugs
from shared.messages import Grid, PlugCommand, PlugSetup
from shared.trusted_time import ClockChange, unset_start
from tests.tuya.facts import NOW, PLUGS, RULES, changed, grid


def test_what_a_person_switches_off_is_not_restored_by_the_grid() -> None:
    off = Journal(handled="t2", to_restore={"kettle/switch_1": NOW, "kettle/switch_2": NOW})
    mine = commands.on_command(
        off, PLUGS["kettle"], PlugCommand(at=NOW, on=False, gang="switch_2", by="bot"), None, NOW
    )
    assert list(mine.to_restore) == ["kettle/switch_1"]
    assert mine.targets["kettle/switch_2"].by == "bot"


def test_what_a_person_failed_to_switch_on_is_restored_by_the_grid() -> None:
    off = Journal(handled="t2", to_restore={"boiler/switch_1": NOW})
    commanded = commands.on_command(off, PLUGS["boiler"], PlugCommand(at=NOW, on=True, by="bot"), None, NOW)
    late = targets.expired(commanded, NOW + targets.COMMAND_EXPIRES + timedelta(seconds=1))
    assert changed(targets.dropped(commanded, late), grid(Grid.ON, "t3")).targets["boiler/switch_1"].on
    assert not targets.completed(commanded, commanded.targets.values()).to_restore


def test_what_a_person_switches_off_is_no_longer_taken_for_on() -> None:
    seen = Journal(handled="t2", seen_on={"boiler/switch_1": NOW, "kettle/switch_1": NOW})
    for is_on, left in ((True, ["boiler/switch_1", "kettle/switch_1"]), (False, ["kettle/switch_1"])):
        asked = commands.on_command(seen, PLUGS["boiler"], PlugCommand(at=NOW, on=is_on, by="bot"), None, NOW)
        assert list(asked.seen_on) == left


UNSET = unset_start("boot")


def test_a_command_keeps_its_age_when_the_clock_is_set() -> None:
    asked = UNSET + timedelta(minutes=5)
    commanded = commands.on_command(Journal(), PLUGS["boiler"], PlugCommand(at=asked, on=True, by="bot"), None, asked)
    set_clock = ClockChange(NOW - UNSET, trusted=True, since=UNSET)
    for journal, start in ((commanded, UNSET), (set_clock.moved(commanded), NOW)):
        assert not targets.expired(journal, start + timedelta(minutes=14))
        assert targets.expired(journal, start + timedelta(minutes=16))


def test_a_command_from_before_the_boot_is_dropped_while_nobody_knows_its_age() -> None:
    commanded = commands.on_command(Journal(), PLUGS["boiler"], PlugCommand(at=NOW, on=True, by="bot"), None, NOW)
    assert targets.expired(commanded, UNSET + timedelta(minutes=1))


def test_plugs_that_are_restored_one_after_the_other_keep_their_turns_when_the_clock_is_set() -> None:
    turn = grid_rules.target(
        "boiler", "switch_1", on=True, by="grid", now=UNSET, transition_id="t", pause=timedelta(seconds=30)
    )
    set_clock = ClockChange(NOW - UNSET, trusted=True, since=UNSET)
    for target, start in ((turn, UNSET), (set_clock.moved(turn), NOW)):
        assert target.is_waiting(start + timedelta(seconds=29))
        assert not target.is_waiting(start + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("id_", "changes", "reason"),
    [
        ("router", {}, plugs.protected(name="router")),
        ("spare", {}, plugs.disabled(name="spare")),
        ("nobody", {}, plugs.UNKNOWN_PLUG()),
        ("boiler", {"by": "grid"}, plugs.NAMED_GRID()),
        ("boiler", {"at": NOW - timedelta(minutes=2)}, plugs.COMMAND_TOO_OLD()),
        ("boiler", {"at": NOW + timedelta(minutes=2)}, plugs.COMMAND_TOO_OLD()),
        (
            "kettle",
            {"gang": "switch_9"},
            plugs.no_such_gang(name="kettle", gang="switch_9", gangs="switch_1, switch_2"),
        ),
        ("boiler", {}, None),
    ],
)
def test_why_a_command_is_refused(id_: str, changes: dict[str, object], reason: Reason | None) -> None:
    command = PlugCommand.model_validate({"at": NOW, "on": False, "by": "bot"} | changes)
    assert commands.refusal(PLUGS.get(id_), command, RULES, NOW) == reason


def test_what_the_grid_has_switched_off_comes_back_when_it_is_protected_in_the_outage() -> None:
    off = Journal(handled="t2", to_restore={"kettle/switch_1": NOW, "boiler/switch_1": NOW})
    back = commands.give_back(off, PLUGS["kettle"], "owner", NOW)
    protected = PLUGS["kettle"].model_copy(update={"protected": True})
    for known in (grid(Grid.OFF, "t2"), None):
        (target,) = targets.due(back, protected, RULES, known, NOW)
        assert (target.gang, target.on) == ("switch_1", True)
    assert not targets.expired(back, NOW + timedelta(days=1))
    assert "kettle/switch_1" in changed(back, grid(Grid.OFF, "t4")).targets
    assert list(targets.completed(back, back.targets.values()).to_restore) == ["boiler/switch_1"]


@pytest.mark.parametrize(
    ("id_", "age_s", "reason"),
    [("nobody", 0, plugs.UNKNOWN_PLUG()), ("router", 120, plugs.COMMAND_TOO_OLD()), ("router", 0, None)],
)
def test_why_a_setup_is_refused(id_: str, age_s: float, reason: Reason | None) -> None:
    setup = PlugSetup(at=NOW - timedelta(seconds=age_s), protected=False, by="dashboard")
    assert commands.setup_refusal(PLUGS.get(id_), setup, NOW) == reason
