"""Which targets are due, and what becomes of them."""

from datetime import timedelta

import pytest

from services.tuya import commands, grid_rules, targets
from services.tuya.journal import Journal
from shared.messages import Grid, GridState, PlugCommand
from tests.tuya.facts import KNOWN, NOW, PLUGS, RULES, SOON, changed, grid


def test_nothing_waits_for_hours_because_the_clock_was_set_back() -> None:
    off = Journal(handled="t2", to_restore={"boiler/switch_1": NOW, "kettle/switch_2": NOW})
    back = changed(off, grid(Grid.ON, "t3"))
    earlier = NOW - timedelta(hours=2)
    known = grid(Grid.ON, "t3", age_s=7200)
    assert not targets.due(back, PLUGS["boiler"], RULES, grid(Grid.ON, "t3"), NOW)
    assert targets.due(back, PLUGS["boiler"], RULES, known, earlier)
    assert targets.next_turn(back, "boiler", earlier) is None


def test_what_was_given_up_is_left_alone_and_restored_if_it_is_off_after_all() -> None:
    off = Journal(handled="t2", to_restore={"boiler/switch_1": NOW})
    wanted = off.model_copy(update={"targets": changed(KNOWN, grid(Grid.OFF, "t2")).targets})
    left = targets.given_up(wanted, [wanted.targets["boiler/switch_1"]])
    assert "boiler/switch_1" not in left.targets
    after, lost = grid_rules.on_reading(left, PLUGS["boiler"], {"switch_1": True}, grid(Grid.OFF, "t2"), NOW)
    assert (lost, after.to_restore) == (("switch_1",), {})
    assert changed(left, grid(Grid.ON, "t3")).targets["boiler/switch_1"].on


@pytest.mark.parametrize(
    ("state", "age_s", "is_due"),
    [(Grid.OFF, 0, True), (Grid.OFF, 91, False), (Grid.UNKNOWN, 0, False), (Grid.ON, 0, False), (None, 0, False)],
)
def test_the_grid_s_targets_wait_while_the_grid_is_not_certain(state: Grid | None, age_s: float, is_due: bool) -> None:
    lost = changed(KNOWN, grid(Grid.OFF, "t2"))
    known = grid(state, "t2", age_s=age_s) if state else None
    assert bool(targets.due(lost, PLUGS["boiler"], RULES, known, SOON)) is is_due


def test_a_plug_that_was_protected_meanwhile_is_left_alone() -> None:
    lost = changed(KNOWN, grid(Grid.OFF, "t2"))
    plug = PLUGS["boiler"].model_copy(update={"protected": True})
    assert not targets.due(lost, plug, RULES, grid(Grid.OFF, "t2"), SOON)


@pytest.mark.parametrize(("before", "is_marked"), [(True, True), (False, False), (None, False)])
def test_only_what_is_certainly_on_is_marked_to_restore(before: bool | None, is_marked: bool) -> None:
    lost = changed(KNOWN, grid(Grid.OFF, "t2"))
    wanted = targets.due(lost, PLUGS["boiler"], RULES, grid(Grid.OFF, "t2"), SOON)
    after = targets.mark_to_restore(lost, wanted, {"switch_1": before}, NOW)
    assert bool(after.to_restore) is is_marked


LATE = NOW + targets.COMMAND_EXPIRES + timedelta(seconds=1)


def commanded(journal: Journal, message: GridState | None = None, *, on: bool) -> Journal:
    return commands.on_command(journal, PLUGS["boiler"], PlugCommand(at=NOW, on=on, by="bot"), message, NOW)


@pytest.mark.parametrize("before_the_loss", [True, False])
def test_a_person_s_off_does_not_expire_while_the_outage_wants_the_same(before_the_loss: bool) -> None:
    off = grid(Grid.OFF, "t2")
    lost = (
        changed(commanded(KNOWN, on=False), off) if before_the_loss else commanded(changed(KNOWN, off), off, on=False)
    )
    assert not targets.expired(lost, LATE)
    assert targets.due(lost, PLUGS["boiler"], RULES, grid(Grid.OFF, "t2", age_s=-600), LATE)
    back = grid(Grid.ON, "t3")
    assert not changed(changed(lost, back, stable_for=timedelta(0)), back).targets.get("boiler/switch_1")


def test_a_person_s_on_that_expires_in_an_outage_leaves_what_the_outage_wants() -> None:
    off = grid(Grid.OFF, "t2")
    wanted = commanded(commanded(changed(KNOWN, off), off, on=False), off, on=True)
    (late,) = targets.expired(wanted, LATE)
    left = targets.after_expiry(wanted, [late], LATE).targets["boiler/switch_1"]
    assert (left.on, left.by_grid, left.transition_id) == (False, True, "t2")


def test_a_person_s_on_does_not_expire_while_it_is_to_be_restored() -> None:
    off = KNOWN.model_copy(update={"handled": "t2", "to_restore": {"boiler/switch_1": NOW}})
    back = changed(off, grid(Grid.ON, "t3"))
    assert not targets.expired(commanded(back, grid(Grid.ON, "t3"), on=True), LATE)
    assert targets.expired(commanded(back, grid(Grid.ON, "t3"), on=False), LATE)


def test_once_power_is_back_a_command_from_the_outage_may_expire() -> None:
    off = grid(Grid.OFF, "t2")
    wanted = commanded(changed(KNOWN, off), off, on=True)
    coming = changed(wanted, grid(Grid.ON, "t3"), stable_for=timedelta(0))
    (late,) = targets.expired(coming, LATE)
    assert not targets.after_expiry(coming, [late], LATE).targets.get("boiler/switch_1")
