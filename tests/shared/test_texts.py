"""The words for what devices say are complete, and numbers read as people write them."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from shared.texts.devices import UKRAINIAN, device_words

from services.bms.alarms import TEXTS
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.support.broker import ROOT

NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)


def spelt_out() -> set[str]:
    """Return every word that a layout has for a bit."""
    found: set[str] = set()
    for file in (ROOT / "services/poller/layouts").glob("*.yaml"):
        bits = yaml.safe_load(file.read_text())["bits"]
        found |= {text for table in bits.values() for text in table.values()}
    return found


def test_every_fault_warning_and_alarm_has_ukrainian_words() -> None:
    every = spelt_out() | set(TEXTS.values())
    assert len(every) > 60
    untold = {text for text in every if device_words(Language.UK, text) == text}
    assert untold == set()
    assert all(device_words(Language.EN, text) == text for text in every)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a cell at 3.651 V", "комірка має 3.651 В"),
        ("unknown alarm 30", "невідома тривога 30"),
        ("output 2 overload", "перевантажено вихід 2"),
        ("nobody <b> knows {} this", "nobody <b> knows {} this"),
    ],
)
def test_numbers_in_words_are_kept(said: str, expected: str) -> None:
    assert device_words(Language.UK, said) == expected


def test_templates_hold_as_many_numbers_as_they_are_given() -> None:
    assert all(key.count("{}") == text.count("{}") for key, text in UKRAINIAN.items())


@pytest.mark.parametrize(
    ("language", "power", "length"), [("uk", "1,24\u00a0кВт", "7 год 2 хв"), ("en", "1.24\u00a0kW", "7 h 2 min")]
)
def test_numbers_and_lengths_read_naturally(language: Language, power: str, length: str) -> None:
    speech = Localizer(Language(language), NOW)
    assert speech.power(1240) == power
    assert speech.lasted(timedelta(hours=7, minutes=2)) == length
