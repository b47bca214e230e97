"""What is news of the grid, and what the schedule says of now."""

from datetime import timedelta

import pytest

from services.homeassistant.grid_events import event
from services.homeassistant.next_outage import EXPECTATIONS, outage_ahead
from shared.messages import Expectation, Grid, GridChange, GridState
from shared.outages import Expected
from tests.homeassistant.facts import HOUR, NOW, house


def grid(state: Grid, transition: str | None, age_s: float = 0) -> GridState:
    at = NOW - timedelta(seconds=age_s)
    return GridState(at=at, state=state, since=at, transition_id=transition)


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        pytest.param("a", grid(Grid.OFF, "b"), GridChange.WENT, id="gone"),
        pytest.param("a", grid(Grid.ON, "b"), GridChange.CAME, id="back"),
        pytest.param("a", grid(Grid.OFF, "a"), None, id="repeated"),
        pytest.param(None, grid(Grid.OFF, "b"), None, id="the-first-one-seen-is-no-news"),
        pytest.param("a", grid(Grid.UNKNOWN, "a"), None, id="unknown-is-no-outage"),
        pytest.param("a", grid(Grid.OFF, None), None, id="of-no-transition"),
        pytest.param("a", grid(Grid.OFF, "b", age_s=3600), None, id="an-hour-old"),
    ],
)
def test_what_is_news(before: str | None, now: GridState, change: GridChange | None) -> None:
    news = event(before, now, NOW)
    assert (news and news.change) == change


def test_the_next_outage_is_the_one_that_lasts_or_the_one_ahead() -> None:
    schedule = house().schedule
    ahead, lasting, over = (outage_ahead(schedule, NOW + hours * HOUR) for hours in (0, 2, 5))
    assert (ahead.expected, ahead.start, ahead.end) == (Expectation.POWER, NOW + HOUR, NOW + 4 * HOUR)
    assert (lasting.expected, lasting.start) == (Expectation.OUTAGE, NOW + HOUR)
    assert (over.expected, over.start) == (Expectation.POWER, None)
    assert outage_ahead(None, NOW).expected is Expectation.UNKNOWN
    assert set(EXPECTATIONS) == set(Expected)
