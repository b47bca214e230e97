"""Which plugs a change of the grid switches off or restores."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.tuya import grid_rules, targets
from services.tuya.essentials import sounds_essential
from services.tuya.grid_rules import Rules
from services.tuya.journal import Journal, Target
from services.tuya.plug import Plug
from shared.messages import BY_GRID, Grid, GridState
from tests.tuya.facts import DELAY, KNOWN, NOW, PAUSE, PLUGS, RULES, changed, grid


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
    assert changed(journal, message) is journal


@pytest.mark.parametrize(
    ("measured_s_ago", "handled_s_ago", "acts"),
    [
        pytest.param(20, 10, False, id="from-before-it: the broker lost it in a power cut"),
        pytest.param(0, 10, True, id="after it"),
        pytest.param(0, -600, True, id="handled by a clock that was ahead"),
    ],
)
def test_what_was_measured_before_the_change_acted_on_last_is_no_news(
    measured_s_ago: float, handled_s_ago: float, acts: bool
) -> None:
    since = NOW - timedelta(seconds=handled_s_ago)
    went = KNOWN.model_copy(update={"handled": "t2", "handled_since": since})
    after = changed(went, grid(Grid.ON, "t1", age_s=measured_s_ago))
    assert (after.handled == "t1") is acts
    assert acts or after is went


def test_the_grid_must_be_back_for_a_while_by_a_clock_that_nobody_sets() -> None:
    off = Journal(handled="t1", to_restore={"boiler/switch_1": NOW})
    back = grid(Grid.ON, "t2").model_copy(update={"since": NOW + timedelta(hours=2)})
    assert changed(off, back, stable_for=DELAY - timedelta(seconds=1)) is off
    assert changed(off, back).targets


def test_what_was_seen_on_before_an_outage_holds_while_power_flickers_and_until_it_is_back() -> None:
    first = grid_rules.on_grid(
        KNOWN, grid(Grid.OFF, "t2"), PLUGS, RULES, NOW, stable_for=timedelta(0), seen_on=["boiler/switch_1"]
    )
    flickered = changed(changed(first, grid(Grid.ON, "t3"), stable_for=DELAY / 2), grid(Grid.OFF, "t4"))
    assert list(flickered.seen_on) == ["boiler/switch_1"]
    assert changed(flickered, grid(Grid.ON, "t5")).seen_on == {}


def test_a_grid_that_is_back_takes_back_only_what_its_loss_still_wanted() -> None:
    def wanted(plug: str, *, on: bool, by: str = "telegram:7", grid_wants: bool | None = None) -> Target:
        found = grid_rules.target(plug, "switch_1", on=on, by=by, now=NOW, transition_id="t1")
        return found.model_copy(update={"grid_wants": grid_wants})

    targets = [
        wanted("boiler", on=False, by=BY_GRID),
        wanted("kettle", on=True, by=BY_GRID),
        wanted("heater", on=False),
        wanted("pump", on=True, grid_wants=False),
        wanted("lamp", on=False, grid_wants=True),
    ]
    open_ = Journal(handled="t1", targets={one.key: one for one in targets})
    after = changed(open_, grid(Grid.ON, "t2"), stable_for=DELAY / 2).targets
    assert {name.split("/")[0]: one.grid_wants for name, one in after.items()} == {
        "kettle": None,
        "heater": None,
        "pump": None,
        "lamp": True,
    }


@pytest.mark.parametrize(("ahead_s", "is_late"), [(0, False), (5, True), (3600, False), (-3600, False)])
def test_an_outdated_message_is_no_news_unless_the_clock_was_set_back(ahead_s: float, is_late: bool) -> None:
    known = grid(Grid.OFF, "t2", age_s=-ahead_s)
    assert grid_rules.is_outdated(grid(Grid.ON, "t3"), known, NOW) is is_late


@pytest.mark.parametrize("state", [Grid.ON, Grid.OFF])
def test_the_first_start_ever_switches_nothing(state: Grid) -> None:
    after = changed(Journal(), grid(state, "t1"))
    assert (after.handled, after.targets) == ("t1", {})


def test_when_the_grid_goes_everything_is_switched_off_that_may_be() -> None:
    after = changed(KNOWN, grid(Grid.OFF, "t2"))
    assert list(after.targets) == ["kettle/switch_1", "kettle/switch_2", "boiler/switch_1"]
    assert not any(target.on for target in after.targets.values())
    assert after.handled == "t2"


@pytest.mark.parametrize(
    ("fields", "may_switch", "is_undecided"),
    [
        ({"enabled": False}, True, True),
        ({"enabled": False, "excluded": True}, False, False),
        ({"enabled": True}, True, False),
        ({"protected": True}, False, False),
        ({"enabled": False, "name": "Роутер Keenetic"}, False, True),
        ({"enabled": True, "name": "Роутер Keenetic"}, True, False),
        ({"enabled": False, "names": {"switch_1": "Lamp", "switch_2": "Fridge"}}, False, True),
        ({"enabled": True, "seen": False}, True, True),
    ],
)
def test_with_all_devices_the_owner_still_decides(fields: dict[str, Any], may_switch: bool, is_undecided: bool) -> None:
    rules, plug = replace(RULES, all_devices=True), Plug.model_validate({"id": "x"} | fields)
    assert (rules.may_switch(plug), rules.is_undecided(plug)) == (may_switch, is_undecided)


@pytest.mark.parametrize("name", ["ROUTER", "wifi", "Wi-Fi", "GPON", "Морозилка", "мій сервер", "Холодильник 2", "NAS"])
def test_names_of_what_an_outage_must_not_take(name: str) -> None:
    assert sounds_essential([name])


@pytest.mark.parametrize("name", ["", "Бойлер", "Plug 1", "Fontaine", "Ananas", "WiFi Socket 2", "Чайник", "Конвектор"])
def test_other_names_say_nothing(name: str) -> None:
    assert not sounds_essential([name])


def test_all_devices_may_be_switched_but_the_protected() -> None:
    rules = Rules(turn_off=True, turn_on=True, restore_delay=DELAY, restore_pause=PAUSE, all_devices=True)
    after = changed(KNOWN, grid(Grid.OFF, "t2"), rules)
    assert {target.plug for target in after.targets.values()} == {"boiler", "kettle", "spare"}


@pytest.mark.parametrize("turn_off", [True, False])
@pytest.mark.parametrize("turn_on", [True, False])
def test_each_direction_has_its_setting(turn_off: bool, turn_on: bool) -> None:
    rules = Rules(turn_off=turn_off, turn_on=turn_on, restore_delay=DELAY, restore_pause=PAUSE)
    lost = changed(KNOWN, grid(Grid.OFF, "t2"), rules)
    assert bool(lost.targets) is turn_off
    off = KNOWN.model_copy(update={"handled": "t2", "to_restore": {"boiler/switch_1": NOW}})
    back = changed(off, grid(Grid.ON, "t3"), rules)
    assert bool(back.targets) is turn_on
    assert bool(back.to_restore) is turn_on


def test_only_what_was_switched_off_is_restored_one_by_one() -> None:
    off = Journal(handled="t2", to_restore={"boiler/switch_1": NOW, "kettle/switch_2": NOW, "gone/switch_1": NOW})
    after = changed(off, grid(Grid.ON, "t3"))
    turns = [(target.key, target.not_before - NOW) for target in after.targets.values()]
    assert turns == [("kettle/switch_2", timedelta(0)), ("boiler/switch_1", PAUSE)]
    assert "gone/switch_1" not in after.to_restore


def test_a_gang_that_comes_back_on_is_switched_off_again_a_few_times() -> None:
    journal = Journal(handled="t2", to_restore={"boiler/switch_1": NOW})
    off = grid(Grid.OFF, "t2")
    for _ in range(grid_rules.MAX_RETURNS):
        journal, lost = grid_rules.on_reading(journal, PLUGS["boiler"], {"switch_1": True}, off, NOW)
        assert not lost
        journal = targets.completed(journal, journal.targets.values())
    journal, lost = grid_rules.on_reading(journal, PLUGS["boiler"], {"switch_1": True}, off, NOW)
    assert lost == ("switch_1",)
    assert not journal.to_restore
