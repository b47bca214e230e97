"""Whatever happens in a night, the plugs are right at its end."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tuya.night import GANGS, QUIET, STEPS, World, play, settle


@settings(max_examples=300)
@example(  # a test of a plug that waits to be given back
    relays=dict.fromkeys(GANGS, False) | {"boiler/switch_1": True},
    steps=["turn", "turned and acted on", "turned and acted on", ("test", "boiler")],
)
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
    assert not world.journal.targets
    assert not world.journal.tested
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
