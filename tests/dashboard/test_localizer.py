"""Moments and lengths of time as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.texts.language import Language
from shared.texts.localizer import Localizer

KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ({"seconds": -5}, "under a minute"),
        ({"seconds": 59}, "under a minute"),
        ({"minutes": 59, "seconds": 59}, "59 min"),
        ({"minutes": 72}, "1 h 12 min"),
        ({"hours": 24, "minutes": 5}, "24 h 5 min"),
        ({"hours": 76}, "3 d 4 h"),
    ],
)
def test_duration(length, expected):
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
def test_since(now, at, expected):
    localizer = Localizer(Language.EN, datetime.fromisoformat(now), KYIV)
    assert localizer.since(datetime.fromisoformat(at).astimezone(UTC)) == expected
