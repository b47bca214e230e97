"""What is news of the grid, and what the schedule says of now."""

from datetime import timedelta

import pytest

from services.homeassistant.grid_events import KnownTransition, after
from services.homeassistant.next_outage import EXPECTATIONS, outage_ahead
from shared.messages import Expectation, Grid, GridChange, GridState
from shared.outages import Expected
from tests.homeassistant.facts import HOUR, NOW, house


def grid(state: Grid, transition: str | None, age_s: float = 0, lasts_s: float = 0) -> GridState:
    """Return a reading of so long ago, of a state that had lasted so long then."""
    at = NOW - timedelta(seconds=age_s)
    return GridState(at=at, state=state, since=at - timedelta(seconds=lasts_s), transition_id=transition)


A_MINUTE_AGO = KnownTransition(transition_id="a", state=Grid.ON, since=NOW - timedelta(minutes=1))
OFF_A_MINUTE_AGO = A_MINUTE_AGO.model_copy(update={"state": Grid.OFF})


@pytest.mark.parametrize(
    ("known", "now", "change"),
    [
        pytest.param(A_MINUTE_AGO, grid(Grid.OFF, "b"), GridChange.WENT, id="gone"),
        pytest.param(OFF_A_MINUTE_AGO, grid(Grid.ON, "b"), GridChange.CAME, id="back"),
        pytest.param(A_MINUTE_AGO, grid(Grid.ON, "b"), None, id="on-again-and-we-did-not-see-it-off"),
        pytest.param(A_MINUTE_AGO, grid(Grid.OFF, "b", 5, 30), GridChange.WENT, id="gone-while-we-were-away"),
        pytest.param(A_MINUTE_AGO, grid(Grid.OFF, "a"), None, id="repeated"),
        pytest.param(KnownTransition(), grid(Grid.OFF, "b"), None, id="the-first-one-seen-is-no-news"),
        pytest.param(A_MINUTE_AGO, grid(Grid.UNKNOWN, "a"), None, id="unknown-is-no-outage"),
        pytest.param(A_MINUTE_AGO, grid(Grid.OFF, None), None, id="of-no-transition"),
        pytest.param(A_MINUTE_AGO, grid(Grid.OFF, "b", 3600), None, id="an-hour-old"),
        pytest.param(A_MINUTE_AGO, grid(Grid.OFF, "b", 0, 3600), None, id="gone-an-hour-ago"),
        pytest.param(
            KnownTransition(transition_id="a", state=Grid.OFF, since=NOW - timedelta(seconds=5)),
            grid(Grid.ON, "before", 10),
            None,
            id="from-before-the-change-that-is-known",
        ),
    ],
)
def test_what_is_news(known: KnownTransition, now: GridState, change: GridChange | None) -> None:
    _, news = after(known, now, NOW)
    assert (news and news.change) == change


def test_a_broker_that_forgets_makes_no_event_twice() -> None:
    """It saves once a minute: after a power cut it brings back the state from before the last change."""
    on, off = grid(Grid.ON, "a", 12), grid(Grid.OFF, "b", 10)
    known, news = after(after(KnownTransition(), on, NOW)[0], off, NOW)
    assert news, "it has gone"
    for message in (on, off, grid(Grid.OFF, "b", 1, 9)):
        known, again = after(known, message, NOW)
        assert not again
    assert after(known, grid(Grid.ON, "c"), NOW)[1], "it has come"


def test_what_is_old_when_we_start_waits_for_a_live_reading() -> None:
    known, news = after(A_MINUTE_AGO, grid(Grid.OFF, "b", 25), NOW)
    assert not news
    assert known == A_MINUTE_AGO
    assert after(known, grid(Grid.OFF, "b", 0, 25), NOW)[1]


def test_the_next_outage_is_the_one_that_lasts_or_the_one_ahead() -> None:
    schedule = house().schedule
    ahead, lasting, over = (outage_ahead(schedule, NOW + hours * HOUR) for hours in (0, 2, 5))
    assert (ahead.expected, ahead.start, ahead.end) == (Expectation.POWER, NOW + HOUR, NOW + 4 * HOUR)
    assert (lasting.expected, lasting.start) == (Expectation.OUTAGE, NOW + HOUR)
    assert (over.expected, over.start) == (Expectation.POWER, None)
    assert outage_ahead(None, NOW).expected is Expectation.UNKNOWN
    assert set(EXPECTATIONS) == set(Expected)
