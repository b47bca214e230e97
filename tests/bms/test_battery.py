"""The state of one battery: events in, messages out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.bms.battery import Battery, Updates
from services.bms.battery_health import Limits
from services.bms.framing import SIZE as FRAME_SIZE
from services.bms.framing import Frame, FrameType
from shared.conditions import Reason, bms
from shared.messages import Availability, Contact
from shared.trusted_time import ClockChange
from tests.bms.jk import ADDRESS, DEVICE, SETTINGS, battery, cells

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
LOST = bms.connection_lost(name="Pack")


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def complete(**listed: Any) -> Battery:
    known = battery(**listed)
    known.on_connected(-60)
    for frame in (DEVICE, SETTINGS, cells()):
        known.on_frame(frame, AT)
    return known


def contacts(known: Battery, now: datetime) -> tuple[Contact, Reason | None] | None:
    news = known.take_updates(now).availability
    return (news.state, news.reason) if news else None


def test_the_settings_count_though_they_come_before_the_layout_is_known() -> None:
    known = complete()
    assert known.is_complete
    assert known.limits == Limits(2.6, 3.65, 0.1), "the BMS's own"
    assert known.to_state(AT).nominal_ah == 120.0


def test_what_the_owner_wrote_wins() -> None:
    known = complete(invert_current=True, capacity_ah=280, cell_low_v=3.0, name="Cellar")
    state = known.to_state(AT)
    assert (state.current_a, state.power_w, state.nominal_ah) == (10.0, 132.0, 280.0)
    assert known.limits.cell_low_v == 3.0
    assert known.to_info(AT).name == "Cellar"


def test_the_same_frame_again_is_no_news() -> None:
    known = complete()
    known.on_frame(cells(), datetime(2026, 11, 24, 7, tzinfo=UTC))
    assert known.read_at == AT


def test_zeros_of_a_board_that_is_starting_are_no_reading() -> None:
    known = complete()
    known.take_updates(AT)
    known.on_frame(Frame(FrameType.CELLS, bytes(FRAME_SIZE)), at(20))
    assert known.take_updates(at(20)) == Updates(None, None, None)


def test_each_thing_is_published_once() -> None:
    known = complete()
    first = known.take_updates(AT)
    assert first.availability
    assert first.availability.state is Contact.ONLINE
    assert first.info
    assert first.info.cell_count == 4
    assert first.state
    assert (first.state.at, first.state.rssi_dbm, first.state.reconnects) == (AT, -60, 0)
    again = known.take_updates(at(20))
    assert (again.availability, again.info, again.state) == (None, None, None)


def test_readings_are_published_at_the_interval_and_only_new_ones() -> None:
    known = complete(interval_s=10)
    published = [AT] if known.take_updates(AT).state else []
    for tick in range(1, 81):
        now = at(tick / 2)
        if tick <= 61:
            known.on_frame(cells(tick + 1), now)
        state = known.take_updates(now).state
        published += [now] if state else []
        assert state is None or state.at == now
    assert published == [AT, at(10), at(20), at(30)]


def test_a_reading_of_an_earlier_connection_is_not_published_with_the_next() -> None:
    known = complete(interval_s=60)
    assert known.take_updates(AT).state
    known.on_frame(cells(2), at(1))
    assert known.take_updates(at(1)).state is None
    known.on_disconnected()
    known.on_connected(-60)
    known.on_frame(DEVICE, at(57))
    assert known.take_updates(at(57)).state is None
    known.on_frame(cells(3), at(58))
    assert known.take_updates(at(58)).state, "a connection that was made faster than the last one counts too"


def test_a_reading_waits_for_the_device_that_sent_it() -> None:
    known = battery()
    known.on_connected(-60)
    known.on_frame(cells(), AT)
    assert known.take_updates(AT) == Updates(None, None, None), "not online without a state"
    known.on_frame(DEVICE, at(1))
    first = known.take_updates(at(1))
    assert first.state
    assert first.availability
    known.on_frame(SETTINGS, at(2))
    assert known.take_updates(at(2)).info


def test_a_device_that_never_comes_hides_no_reading() -> None:
    known = battery()
    known.on_connected(-60)
    known.on_frame(cells(), AT)
    known.on_no_device()
    updates = known.take_updates(at(6))
    assert updates.availability
    assert updates.state
    assert updates.info
    assert (updates.info.layout, updates.info.software) == ("JK02_32S", None)
    known.on_frame(cells(2), at(20))
    assert known.take_updates(at(20)).state
    known.on_frame(DEVICE, at(30))
    told = known.take_updates(at(30)).info
    assert told
    assert told.software == "15.38", "it came after all"


def test_a_reading_that_waits_for_its_device_is_old_after_a_silence() -> None:
    known = battery()
    known.on_connected(-60)
    known.on_frame(cells(), AT)
    known.on_silence()
    known.on_frame(DEVICE, at(60))
    assert known.take_updates(at(60)).state is None
    assert not known.is_online


def test_a_battery_counts_as_one_that_answers_from_its_first_state_on() -> None:
    known = Battery(battery().listed, Limits(2.8, 3.6, 0.1), 10, state=complete().to_state(AT))
    assert not known.is_current, "its state is of an earlier run"
    known.on_connected(-60)
    known.on_frame(DEVICE, at(0.123456))
    known.on_frame(cells(), at(0.123456))
    assert known.take_updates(at(0.2)).state
    assert known.is_current
    known.on_failure(LOST)
    known.on_connected(-60)
    known.on_frame(DEVICE, at(2))
    known.on_frame(cells(2), at(2))
    assert known.is_online
    assert not known.is_current, "its state is of the connection before"


def test_a_lost_connection_is_offline_at_once() -> None:
    known = complete()
    known.take_updates(AT)
    known.on_failure(LOST)
    assert contacts(known, at(1)) == (Contact.OFFLINE, LOST)
    known.on_disconnected()
    known.on_connected(None)
    known.on_frame(DEVICE, at(2))
    known.on_frame(cells(2), at(2))
    assert contacts(known, at(2)) == (Contact.ONLINE, None)
    known.on_silence()
    assert contacts(known, at(20)) == (Contact.OFFLINE, bms.silent(name=ADDRESS)), "the loss is over"


def test_with_a_connection_for_each_reading_a_failure_does_not_end_the_last_reading() -> None:
    known = complete(interval_s=60)
    known.take_updates(AT)
    known.on_disconnected()
    known.on_failure(bms.not_found(address=ADDRESS))
    assert contacts(known, at(61)) is None
    known.on_silence()
    assert contacts(known, at(70)) == (Contact.OFFLINE, bms.not_found(address=ADDRESS))


def test_the_reason_is_true_in_every_phase() -> None:
    known = battery()
    reasons = []

    def note() -> None:
        known.take_updates(AT)
        assert known.availability
        reasons.append(known.availability.reason)

    known.on_silence()
    note()
    known.on_found()
    note()
    known.on_connected(-60)
    known.on_frame(DEVICE, AT)
    note()
    known.on_silence()
    note()
    known.on_disconnected()
    note()
    known.on_failure(bms.not_found(address=ADDRESS))
    note()
    known.on_found()
    note()
    connecting, silent = bms.CONNECTING(), bms.silent(name=ADDRESS)
    looked_for = [bms.SEARCHING_AGAIN(), bms.not_found(address=ADDRESS), connecting]
    assert reasons == [bms.NOT_FOUND_YET(), connecting, bms.DATA_AWAITED(), silent, *looked_for]


@pytest.mark.parametrize(
    ("problem", "event", "reason"),
    [
        pytest.param(bms.NO_ADAPTER(), Battery.on_searching, bms.NOT_FOUND_YET(), id="an-adapter-is-plugged-in"),
        pytest.param(
            bms.not_found(address=ADDRESS),
            Battery.on_searching,
            bms.not_found(address=ADDRESS),
            id="not-found-before",
        ),
        pytest.param(
            bms.connect_failed(address=ADDRESS, cause=bms.NEEDS_PAIRING()),
            lambda known: known.on_connected(None),
            bms.DATA_AWAITED(),
            id="connected-after-all",
        ),
    ],
)
def test_a_reason_ends_when_it_is_no_longer_true(
    problem: Reason, event: Callable[[Battery], None], reason: Reason
) -> None:
    known = battery()
    known.on_failure(problem)
    known.on_silence()
    known.take_updates(AT)
    event(known)
    known.take_updates(AT)
    assert known.availability
    assert known.availability.reason == reason


def test_a_reading_that_was_held_up_is_stamped_when_it_was_measured() -> None:
    known = complete(interval_s=1)
    for second in range(1, 20):
        known.on_frame(cells(second, runtime_s=1000 + second), at(second))
    known.on_frame(cells(20, runtime_s=1020), at(56))
    state = known.to_state(at(56))
    assert (state.at, state.frame_age_s) == (at(20), 36)
    known.on_frame(cells(56, runtime_s=1056), at(56.1))
    assert known.to_state(at(56.1)).frame_age_s == 0


def test_a_long_loss_is_offline_with_its_reason_and_then_with_the_next() -> None:
    known = complete()
    known.take_updates(AT)
    known.on_failure(LOST)
    known.on_disconnected()
    known.on_silence()
    assert contacts(known, at(10)) == (Contact.OFFLINE, LOST)
    assert not known.is_current, "it no longer counts as one that answers"
    known.on_failure(bms.not_found(address=ADDRESS))
    assert contacts(known, at(30)) == (Contact.OFFLINE, bms.not_found(address=ADDRESS))
    assert known.availability
    assert known.availability.since == at(10)
    known.on_connected(-70)
    assert contacts(known, at(31)) == (Contact.OFFLINE, bms.DATA_AWAITED()), "it was found after all"
    known.on_frame(DEVICE, at(32))
    assert contacts(known, at(32)) is None, "it is back with a reading, not before"
    known.on_frame(cells(2), at(33))
    news = known.take_updates(at(33))
    assert news.availability
    assert (news.availability.state, news.availability.reason) == (Contact.ONLINE, None)
    assert news.state
    assert news.state.reconnects == 1


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        pytest.param([DEVICE], bms.silent(name=ADDRESS), id="hangs"),
        pytest.param([], bms.silent_unpaired(name=ADDRESS), id="unpaired"),
        pytest.param(
            [DEVICE, Frame(FrameType.CELLS, bytes(FRAME_SIZE))],
            bms.not_readable(name=ADDRESS, doubt=bms.layout_unknown(software="15.38")),
            id="unknown-layout",
        ),
    ],
)
def test_why_a_connected_battery_is_silent(frames: list[Frame], reason: Reason) -> None:
    known = battery()
    known.on_connected(-60)
    for frame in frames:
        known.on_frame(frame, AT)
    assert known.silence_reason == reason
    assert contacts(known, AT) is None
    known.on_silence()
    assert contacts(known, AT) == (Contact.OFFLINE, reason)
    known.on_failure(reason)
    assert contacts(known, AT) is None, "the client reports the same"


@pytest.mark.parametrize("before", [Contact.ONLINE, Contact.OFFLINE])
def test_after_a_restart_what_was_published_before_holds_until_more_is_known(before: Contact) -> None:
    published = Availability(at=at(-60), state=before, since=at(-60), reason=None)
    known = battery(availability=published)
    assert contacts(known, AT) is None
    known.on_connected(-60)
    known.on_frame(DEVICE, AT)
    known.on_frame(cells(), AT)
    changed = known.take_updates(AT).availability
    assert (changed is None) == (before is Contact.ONLINE), "an online battery does not even blink"


def test_a_battery_that_was_never_found_is_offline_in_the_end() -> None:
    known = battery()
    known.on_silence()
    assert contacts(known, AT) == (Contact.OFFLINE, bms.NOT_FOUND_YET())


def test_damaged_frames_are_counted() -> None:
    known = complete()
    known.on_bad_frames(0)
    known.on_bad_frames(2)
    assert known.to_state(AT).bad_frames == 2


@pytest.mark.parametrize("by", [timedelta(days=90), timedelta(days=-2), timedelta(minutes=40)], ids=str)
def test_a_clock_that_is_set_neither_delays_nor_ages_a_reading(by: timedelta) -> None:
    known = complete()
    assert known.take_updates(at(0)).state
    known.on_clock_change(ClockChange(by, trusted=True, since=at(-3600)))
    known.on_frame(cells(2), at(10) + by)
    updates = known.take_updates(at(10) + by)
    assert updates.state, "its interval has passed"
    assert updates.state.frame_age_s == 0
    known.on_silence()
    gone = known.take_updates(at(30) + by).availability
    assert gone
    assert gone.since == at(30) + by
    assert known.take_updates(at(31) + by).availability is None
