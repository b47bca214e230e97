"""Days, weeks, months, years and what lies between two days, by the local clock, also where it jumps."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.history.period import LONGEST_DAYS, Period, Span, period, period_of_query
from shared.texts.language import Language
from shared.texts.localizer import Localizer

KYIV = ZoneInfo("Europe/Kyiv")
LOCALIZER = Localizer(Language.EN, datetime(2026, 11, 30, tzinfo=UTC), KYIV)
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 11, 23), 24, id="usual"),
        pytest.param(date(2026, 3, 29), 23, id="spring"),
        pytest.param(date(2026, 10, 25), 25, id="autumn"),
    ],
)
def test_length_of_a_day(day, hours):
    start, end = period(Span.DAY, day).bounds(KYIV)
    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (None, Period(Span.DAY, TODAY)),
        ("", Period(Span.DAY, TODAY)),
        ("?span=week&on=2026-11-25", Period(Span.WEEK, date(2026, 11, 23))),
        ("?span=month&on=2024-02-29&inverter=a+b", Period(Span.MONTH, date(2024, 2, 1), "a b")),
        ("?span=year&on=tomorrow", Period(Span.YEAR, date(2026, 1, 1))),
        ("?span=century", Period(Span.DAY, TODAY)),
        ("?span=custom", Period(Span.DAY, TODAY)),
        ("?from=2026-11-20&to=2026-11-22", Period(Span.CUSTOM, date(2026, 11, 20), days=3)),
        ("?from=2026-11-22&to=2026-11-20&inverter=a", Period(Span.CUSTOM, date(2026, 11, 20), "a", 3)),
        ("?from=0001-01-01&to=9999-12-31", Period(Span.CUSTOM, date(2000, 1, 3), days=LONGEST_DAYS)),
        ("?from=2026-11-20", Period(Span.DAY, TODAY)),
        ("?on=0001-01-01", Period(Span.DAY, date(2000, 1, 3))),
        ("?on=9999-12-31&span=month", Period(Span.MONTH, date(2199, 12, 1))),
    ],
)
def test_what_an_address_asks_for(search, expected):
    assert period_of_query(search, TODAY) == expected


@pytest.mark.parametrize(
    ("span", "title"),
    [
        (Span.DAY, "Mon 30 November 2026"),
        (Span.WEEK, "30 Nov – 6 Dec 2026"),
        (Span.MONTH, "November 2026"),
        (Span.YEAR, "2026"),
    ],
)
def test_title(span, title):
    assert period(span, date(2026, 11, 30)).title(LOCALIZER) == title


def test_a_custom_title_names_both_days():
    assert period(Span.CUSTOM, date(2025, 12, 30), days=5).title(LOCALIZER) == "30 Dec 2025 – 3 Jan 2026"
    assert period(Span.CUSTOM, date(2026, 11, 30), days=1).title(LOCALIZER) == "Mon 30 November 2026"


PERIODS = st.builds(
    period,
    st.sampled_from(Span),
    st.dates(date(2061, 1, 1), date(2138, 1, 1)),
    days=st.integers(-5, LONGEST_DAYS * 2),
)


@given(PERIODS)
def test_earlier_and_later_lead_back(shown):
    assert shown.earlier().later() == shown == shown.later().earlier()
    assert shown.earlier().last == shown.first
    assert shown.bounds(KYIV)[1] == shown.later().bounds(KYIV)[0]


@given(PERIODS, st.text(max_size=20).filter(lambda name: name == name.strip()))
def test_the_address_says_it_all(shown, name):
    named = shown.of_inverter(name)
    assert period_of_query("?" + named.address.partition("?")[2], TODAY) == named


@given(PERIODS)
def test_pieces_cover_a_period_once(shown):
    firsts = list(shown.pieces())
    assert firsts[0] == shown.first
    assert firsts == sorted(set(firsts))
    assert len(firsts) <= 62
    parts = [part for part in map(shown.part, firsts) if part]
    assert all(part.contains(first) for part, first in zip(parts, firsts, strict=bool(parts)))
    assert not parts or parts[-1].contains(shown.last - timedelta(days=1))


def test_another_span_stays_around_today():
    assert period(Span.MONTH, TODAY).of_span(Span.DAY, TODAY).first == TODAY
    assert period(Span.MONTH, date(2026, 5, 9)).of_span(Span.WEEK, TODAY).first == date(2026, 4, 27)
