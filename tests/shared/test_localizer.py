"""Numbers read as people write them in each language."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.texts.language import Language
from shared.texts.localizer import Localizer

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "power", "length"), [("uk", "1,24\u00a0кВт", "7 год 2 хв"), ("en", "1.24\u00a0kW", "7 h 2 min")]
)
def test_numbers_and_lengths_read_naturally(language: str, power: str, length: str) -> None:
    localizer = Localizer(Language(language), NOW)
    assert localizer.power(1240) == power
    assert localizer.lasted(timedelta(hours=7, minutes=2)) == length


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ({"seconds": -5}, "under a minute"),
        ({"seconds": 59}, "under a minute"),
        ({"minutes": 59, "seconds": 29}, "59 min"),
        ({"minutes": 59, "seconds": 31}, "1 h"),
        ({"minutes": 72}, "1 h 12 min"),
        ({"hours": 24, "minutes": 5}, "24 h 5 min"),
        ({"hours": 76}, "3 d 4 h"),
    ],
)
def test_lengths_of_time(length: dict[str, int], expected: str) -> None:
    assert Localizer(Language.EN, datetime.now(UTC)).lasted(timedelta(**length)) == expected


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        pytest.param("2026-11-23T16:00Z", "2026-11-23T15:02Z", "17:02", id="today"),
        pytest.param("2026-11-22T22:30Z", "2026-11-22T21:30Z", "yesterday 23:30", id="yesterday-by-local-midnight"),
        pytest.param("2026-11-23T16:00Z", "2026-07-01T15:02Z", "1 Jul 18:02", id="summer-time"),
        pytest.param("2026-11-23T16:00Z", "2025-11-23T16:00Z", "23 Nov 2025 18:00", id="another-year"),
    ],
)
def test_moments_by_the_day_they_are_in(now: str, at: str, expected: str) -> None:
    localizer = Localizer(Language.EN, datetime.fromisoformat(now), KYIV)
    assert localizer.since(datetime.fromisoformat(at).astimezone(UTC)) == expected


@pytest.mark.parametrize(
    ("at", "english", "ukrainian"),
    [
        pytest.param("2026-10-24T23:59Z", "02:59", "02:59", id="before"),
        pytest.param("2026-10-25T00:00Z", "03:00 (summer)", "03:00 (літній)", id="the-first-time"),
        pytest.param("2026-10-25T00:59Z", "03:59 (summer)", "03:59 (літній)", id="the-end-of-the-first"),
        pytest.param("2026-10-25T01:00Z", "03:00 (winter)", "03:00 (зимовий)", id="the-second-time"),
        pytest.param("2026-10-25T02:00Z", "04:00", "04:00", id="after"),
        pytest.param("2026-03-29T01:00Z", "04:00", "04:00", id="an-hour-that-is-left-out"),
    ],
)
def test_an_hour_that_comes_twice_is_named(at: str, english: str, ukrainian: str) -> None:
    moment = datetime.fromisoformat(at)
    said = [Localizer(language, moment, KYIV).clock(moment) for language in (Language.EN, Language.UK)]
    assert said == [english, ukrainian]
    assert Localizer(Language.EN, moment, KYIV).since(moment) == english
    assert Localizer(Language.EN, moment, KYIV).time(moment) == english
