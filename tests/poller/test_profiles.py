"""Profiles, charging ahead and quiet hours over the wire: as a whole or not at all, and everything comes back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.poller.quiet_hours import quiet_hours
from services.poller.setting_journal import ChargeNotes
from services.poller.setting_sequence import Purpose
from shared.broker_state import BrokerState
from shared.conditions import inverter_settings as control
from shared.messages import (
    BatteryState,
    ChargeAheadCommand,
    ChargeAheadPhase,
    Grid,
    GridState,
    InverterControl,
    OutageSchedule,
    ProfileCommand,
    Window,
)
from shared.topics import CHARGE_AHEAD, CHARGE_AHEAD_EVENT, INVERTER_PROFILES, PROFILE_CHANGE
from shared.validation import InvalidValueError
from tests.poller.setting_home import UNIT, Home, KilledError, home
from tests.support.flying_time import fly

LIST = """\
profiles:
  - name: Зимова ніч  # before we sleep
    settings: {max_mains_charging_current_a: 20, charging_priority: pv_and_utility, output_priority: sub}
  - name: impossible
    settings: {buzzer_mode: mute, max_mains_charging_current_a: "20,5"}
"""
NIGHT = "Зимова ніч"
AS_ASKED = {"max_mains_charging_current_a": 200, "charging_priority": 2, "output_priority": 3}
WORDS = UNIT | {331: 3, 333: 100, 301: 2}
AS_BEFORE = {"max_mains_charging_current_a": 100, "charging_priority": 3, "output_priority": 2}


def at_home(work, **how):
    async def run():
        async with home(words=dict(WORDS), **how) as one:
            (one.folder / "profiles.yaml").write_text(LIST)
            for _ in range(2):  # the list counts once it has stayed the same
                one.control.profiles.follow()
            await work(one)

    fly(run())


def ask(one: Home, profile: str = NIGHT, *, by: str = "page", retained: bool = False) -> None:
    one.control.profiles.receive(ProfileCommand(at=one.clock.now(), profile=profile, by=by), retained=retained)


def words(one: Home) -> dict[str, int]:
    return {name: one.word(name) for name in AS_ASKED}


def last(one: Home):
    return one.bus.on(PROFILE_CHANGE, "main")[-1]


def test_a_profile_is_applied_as_a_whole_and_shown_with_its_difference():
    async def work(one):
        state = one.bus.on(INVERTER_PROFILES, "main")[-1]
        night, impossible = state.profiles
        assert [(part.setting, part.value, part.wanted) for part in night.differences] == [
            ("max_mains_charging_current_a", 10, 20),
            ("charging_priority", "pv_only", "pv_and_utility"),
            ("output_priority", "sbu", "sub"),
        ]
        assert (night.reason, impossible.reason.code) == (None, "profile.step_refused")
        ask(one)
        assert one.bus.on(INVERTER_PROFILES, "main")[-1].applying.profile == NIGHT
        one.ask("buzzer_mode", "mute", by="another")
        assert one.outcomes[-1] == ("not_written", "control.busy")
        assert await one.idle()
        assert words(one) == AS_ASKED
        assert [address for address, _ in one.store.written] == [333, 331, 301]  # what bounds comes first
        assert (last(one).outcome, last(one).by) == ("applied", "page")
        assert {change.profile for _, change in one.changes if change.outcome == "confirmed"} == {NIGHT}
        state = one.bus.on(INVERTER_PROFILES, "main")[-1]
        assert (state.profiles[0].differences, state.applying, state.last.profile) == ((), None, NIGHT)

    at_home(work)


@pytest.mark.parametrize(
    ("profile", "retained", "code"),
    [
        (NIGHT, True, "control.command_retained"),
        ("impossible", False, "profile.step_refused"),
        ("Літо", False, "profile.unknown"),
    ],
)
def test_what_cannot_be_applied_writes_nothing(profile, retained, code):
    async def work(one):
        ask(one, profile, retained=retained)
        assert await one.idle()
        assert (last(one).outcome, last(one).reason.code) == ("not_applied", code)
        assert one.store.written == []

    at_home(work)


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "true", "null"])
def test_a_list_whose_value_is_none_is_not_taken_over(value):
    async def work(one):
        (one.folder / "profiles.yaml").write_text(f"profiles: [{{name: x, settings: {{buzzer_mode: {value}}}}}]\n")
        for _ in range(2):
            one.control.profiles.follow()
        state = one.bus.on(INVERTER_PROFILES, "main")[-1]
        assert "settings.buzzer_mode: a number, or the name of a choice, is needed" in state.reason.text
        assert [profile.name for profile in state.profiles] == [NIGHT, "impossible"]

    at_home(work)


@pytest.mark.parametrize("refused", [333, 331, 301])
def test_where_one_step_is_refused_all_is_as_before(refused):
    async def work(one):
        accepts = one.store.refusal
        one.store.refusal = lambda address, *rest: 3 if address == refused else accepts(address, *rest)
        ask(one)
        assert await one.idle()
        assert words(one) == AS_BEFORE
        assert last(one).outcome == "rolled_back"
        assert (last(one).changed, last(one).reason.code) == ({}, "profile.step_refused")

    at_home(work)


def test_a_hand_at_the_panel_stops_it():
    async def work(one):
        ask(one)
        while one.word("max_mains_charging_current_a") != 200:
            await asyncio.sleep(0.1)
        one.store.set(333, 300)
        assert await one.idle()
        assert words(one) == AS_BEFORE | {"max_mains_charging_current_a": 300}
        assert (last(one).outcome, last(one).changed) == ("partly", {"max_mains_charging_current_a": 30})
        assert one.settings.settings["max_mains_charging_current_a"].changed_by == "device"

    at_home(work)


@pytest.mark.parametrize(("away_s", "outcomes"), [(5, {"applied"}), (700, {"applied", "rolled_back", "not_applied"})])
def test_killed_at_any_point_it_is_finished_soon_or_undone(away_s, outcomes):
    async def work(one):
        seen = set()
        for left in range(1, 200, 23):
            for address in (301, 331, 333):
                one.store.set(address, WORDS[address])
            await asyncio.sleep(90_000)  # another day, with writes of its own
            await one.look()
            events = len(one.bus.on(PROFILE_CHANGE, "main"))
            one.points.left = left
            killed = not await applied(one)
            one.points.left = None
            if killed:
                await asyncio.sleep(away_s)
                one.start()
                await one.look()
                assert await one.idle()
            assert words(one) in (AS_ASKED, AS_BEFORE)
            assert one.file.peek().sequences == {}
            for change in one.bus.on(PROFILE_CHANGE, "main")[events:]:
                assert words(one) == (AS_ASKED if change.outcome == "applied" else AS_BEFORE)
                seen |= {change.outcome.value}
        assert seen <= outcomes
        assert len(seen) > (away_s > 600)

    at_home(work)


async def applied(one: Home) -> bool:
    """Apply a profile; return False if the process was killed meanwhile."""
    try:
        ask(one)
    except KilledError:
        await one.stop()
        return False
    return await one.idle()


def before_an_outage(one: Home, *, charge: float = 40.0, grid: Grid = Grid.ON) -> None:
    """Let the broker say that power goes soon."""
    now = one.clock.now()
    window = Window(start=now + timedelta(hours=2.5), end=now + timedelta(hours=6))
    one.state = BrokerState(
        connected=True,
        grid=GridState(at=now, state=grid, since=now - timedelta(hours=5)),
        schedule=OutageSchedule(at=now, queue="5.2", windows=(window,), fetched_at=now),
        batteries={"jk": BatteryState(at=now, soc_percent=charge, packs=("jk",), full_ah=200, voltage_v=52)},
    )


def charging(one: Home):
    return one.bus.on(CHARGE_AHEAD, "main")[-1]


async def decide(one: Home) -> None:
    """Let it decide on what the broker says, and carry that out."""
    one.control.charging.step()
    assert await one.idle()


AUTOMATIC = {"control": InverterControl.AUTOMATIC}


@pytest.mark.parametrize(
    "ends", ["undone", "neighbour_lowered", "restart", "switched_off", "hand", "command"], ids=lambda name: name
)
def test_what_charging_ahead_changes_comes_back(ends):
    async def work(one):
        before_an_outage(one)
        await decide(one)
        assert one.word("charging_priority") == 2
        assert one.word("output_priority") == 3
        current = one.word("max_mains_charging_current_a")
        assert current > 100
        state = charging(one)
        assert (state.phase, state.dry_run, state.can_undo) == (ChargeAheadPhase.CHARGING, False, True)
        assert state.before == {
            "max_mains_charging_current_a": 10,
            "charging_priority": "pv_only",
            "output_priority": "sbu",
        }
        assert one.settings.settings["charging_priority"].returns_to == "pv_only"
        left = {}
        if ends in ("undone", "neighbour_lowered"):
            if ends == "neighbour_lowered":  # at the panel: what we have set is above it now
                one.store.set(332, current - 10)
            one.control.charging.receive(
                ChargeAheadCommand(at=one.clock.now(), hold_off=True, by="page"), retained=False
            )
            assert await one.idle()
        elif ends == "hand":
            one.store.set(333, 300)
            left = {"max_mains_charging_current_a": 300}
            await asyncio.sleep(70)
            before_an_outage(one)
            assert await one.idle()
        elif ends == "command":
            await asyncio.sleep(61)  # three writes a minute
            before_an_outage(one)
            one.ask("max_mains_charging_current_a", 5)
            left = {"max_mains_charging_current_a": 50}
            assert await one.idle()
        else:
            await one.stop()
            one.allowed = InverterControl.OFF if ends == "switched_off" else one.allowed
            one.state = BrokerState()
            one.start()
            await one.look()
            assert await one.idle()
        assert words(one) == AS_BEFORE | left
        assert one.file.peek().sequences == {}
        assert one.file.peek().charge.charging is None
        steps = [event.step for event in one.bus.on(CHARGE_AHEAD_EVENT, "main")]
        assert steps[0] == "began"
        assert steps[-1] == ("failed" if left else "ended")
        if left or ends in ("undone", "neighbour_lowered"):  # a person has the last word for this outage
            before_an_outage(one)
            await decide(one)
            assert words(one) == AS_BEFORE | left
            assert charging(one).phase is ChargeAheadPhase.HELD_OFF

    at_home(work, **AUTOMATIC)


@pytest.mark.parametrize(
    ("address", "word"), [(331, 0), (331, 4), (333, 10)], ids=["mains_first", "sun_after_load", "less_than_proven"]
)
def test_what_stands_at_a_value_that_cannot_be_written_is_not_changed_for_a_time(address, word):
    async def work(one):
        one.store.set(address, word)
        await one.look()
        before = words(one)
        before_an_outage(one)
        await decide(one)
        assert (charging(one).phase, charging(one).reason.code) == (ChargeAheadPhase.IDLE, "charging.not_possible")
        ask(one)
        assert await one.idle()
        assert (last(one).outcome, last(one).reason.code) == ("not_applied", "profile.step_refused")
        assert (words(one), one.store.written) == (before, [])

    at_home(work, **AUTOMATIC)


def test_at_the_target_charging_ends_and_the_battery_is_kept_until_the_outage():
    async def work(one):
        before_an_outage(one)
        await decide(one)
        current = one.word("max_mains_charging_current_a")
        before_an_outage(one, charge=91.0)
        await decide(one)
        assert words(one) == AS_BEFORE | {"max_mains_charging_current_a": current, "output_priority": 3}
        assert charging(one).reason.code == "charging.kept"
        before_an_outage(one, charge=91.0, grid=Grid.OFF)
        await decide(one)
        assert words(one) == AS_BEFORE
        assert one.file.peek().charge.charging is None
        steps = [event.step.value for event in one.bus.on(CHARGE_AHEAD_EVENT, "main")]
        assert steps == ["began", "changed", "ended"]

    at_home(work, **AUTOMATIC)


def test_a_dry_run_says_what_it_would_do_and_writes_nothing():
    async def work(one):
        before_an_outage(one)
        await decide(one)
        await decide(one)
        assert one.store.written == []
        (event,) = one.bus.on(CHARGE_AHEAD_EVENT, "main")
        assert (event.step, event.dry_run, event.reason.code) == ("began", True, "charging.would_charge")
        assert (charging(one).phase, charging(one).dry_run) == (ChargeAheadPhase.CHARGING, True)
        assert charging(one).reason.code == "charging.would_charge"

    at_home(work, dry_run_days=7, **AUTOMATIC)


def test_a_dry_run_begun_by_a_clock_that_was_ahead_lasts_no_longer_than_one_begun_now():
    async def work(one):
        ahead = one.clock.now() + timedelta(days=400)
        one.control.journal.change(
            lambda journal: journal.model_copy(update={"charge": ChargeNotes(dry_run_since=ahead)})
        )
        before_an_outage(one)
        await decide(one)
        assert charging(one).dry_run_until <= one.clock.now() + timedelta(days=7)

    at_home(work, dry_run_days=7, **AUTOMATIC)


def test_the_buzzer_is_silent_at_night_and_then_as_before():
    async def work(one):
        assert one.word("buzzer_mode") == 2
        await asyncio.sleep(61)  # it is three o'clock in Kyiv
        assert await one.idle()
        assert one.word("buzzer_mode") == 0
        assert one.settings.settings["buzzer_mode"].returns_to == "warning_fault"
        await one.stop()
        one.start()
        await one.look()
        assert await one.idle()
        assert one.word("buzzer_mode") == 0  # a restart is no reason to be loud
        await asyncio.sleep(3600)
        assert await one.idle()
        assert one.word("buzzer_mode") == 2
        await asyncio.sleep(18.2 * 3600)
        assert one.word("buzzer_mode") == 0
        one.store.set(303, 3)
        await asyncio.sleep(300)
        assert one.word("buzzer_mode") == 3  # a person has the last word

    at_home(work, quiet_hours="22:00-04:00")


@pytest.mark.parametrize(
    ("text", "local", "quiet"),
    [
        ("22:00-07:00", (23, 0), True),
        ("22:00-07:00", (7, 0), False),
        ("13:00 - 15:30", (15, 29), True),
        ("13:00-15:30", (23, 0), False),
    ],
)
def test_quiet_hours(text, local, quiet):
    hours = quiet_hours(text)
    assert hours
    assert hours.covers(datetime(2026, 11, 30, local[0], local[1], tzinfo=UTC)) is quiet


@pytest.mark.parametrize("text", ["22", "25:00-07:00", "22:00-22:00", "night"])
def test_hours_that_are_none(text):
    with pytest.raises(InvalidValueError):
        quiet_hours(text)


def test_what_cannot_be_put_back_is_tried_again_later_and_later():
    async def work(one):
        before_an_outage(one)
        await decide(one)
        accepts, asked = one.store.refusal, []

        def refuse(address, *rest):
            asked.append(asyncio.get_running_loop().time())
            return 7

        one.store.refusal = refuse
        before_an_outage(one, grid=Grid.OFF)
        one.control.charging.step()
        for _ in range(120):
            await asyncio.sleep(30)
            one.control.charging.step()
            one.control.sequencer.undo(Purpose.CHARGE_AHEAD, control.BUSY())
        assert 4 <= len(asked) <= 9  # in an hour
        assert charging(one).phase is ChargeAheadPhase.PUTTING_BACK
        assert "charging.not_put_back" in {reason.code for reason in one.health.status(one.clock.now()).reasons}
        one.store.refusal = accepts
        await asyncio.sleep(3600)
        assert await one.idle()
        assert words(one) == AS_BEFORE
        assert one.health.status(one.clock.now()).reasons == ()

    at_home(work, **AUTOMATIC)


def test_a_profile_that_the_broker_delivers_twice_is_applied_once():
    async def work(one):
        command = ProfileCommand(at=one.clock.now(), profile=NIGHT, by="page")
        one.control.profiles.receive(command, retained=False)
        one.control.profiles.receive(command, retained=False)
        assert (last(one).outcome, last(one).reason.code) == ("not_applied", "control.command_repeated")
        ask(one, by="another")  # two people at once
        assert last(one).reason.code == "control.busy"
        assert await one.idle()
        assert words(one) == AS_ASKED
        assert len(one.store.written) == 3

    at_home(work)


def test_what_was_changed_for_a_time_is_not_put_back_on_another_inverter():
    async def work(one):
        before_an_outage(one)
        await decide(one)
        changed, written = words(one), len(one.store.written)
        unit = one.link.wire.device.words()
        unit[190] += 1  # another one of the same model, set the same way
        before_an_outage(one, grid=Grid.OFF)
        one.control.charging.step()
        await asyncio.sleep(600)
        assert (words(one), len(one.store.written)) == (changed, written)
        assert "control.other_inverter" in {reason.code for reason in one.health.status(one.clock.now()).reasons}
        unit[190] -= 1
        await asyncio.sleep(120)
        assert await one.idle()
        assert words(one) == AS_BEFORE

    at_home(work, **AUTOMATIC)
