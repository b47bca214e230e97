"""The card of Now that says whether the battery lasts, in six situations and both languages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.dashboard.markup import tree
from services.dashboard.now.forecast import forecast
from services.dashboard.now.what_next import what_next as sentence
from shared.broker_state import BrokerState
from shared.conditions.clock import NOT_SET
from shared.freshness import READING_HOLDS
from shared.messages import Grid, GridState, OutageOutlook, Outlook, PlugState, Verdict
from shared.texts.language import Language
from shared.texts.localizer import NO_BREAK, Localizer
from shared.texts.outlook_sentences import in_ten
from tests.dashboard.view_text import all_of, words
from tests.support.outlooks import SITUATIONS, outlook

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 23, 19, 0, tzinfo=KYIV).astimezone(UTC)
BOILER = {"boiler": PlugState(at=NOW, name="Boiler", on=True)}


def card(found: Outlook | None, language: Language = Language.EN, *, connected: bool = True) -> list[object]:
    state = BrokerState(connected=connected, outlook=found, plugs=BOILER)
    return forecast(state, Localizer(language, NOW, KYIV))


def said(found: Outlook, language: Language = Language.EN) -> tuple[str, str, list[str]]:
    """Return the verdict, how it looks, and what to do."""
    shown = [one for one in card(found, language) if one is not None]
    verdict = vars(shown[1])
    lists = [words(one) for one in all_of([tree(shown)], "ul")[:-1]]
    return words(shown[1]), verdict["data-state"], lists


@pytest.mark.parametrize(
    ("situation", "verdict", "look", "to_do"),
    [
        ("ample", "Outage 22:00 – 24:00: the battery will last, with plenty to spare", "good", []),
        (
            "barely",
            "Whether the battery lasts until 21:30 is uncertain: 7 chances in 10",
            "warn",
            ["Switching Boiler off gives 1 h 50 min more"],
        ),
        (
            "short",
            "The battery will not last: 35 min short of 21:30",
            "bad",
            ["Switching Boiler off gives 1 h 50 min more"],
        ),
        (
            "emergency",
            "The battery lasts until about 22:00",
            "unknown",
            ["Switching Boiler off gives 1 h 50 min more"],
        ),
        ("no_plan", "If power went now, the battery would last until about 22:00", "unknown", []),
        ("little_history", "The battery will last until 21:30, with 1 h 50 min to spare", "good", []),
    ],
)
def test_each_situation_says_whether_it_lasts_and_what_to_do(situation, verdict, look, to_do):
    assert said(outlook(situation, NOW)) == (verdict, look, to_do)


def test_the_same_in_ukrainian():
    assert [said(outlook(one, NOW), Language.UK)[0] for one in SITUATIONS] == [
        "Відключення 22:00 – 24:00: батареї вистачить із великим запасом",
        "Чи вистачить батареї до 21:30, ще неясно: шанси 7 з 10",
        "Батареї не вистачить: до 21:30 забракне 35 хв",
        "Батареї вистачить приблизно до 22:00",
        "Якби світло зникло зараз, батареї вистачило б приблизно до 22:00",
        "Батареї вистачить до 21:30, і ще лишиться запас на 1 год 50 хв",
    ]


def test_how_lists_inputs_assumptions_and_past_error():
    lines = words(card(outlook("little_history", NOW)))
    for expected in (
        "Charge now 62 %, by the BMS",
        "At its end 18 % will be left, most likely 12 % to 25 %",
        "Capacity of the battery: 4.8 kWh",
        "The last 10 outages: typically 4 % off; the band held 9 of them",
        "Only 3 days are recorded",
    ):
        assert expected in lines


def test_power_that_may_be_late_is_not_called_minutes_short():
    late = outlook("short", NOW).outages[0].model_copy(update={"margin_min": 12, "chance": 0.4})
    found = said(outlook("short", NOW, outages=(late,)))
    assert found[0] == "If power is late after 21:30, the battery may not last: 4 chances in 10"


def test_a_later_outage_that_is_not_lasted_through_is_not_hidden_by_the_next():
    later = OutageOutlook(
        start=NOW + timedelta(hours=9),
        end=NOW + timedelta(hours=13),
        verdict=Verdict.WILL_NOT_LAST,
        margin_min=-80,
        chance=0.1,
        charge_needed_percent=85,
        charge_from=NOW + timedelta(hours=6),
        in_time=True,
    )
    found = outlook("ample", NOW)
    lines = words(card(found.model_copy(update={"outages": (*found.outages, later)})))
    assert "with plenty to spare" in lines
    assert "the battery will not last, 1 h 20 min short" in lines
    assert "To last, it needs 85 % when the outage begins: start charging by tomorrow 01:00" in lines


@pytest.mark.parametrize(
    "found", [None, outlook("ample", NOW - timedelta(minutes=20)), outlook("ample", NOW + timedelta(hours=1))]
)
def test_without_a_fresh_outlook_there_is_no_card(found: Outlook | None):
    assert card(found) == []


def test_without_the_broker_there_is_no_card():
    assert card(outlook("ample", NOW), connected=False) == []


def test_an_outlook_that_knows_no_charge_says_why():
    assert "The clock is not set" in words(card(Outlook(at=NOW, reserve_percent=10, unknown=(NOT_SET(),))))


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 1), (0.31, 3), (0.72, 7), (0.999, 9), (None, 1)])
def test_a_chance_is_neither_none_nor_all(chance: float | None, expected: int):
    assert in_ten(chance) == expected


def test_the_banner_takes_the_outlook_instead_of_a_division():
    grid = GridState(at=NOW, state=Grid.OFF, since=NOW - timedelta(hours=1))
    state = BrokerState(connected=True, grid=grid, outlook=outlook("short", NOW))
    found = sentence(state, Localizer(Language.EN, NOW, KYIV), READING_HOLDS).replace(NO_BREAK, " ")
    assert found.startswith("Battery lasts until about 22:00")
