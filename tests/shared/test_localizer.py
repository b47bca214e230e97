"""Numbers read as people write them in each language."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.texts.language import Language
from shared.texts.localizer import Localizer

NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "power", "length"), [("uk", "1,24\u00a0кВт", "7 год 2 хв"), ("en", "1.24\u00a0kW", "7 h 2 min")]
)
def test_numbers_and_lengths_read_naturally(language: str, power: str, length: str) -> None:
    localizer = Localizer(Language(language), NOW)
    assert localizer.power(1240) == power
    assert localizer.lasted(timedelta(hours=7, minutes=2)) == length
