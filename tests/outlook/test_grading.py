"""Past forecasts are graded, and where they missed one way they are corrected."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outlook.grading import LEAST, MOST, Graded, Standing, scorecard, usage_correction
from shared.messages import Band, Verdict

START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def graded(forecast: float, came: float | None, *, verdict=Verdict.LASTS, correction: float = 1.0) -> Graded:
    standing = Standing(
        began=START,
        end=START + timedelta(hours=4),
        charge=90,
        charge_at_end=Band(p10=forecast - 5, p50=forecast, p90=forecast + 5),
        chance=0.9,
        verdict=verdict,
        correction=correction,
    )
    return Graded(standing=standing, ended=START + timedelta(hours=4), charge=came, lowest=came)


def test_the_scorecard_counts_what_came():
    card = scorecard([graded(50, 54), graded(50, 40), graded(50, 51), graded(50, None), graded(20, 9)], 10)
    assert (card.outages, card.band_held, card.missed_percent) == (4, 2, 10)
    assert (card.verdicts_given, card.verdicts_right) == (4, 3)


def test_nothing_graded_corrects_nothing():
    assert usage_correction([]) == 1.0
    assert scorecard([], 10).missed_percent is None


def test_forecasts_that_missed_one_way_are_corrected_and_the_correction_converges():
    """What was forecast with a correction counts as if without it."""
    truth, correction, past = 1.3, 1.0, []
    for _ in range(30):
        past.append(graded(90 - 30 * correction, 90 - 30 * truth, correction=correction))
        correction = usage_correction(past)
    assert correction == pytest.approx(truth, rel=0.08)


@given(st.lists(st.tuples(st.floats(0, 100), st.one_of(st.none(), st.floats(0, 100))), max_size=30))
def test_a_correction_stays_within_reason(pairs):
    assert LEAST <= usage_correction([graded(forecast, came) for forecast, came in pairs]) <= MOST
