"""Days, weeks and months by the local clock, also where it jumps."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.history.periods import Period, Span, asked_for, period
from services.dashboard.wording import Clock
from shared.texts.catalogue import Language

KYIV = ZoneInfo("Europe/Kyiv")
CLOCK = Clock(Language.EN, datetime(2026, 11, 30, tzinfo=UTC), KYIV)
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "hours", "labels"),
    [
        pytest.param(date(2026, 11, 23), 24, "00:00 03:00 06:00 09:00", id="usual"),
        pytest.param(date(2026, 3, 29), 23, "00:00 04:00 06:00 09:00", id="spring-has-no-three-o-clock"),
        pytest.param(date(2026, 10, 25), 25, "00:00 03:00 06:00 09:00", id="autumn-has-two"),
    ],
)
def test_length_of_a_day(day, hours, labels):
    shown = period(Span.DAY, day)
    start, end = shown.bounds(KYIV)
    assert (end - start) == timedelta(hours=hours)
    assert " ".join(label for _, label in shown.ticks(CLOCK)[:4]) == labels


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (None, Period(Span.DAY, TODAY)),
        ("", Period(Span.DAY, TODAY)),
        ("?span=week&on=2026-11-25", Period(Span.WEEK, date(2026, 11, 23))),
        ("?span=month&on=2024-02-29&inverter=a+b", Period(Span.MONTH, date(2024, 2, 1), "a b")),
        ("?span=year&on=tomorrow", Period(Span.DAY, TODAY)),
        ("?on=0001-01-01", Period(Span.DAY, date(2000, 1, 3))),
        ("?on=9999-12-31&span=month", Period(Span.MONTH, date(2199, 12, 1))),
    ],
)
def test_what_an_address_asks_for(search, expected):
    assert asked_for(search, TODAY) == expected


@pytest.mark.parametrize(
    ("span", "title"),
    [(Span.DAY, "Mon 30 November 2026"), (Span.WEEK, "30 Nov – 6 Dec 2026"), (Span.MONTH, "November 2026")],
)
def test_title(span, title):
    assert period(span, date(2026, 11, 30)).title(CLOCK) == title


PERIODS = st.builds(period, st.sampled_from(Span), st.dates(date(2001, 1, 1), date(2198, 1, 1)))


@given(PERIODS)
def test_earlier_and_later_lead_back(shown):
    assert shown.earlier().later() == shown == shown.later().earlier()
    assert shown.earlier().last == shown.first
    assert shown.bounds(KYIV)[1] == shown.later().bounds(KYIV)[0]


@given(PERIODS, st.text(max_size=20).filter(lambda name: name == name.strip()))
def test_the_address_says_it_all(shown, name):
    named = shown.of_inverter(name)
    assert asked_for("?" + named.address.partition("?")[2], TODAY) == named


def test_another_span_stays_around_today():
    assert period(Span.MONTH, TODAY).of_span(Span.DAY, TODAY).first == TODAY
    assert period(Span.MONTH, date(2026, 5, 9)).of_span(Span.WEEK, TODAY).first == date(2026, 4, 27)
