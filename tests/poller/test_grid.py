"""Grid state from readings: tables for the rules, properties for what must never happen."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.grid import (
    GridLimits,
    GridReading,
    GridTrack,
    after_clock_change,
    after_reading,
    after_silence,
    doubt,
    last_published,
    restore,
    silenced,
    to_message,
    unknown_grid,
    unknown_since,
    verdict,
)
from shared.conditions import Reason, poller
from shared.freshness import SAME_STATE_WITHIN
from shared.messages import Grid, GridState
from shared.trusted_time import ClockChange, unset_start

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
LIMITS = GridLimits()
GOOD = (230.0, 50.0)
DEAD = (0.0, 0.0)
BROWN = (130.0, 50.0)
UNREAD = (None, None)


def reading(second: float, volts: float | None, hertz: float | None) -> GridReading:
    return GridReading(START + timedelta(seconds=second), volts, hertz)


def after(*seen: tuple[float | None, float | None], start: GridTrack | None = None, every_s: float = 5) -> GridTrack:
    track = start or unknown_grid(START)
    for number, (volts, hertz) in enumerate(seen, start=1):
        track = after_reading(track, reading(number * every_s, volts, hertz), LIMITS)
    return track


@pytest.mark.parametrize(
    ("volts", "hertz", "expected"),
    [
        pytest.param(230.4, 50.0, Grid.ON, id="mains"),
        pytest.param(160.0, 45.0, Grid.ON, id="lowest-that-counts"),
        pytest.param(225.0, 64.0, Grid.ON, id="generator"),
        pytest.param(0.0, 0.0, Grid.OFF, id="nothing"),
        pytest.param(99.9, 50.0, Grid.OFF, id="too-low"),
        pytest.param(100.0, 50.0, None, id="not-yet-lost"),
        pytest.param(230.0, 40.0, None, id="slow-but-not-yet-lost"),
        pytest.param(60.0, 0.0, Grid.OFF, id="noise-volts-on-an-open-line"),
        pytest.param(99.9, 39.9, Grid.OFF, id="both-too-low"),
        pytest.param(230.0, 0.0, None, id="a-voltage-without-a-frequency-decides-nothing"),
        pytest.param(230.0, 5.0, None, id="a-voltage-at-5-Hz-decides-nothing"),
        pytest.param(130.0, 0.0, None, id="half-a-voltage-without-a-frequency-decides-nothing"),
        pytest.param(23.0, 50.0, None, id="a-frequency-without-a-voltage-decides-nothing"),
        pytest.param(0.0, 50.0, None, id="50-Hz-of-nothing-decides-nothing"),
        pytest.param(130.0, 50.0, None, id="brown-out-keeps-the-state"),
        pytest.param(230.0, 42.0, None, id="odd-frequency-keeps-the-state"),
        pytest.param(None, 50.0, None, id="unread-voltage"),
        pytest.param(0.0, None, None, id="unread-frequency"),
    ],
)
def test_verdict(volts: float | None, hertz: float | None, expected: Grid | None) -> None:
    assert verdict(reading(0, volts, hertz), LIMITS) is expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([GOOD], Grid.UNKNOWN, id="one-reading-confirms-nothing"),
        pytest.param([GOOD, GOOD], Grid.ON, id="two-do"),
        pytest.param([DEAD, DEAD], Grid.OFF, id="off-from-the-start"),
        pytest.param([GOOD, GOOD, DEAD], Grid.ON, id="a-single-zero-is-a-spike"),
        pytest.param([GOOD, GOOD, DEAD, GOOD, DEAD], Grid.ON, id="spikes-do-not-add-up"),
        pytest.param([GOOD, GOOD, DEAD, DEAD], Grid.OFF, id="lost"),
        pytest.param([GOOD, GOOD, BROWN, BROWN, BROWN], Grid.ON, id="brown-out"),
        pytest.param([DEAD, DEAD, BROWN, BROWN], Grid.OFF, id="brown-out-is-no-return"),
        pytest.param([GOOD, GOOD, UNREAD, UNREAD], Grid.ON, id="patience"),
        pytest.param([GOOD, GOOD, *[UNREAD] * 4], Grid.UNKNOWN, id="silence-is-unknown"),
        pytest.param([DEAD, DEAD, *[UNREAD] * 4], Grid.UNKNOWN, id="silence-in-an-outage-too"),
    ],
)
def test_state_after(seen: list[tuple[float | None, float | None]], expected: Grid) -> None:
    assert after(*seen).state is expected


def test_since_and_id_are_of_the_first_reading_that_saw_the_change() -> None:
    lost = after(GOOD, GOOD, DEAD, DEAD)
    assert lost.since == START + timedelta(seconds=15)
    assert lost.transition_id == "off-2026-11-23T18:00:15.000Z"


def test_back_from_unknown_without_a_change_is_no_transition() -> None:
    before = after(GOOD, GOOD)
    silent = after_silence(before, START + timedelta(hours=1), LIMITS)
    assert silent.state is Grid.UNKNOWN
    assert silent.transition_id == before.transition_id
    back = after(GOOD, GOOD, start=silent, every_s=3600)
    assert (back.state, back.since, back.transition_id) == (Grid.ON, before.since, before.transition_id)


def test_back_from_unknown_with_a_change_is_one() -> None:
    before = after(GOOD, GOOD)
    silent = after_silence(before, START + timedelta(hours=1), LIMITS)
    back = after(DEAD, DEAD, start=silent, every_s=3600)
    assert back.state is Grid.OFF
    assert back.transition_id != before.transition_id


def test_a_restart_keeps_since_and_id() -> None:
    before = after(GOOD, GOOD, DEAD, DEAD)
    kept = GridState.model_validate_json(to_message(before, before.last_reading_at).model_dump_json())
    again = restore(kept, before.last_reading_at + timedelta(seconds=30), LIMITS)
    assert again.state is Grid.UNKNOWN
    back = after(DEAD, DEAD, start=again, every_s=60)
    assert (back.since, back.transition_id) == (before.since, before.transition_id)


WENT, CAME = (GridState(at=START + timedelta(seconds=at), state=state, since=START, transition_id=state)
              for at, state in ((10, Grid.OFF), (5, Grid.ON)))  # fmt: skip


@pytest.mark.parametrize(
    ("retained", "kept", "now_s", "expected"),
    [
        pytest.param(None, None, 40, None, id="a-first-start"),
        pytest.param(CAME, None, 40, CAME, id="nothing-kept-yet"),
        pytest.param(CAME, WENT, 40, WENT, id="the-broker-lost-the-last-change-in-a-power-cut"),
        pytest.param(None, WENT, 40, WENT, id="the-broker-lost-everything"),
        pytest.param(WENT, CAME, 40, WENT, id="the-broker-has-newer-readings"),
        pytest.param(CAME, WENT, -7200, CAME, id="kept-by-a-clock-that-was-ahead"),
    ],
)
def test_what_we_published_last(
    retained: GridState | None, kept: GridState | None, now_s: float, expected: GridState | None
) -> None:
    assert last_published(retained, kept, START + timedelta(seconds=now_s)) is expected


def test_an_outage_goes_on_although_the_broker_has_lost_it_in_a_power_cut() -> None:
    with_power = after(GOOD, GOOD)
    outage = after(DEAD, DEAD, start=with_power, every_s=10)
    saved, lost = to_message(with_power, with_power.last_reading_at), to_message(outage, outage.last_reading_at)
    now = outage.last_reading_at + timedelta(seconds=40)
    again = after(DEAD, DEAD, start=restore(last_published(saved, lost, now), now, LIMITS), every_s=60)
    assert (again.state, again.since, again.transition_id) == (Grid.OFF, outage.since, outage.transition_id)


def test_a_quick_restart_does_not_even_blink() -> None:
    before = after(GOOD, GOOD)
    kept = GridState.model_validate_json(to_message(before, before.last_reading_at).model_dump_json())
    again = restore(kept, before.last_reading_at + timedelta(seconds=5), LIMITS)
    assert (again.state, again.since, again.transition_id) == (Grid.ON, before.since, before.transition_id)
    lost = after(DEAD, DEAD, start=again, every_s=20)
    assert lost.state is Grid.OFF


def test_a_message_from_the_future_is_not_trusted() -> None:
    before = after(GOOD, GOOD)
    again = restore(to_message(before, START + timedelta(days=1)), START, LIMITS)
    assert again.state is Grid.UNKNOWN


def test_after_a_long_pause_since_begins_anew_but_nothing_has_happened() -> None:
    before = after(GOOD, GOOD)
    again = restore(to_message(before, before.last_reading_at), before.last_reading_at + timedelta(days=2), LIMITS)
    days = 2 * 86400
    back = after_reading(after_reading(again, reading(days + 15, *GOOD), LIMITS), reading(days + 20, *GOOD), LIMITS)
    assert back.transition_id == before.transition_id
    assert back.since == START + timedelta(seconds=days + 15)


def test_a_message_kept_while_unknown_restores_what_was_known() -> None:
    silent = after_silence(after(GOOD, GOOD), START + timedelta(minutes=5), LIMITS)
    again = restore(to_message(silent, START + timedelta(minutes=5)), START + timedelta(minutes=6), LIMITS)
    assert again.confirmed is Grid.ON


@pytest.mark.parametrize(
    ("age", "state", "is_recent"),
    [
        pytest.param(timedelta(0), Grid.ON, True, id="this-moment"),
        pytest.param(LIMITS.silence, Grid.ON, True, id="just-within-the-silence"),
        pytest.param(LIMITS.silence + timedelta(seconds=1), Grid.UNKNOWN, True, id="silent"),
        pytest.param(SAME_STATE_WITHIN, Grid.UNKNOWN, True, id="just-the-same-state"),
        pytest.param(SAME_STATE_WITHIN + timedelta(seconds=1), Grid.UNKNOWN, False, id="too-long-ago"),
    ],
)
def test_what_a_restart_restores_by_the_age_of_the_message(age: timedelta, state: Grid, is_recent: bool) -> None:
    before = after(GOOD, GOOD)
    again = restore(to_message(before, before.last_reading_at), before.last_reading_at + age, LIMITS)
    assert (again.state, again.confirmed) == (state, Grid.ON)
    assert again.confirmed_since == (before.since if is_recent else None)
    assert again.last_reading_at == before.last_reading_at + (timedelta(0) if state is Grid.ON else age)
    assert again.before_us is None


def test_a_first_start_knows_nothing_since_now() -> None:
    assert restore(None, START, LIMITS) == GridTrack(Grid.UNKNOWN, START, START)


@pytest.mark.parametrize(
    ("silent_for", "state"),
    [
        pytest.param(timedelta(0), Grid.ON, id="not-at-all"),
        pytest.param(LIMITS.silence, Grid.ON, id="just-not-too-long"),
        pytest.param(LIMITS.silence + timedelta(seconds=1), Grid.UNKNOWN, id="too-long"),
        pytest.param(-timedelta(seconds=1), Grid.UNKNOWN, id="a-reading-from-the-future"),
    ],
)
def test_silence_forgets_a_change_that_was_seen_once(silent_for: timedelta, state: Grid) -> None:
    track = after(GOOD, GOOD, DEAD)
    assert track.pending
    found = after_silence(track, track.last_reading_at + silent_for, LIMITS)
    assert (found.state, found.pending, found.candidate_since) == (state, False, None)


def test_doubts_of_others_forget_a_change_that_was_seen_once() -> None:
    found = unknown_since(after(GOOD, GOOD, DEAD), START)
    assert (found.state, found.since, found.pending, found.candidate_since) == (Grid.UNKNOWN, START, False, None)


def test_a_spike_leaves_nothing_behind() -> None:
    assert after(GOOD, GOOD, DEAD, GOOD).candidate_since is None


def test_the_message_says_what_is_known_and_what_was_read() -> None:
    track = silenced(after(GOOD, GOOD))
    said = to_message(track, START, reading(0, *BROWN))
    assert (said.state, said.last_known, said.last_known_since) == (Grid.UNKNOWN, Grid.ON, track.confirmed_since)
    assert said.last_known_since is not None
    assert (said.voltage_v, said.frequency_hz) == BROWN
    assert (to_message(track, START).voltage_v, to_message(track, START).frequency_hz) == UNREAD


READINGS = st.one_of(
    st.none(),
    st.tuples(st.one_of(st.none(), st.floats(0, 500)), st.one_of(st.none(), st.floats(0, 100))),
)


@given(st.lists(READINGS, max_size=60))
def test_an_outage_always_has_two_dead_readings_in_a_row(seen: list[tuple[float | None, float | None] | None]) -> None:
    track, previous = unknown_grid(START), None
    for number, one in enumerate(seen, start=1):
        at = START + timedelta(seconds=5 * number)
        current = GridReading(at, *one) if one else None
        before = track
        track = after_reading(track, current, LIMITS) if current else after_silence(track, at, LIMITS)
        if track.state is Grid.OFF and before.state is not Grid.OFF:
            assert current
            assert previous
            assert verdict(current, LIMITS) is verdict(previous, LIMITS) is Grid.OFF
        if track.transition_id != before.transition_id:
            assert track.state is not before.confirmed
        previous = current


@given(st.lists(st.none(), min_size=1, max_size=30))
def test_silence_alone_never_says_on_or_off(seen: list[None]) -> None:
    track = unknown_grid(START)
    for number, _ in enumerate(seen):
        track = after_silence(track, START + timedelta(seconds=5 * number), LIMITS)
    assert track.state is Grid.UNKNOWN
    assert track.transition_id is None


def test_the_inverters_own_warning_is_the_second_witness() -> None:
    warned = GridReading(START, 0.0, 0.0, warns_of_loss=True)
    assert after_reading(after(GOOD, GOOD), warned, LIMITS).state is Grid.OFF
    assert after_reading(unknown_grid(START), warned, LIMITS).state is Grid.OFF


def test_the_warning_alone_is_no_witness() -> None:
    warned = GridReading(START + timedelta(seconds=15), *GOOD, warns_of_loss=True)
    assert after_reading(after(GOOD, GOOD), warned, LIMITS).state is Grid.ON


@pytest.mark.parametrize(
    ("volts", "hertz", "mains_lost", "usable"),
    [
        pytest.param(0.0, 50.0, False, False, id="a-classic-map-on-an-11-kW-unit"),
        pytest.param(19.9, 50.0, False, False, id="noise-has-no-frequency"),
        pytest.param(230.0, 0.0, False, False, id="a-full-voltage-without-a-frequency"),
        pytest.param(60.0, 0.0, False, True, id="noise-volts-on-an-open-line"),
        pytest.param(230.0, 5.0, False, False, id="a-full-voltage-at-5-Hz"),
        pytest.param(130.0, 0.0, False, False, id="between-the-limits-without-a-frequency"),
        pytest.param(23.0, 50.0, False, False, id="a-frequency-at-23-V"),
        pytest.param(49.9, 60.0, False, False, id="a-frequency-at-half-of-what-counts-as-lost"),
        pytest.param(23.0, 50.0, True, True, id="a-frequency-that-lags-behind"),
        pytest.param(225.0, 70.0, False, True, id="a-generator-that-races"),
        pytest.param(0.0, 50.0, True, True, id="the-inverter-says-it-too"),
        pytest.param(0.0, 0.0, False, True, id="an-outage"),
        pytest.param(80.0, 50.0, False, True, id="a-brown-out"),
        pytest.param(230.0, 50.0, False, True, id="the-mains"),
        pytest.param(None, 50.0, True, False, id="unread"),
    ],
)
def test_figures_that_contradict_each_other(volts, hertz, mains_lost, usable) -> None:
    reading = GridReading(START + timedelta(minutes=5), volts, hertz, mains_lost)
    assert reading.is_usable(LIMITS) is usable
    if not usable:
        assert after_reading(after(GOOD, GOOD), reading, LIMITS).state is Grid.UNKNOWN


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([GOOD, GOOD], None, id="none"),
        pytest.param([GOOD], None, id="not-before-the-first-confirmation"),
        pytest.param([UNREAD], poller.GRID_UNREAD(), id="unread"),
        pytest.param([(230.0, None)], poller.GRID_UNREAD(), id="half-unread"),
        pytest.param([(0.0, 50.0)], poller.grid_implausible(volts=0.0, hertz=50.0), id="contradiction"),
        pytest.param([GOOD, GOOD, (230.0, 0.0)], poller.grid_implausible(volts=230.0, hertz=0.0), id="no-frequency"),
        pytest.param([BROWN, BROWN], poller.grid_between_limits(volts=130.0, hertz=50.0), id="between-the-limits"),
        pytest.param([GOOD, GOOD, BROWN], None, id="between-the-limits-with-a-state-to-keep"),
    ],
)
def test_doubt(seen: list[tuple[float | None, float | None]], expected: Reason | None) -> None:
    assert doubt(after(*seen), reading(99, *seen[-1]), LIMITS) == expected


@pytest.mark.parametrize(
    ("nominal", "present", "lost"),
    [
        pytest.param(None, 160, 100, id="unknown"),
        pytest.param(0.0, 160, 100, id="unread"),
        pytest.param(220.0, 160, 100, id="220"),
        pytest.param(230.0, 160, 100, id="230"),
        pytest.param(240.0, 160, 100, id="240"),
        pytest.param(150.0, 160, 100, id="150-is-no-mains-of-its-own"),
        pytest.param(120.0, 83, 52, id="120"),
        pytest.param(110.0, 77, 48, id="110"),
        pytest.param(100.0, 70, 43, id="100"),
    ],
)
def test_limits_follow_the_nominal_voltage(nominal: float | None, present: float, lost: float) -> None:
    limits = LIMITS.scaled(nominal)
    assert (limits.present_v, limits.lost_v) == (present, lost)
    assert limits.silence == LIMITS.silence


@pytest.mark.parametrize(
    ("volts", "hertz", "expected"),
    [
        pytest.param(120.0, 60.0, Grid.ON, id="mains"),
        pytest.param(90.0, 60.0, Grid.ON, id="low"),
        pytest.param(70.0, 60.0, None, id="brown-out"),
        pytest.param(45.0, 60.0, Grid.OFF, id="too-low"),
        pytest.param(0.0, 0.0, Grid.OFF, id="outage"),
        pytest.param(10.0, 60.0, None, id="a-frequency-without-a-voltage"),
        pytest.param(120.0, 0.0, None, id="a-voltage-without-a-frequency"),
    ],
)
def test_verdict_at_120_volts(volts: float, hertz: float, expected: Grid | None) -> None:
    assert verdict(reading(0, volts, hertz), LIMITS.scaled(120)) is expected


NOMINALS = st.sampled_from([None, 100.0, 110.0, 120.0, 127.0, 220.0, 230.0, 240.0])


@given(st.floats(0, 500), st.floats(0, 100), NOMINALS)
def test_on_and_off_only_where_voltage_and_frequency_agree(volts: float, hertz: float, nominal: float | None) -> None:
    limits = LIMITS.scaled(nominal)
    one = GridReading(START, volts, hertz)
    seen = verdict(one, limits)
    low, high = limits.present_hz
    assert (seen is Grid.ON) == (volts >= limits.present_v and low <= hertz <= high)
    if seen is Grid.OFF:
        assert volts < limits.lost_v
        assert hertz < limits.lost_hz or volts >= limits.measurable_v
    if not one.is_usable(limits):
        assert seen is None
        assert (volts < limits.lost_v) != (hertz < limits.lost_hz), "one is there, and one is not"


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 100)), max_size=40), NOMINALS)
def test_contradictions_alone_never_change_what_is_known(
    seen: list[tuple[float, float]], nominal: float | None
) -> None:
    limits = LIMITS.scaled(nominal)
    track = unknown_grid(START)
    for number, figures in enumerate(seen, start=1):
        one = GridReading(START + timedelta(seconds=5 * number), *figures)
        before, track = track, after_reading(track, one, limits)
        if not one.is_usable(limits):
            assert track.state in (before.state, Grid.UNKNOWN)
            assert (track.confirmed, track.transition_id) == (before.confirmed, before.transition_id)


def test_a_frequency_that_lags_behind_a_falling_voltage_delays_and_does_not_mislead() -> None:
    falling = [(230.0, 50.0), (230.0, 50.0), (180.0, 49.5), (40.0, 49.0), (12.0, 46.0), (0.0, 0.0), (0.0, 0.0)]
    track = unknown_grid(START)
    states = []
    for number, figures in enumerate(falling):
        track = after_reading(track, reading(number * 0.3, *figures), LIMITS)
        states.append(track.state)
    assert states == [Grid.UNKNOWN, *[Grid.ON] * 5, Grid.OFF]


def test_silence_is_unknown_since_the_last_reading() -> None:
    before = after(GOOD, GOOD)
    silent = silenced(before)
    assert (silent.state, silent.since) == (Grid.UNKNOWN, before.last_reading_at)
    assert (silent.confirmed, silent.transition_id) == (before.confirmed, before.transition_id)


def test_after_a_suspension_nobody_knows_what_happened_meanwhile() -> None:
    track = after(GOOD, GOOD)
    hours = 8 * 3600
    track = after_reading(track, reading(hours, *GOOD), LIMITS)
    assert (track.state, track.since) == (Grid.UNKNOWN, START + timedelta(seconds=10))
    track = after_reading(track, reading(hours + 5, *GOOD), LIMITS)
    assert (track.state, track.since) == (Grid.ON, START + timedelta(seconds=hours))


UNSET = unset_start("boot")
BOOTED = START
"""What the clock of the machine will show for its boot, once it is set."""


def set_clock(track: GridTrack) -> GridTrack:
    return after_clock_change(track, ClockChange(BOOTED - UNSET, trusted=True, since=UNSET))


@pytest.mark.parametrize("away_s", [40, 59 * 60, 3 * 3600])
@pytest.mark.parametrize("repeated", [False, True], ids=["once", "clock-lost-and-set-again"])
def test_an_outage_over_a_reboot_goes_on_once_it_is_known_how_short_that_was(away_s: int, repeated: bool) -> None:
    began, heard = BOOTED - timedelta(hours=9), BOOTED - timedelta(seconds=away_s)
    last = GridState(at=heard, state=Grid.OFF, since=began, transition_id="off-a")
    track = restore(last, UNSET + timedelta(seconds=30), LIMITS)
    for second in (35, 40, 600):
        track = after_reading(track, GridReading(UNSET + timedelta(seconds=second), 0, 0), LIMITS)
    assert (track.state, track.transition_id) == (Grid.OFF, "off-a")
    assert UNSET + timedelta(seconds=600) - track.since == timedelta(seconds=565), "what we have seen ourselves"
    track = set_clock(track)
    if repeated:
        track = after_clock_change(track, ClockChange(UNSET - BOOTED, trusted=False, since=BOOTED))
        track = set_clock(track)
    assert track.since == (began if away_s < 3600 else BOOTED + timedelta(seconds=35))
    assert track.last_reading_at == BOOTED + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("state", "now", "heard", "is_kept"),
    [
        pytest.param(Grid.OFF, UNSET, BOOTED, True, id="heard-by-a-set-clock-and-ours-is-not"),
        pytest.param(Grid.OFF, UNSET, UNSET, False, id="heard-in-this-boot"),
        pytest.param(Grid.OFF, BOOTED, BOOTED, False, id="both-set"),
        pytest.param(Grid.UNKNOWN, UNSET, BOOTED, False, id="nothing-was-known"),
    ],
)
def test_only_what_an_unset_clock_cannot_date_is_kept_for_later(
    state: Grid, now: datetime, heard: datetime, is_kept: bool
) -> None:
    last = GridState(at=heard, state=state, since=heard, last_known=Grid.OFF, last_known_since=heard)
    assert restore(last, now, LIMITS).before_us == (last if is_kept else None)


@pytest.mark.parametrize("paused", [timedelta(0), SAME_STATE_WITHIN])
def test_an_outage_goes_on_after_a_pause_of_up_to_an_hour(paused: timedelta) -> None:
    last = GridState(at=BOOTED - paused, state=Grid.OFF, since=BOOTED - timedelta(hours=9), transition_id="off-a")
    track = restore(last, UNSET, LIMITS)
    for second in (0, 5):
        track = after_reading(track, GridReading(UNSET + timedelta(seconds=second), 0, 0), LIMITS)
    doubted = after_clock_change(track, ClockChange(timedelta(0), trusted=False, since=UNSET))
    assert doubted.before_us == last
    track = set_clock(track)
    assert (track.since, track.confirmed_since, track.before_us) == (last.since, last.since, None)


def test_another_outage_is_another_one_whatever_the_clock() -> None:
    last = GridState(at=BOOTED - timedelta(seconds=40), state=Grid.OFF, since=BOOTED - timedelta(hours=9))
    track = restore(last, UNSET + timedelta(seconds=30), LIMITS)
    for second, volts, hertz in ((35, 230, 50), (36, 230, 50), (90, 0, 0), (91, 0, 0)):
        track = after_reading(track, GridReading(UNSET + timedelta(seconds=second), volts, hertz), LIMITS)
    track = set_clock(track)
    assert (track.state, track.since) == (Grid.OFF, BOOTED + timedelta(seconds=90))
