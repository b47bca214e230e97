"""The card of the battery on Now: until when it lasts, whether that is enough, in six situations and two languages."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot.texts.outlook import lasting
from services.dashboard.markup import tree
from services.dashboard.now.battery_answer import answer, until
from services.dashboard.outages.forecast import forecast
from shared.broker_state import BrokerState
from shared.conditions.clock import NOT_SET
from shared.conditions.outlook import little_history
from shared.live_figures import live_figures
from shared.messages import (
    Band,
    BatteryState,
    Grid,
    GridState,
    HoldsUntil,
    InverterState,
    OutageOutlook,
    Outlook,
    PlugState,
    Verdict,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import advice, in_ten, outage_sentence, rough_time, verdict_sentence
from tests.dashboard.view_text import all_of, words
from tests.support.outlooks import SITUATIONS, outlook

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 23, 19, 0, tzinfo=KYIV).astimezone(UTC)
ENGLISH = Localizer(Language.EN, NOW, KYIV)
BOILER = {"boiler": PlugState(at=NOW, name="Boiler", on=True)}


def card(found: Outlook | None, language: Language = Language.EN, *, connected: bool = True) -> list[object]:
    inverters = {"main": InverterState(at=NOW)}
    state = BrokerState(connected=connected, outlook=found, plugs=BOILER, inverters=inverters)
    return answer(state, Localizer(language, NOW, KYIV))


def said(found: Outlook, language: Language = Language.EN) -> tuple[str, str, list[str]]:
    """Return the verdict, how it looks, and what to do; without a verdict both are empty."""
    shown = tree(card(found, language))
    verdicts = [one for one in all_of(shown, "p") if one[1]["className"] == "said"]
    lists = [words(one) for one in all_of(shown, "ul")[:-1]]
    return words(verdicts), verdicts[0][1]["data-state"] if verdicts else "", lists


def lasts(grid: Grid, found: Outlook | None = None, language: Language = Language.EN, battery: Any = None) -> str:
    """Return until when the battery lasts, with the words above it."""
    inverters = {"smg2": InverterState(at=NOW, battery_power_w=-640)}
    batteries = {"all": BatteryState.model_validate({"at": NOW, "soc_percent": 20.0} | battery)} if battery else {}
    since = GridState(at=NOW, state=grid, since=NOW - timedelta(hours=1))
    state = BrokerState(connected=True, grid=since, inverters=inverters, batteries=batteries, outlook=found)
    shown = until(state, live_figures(state, NOW), Localizer(language, NOW, KYIV))
    return f"{shown.label} {shown.value}".strip()


@pytest.mark.parametrize(
    ("situation", "verdict", "look", "to_do"),
    [
        (
            "ample",
            "Outage 22:00 – 24:00: the battery will last, with plenty to spare",
            "good",
            ["A good time for the washing machine: now"],
        ),
        (
            "barely",
            "Whether the battery lasts until power is back, planned for 21:30, is uncertain (7 in 10 that it does)",
            "warn",
            ["Switching Boiler off gives 1 h 50 min more"],
        ),
        (
            "short",
            "The battery will not last: 35 min short of 21:30",
            "bad",
            ["Switching Boiler off gives 1 h 50 min more"],
        ),
        ("emergency", "", "", ["Switching Boiler off gives 1 h 50 min more"]),
        ("no_plan", "", "", []),
        ("little_history", "The battery will last until 21:30, with 1 h 50 min to spare", "good", []),
    ],
)
def test_each_situation_says_whether_it_lasts_and_what_to_do(situation, verdict, look, to_do):
    assert said(outlook(situation, NOW)) == (verdict, look, to_do)


def test_the_same_in_ukrainian():
    assert [said(outlook(one, NOW), Language.UK)[0] for one in SITUATIONS] == [
        "Відключення 22:00 – 24:00: батареї вистачить із великим запасом",
        "Чи вистачить батареї, доки з'явиться світло (за графіком 21:30), ще неясно (шанси, що вистачить: 7 з 10)",
        "Батареї не вистачить: до 21:30 забракне 35 хв",
        "",
        "",
        "Батареї вистачить до 21:30, і ще лишиться запас на 1 год 50 хв",
    ]


def test_with_little_history_the_answer_itself_says_that_it_is_rough():
    hints = [one for one in all_of(tree(card(outlook("little_history", NOW))), "p") if one[1]["className"] == "hint"]
    assert [words(one)[:24] for one in hints] == ["Only 3 days are recorded"]
    almost = outlook("no_plan", NOW, unknown=(little_history(days=0.97),))
    assert "Записано лише 1 день:" in words(card(almost, Language.UK))
    assert "hint" not in str(tree(card(outlook("short", NOW))))


def test_how_lists_inputs_assumptions_and_past_error():
    lines = words(card(outlook("little_history", NOW)))
    for expected in (
        "Charge at 19:00: 62 %, by the BMS",
        "At its end 18 % will be left, most likely 12 % to 25 %",
        "Capacity of the battery: 4.8 kWh",
        "The last 10 outages: typically 4 % off; the band held 9 of them",
        "Only 3 days are recorded",
    ):
        assert expected in lines


@pytest.mark.parametrize(
    ("changes", "now", "then"),
    [
        pytest.param(
            {"verdict": Verdict.WILL_NOT_LAST, "margin_min": 5, "late_min": 12, "chance": 0.3},
            "The battery lasts until 21:30 with 5 min to spare, but power is usually 12 min late "
            "(3 in 10 that it lasts until power is back)",
            "Батареї вистачить із запасом на 5 хв, але світло зазвичай запізнюється на 12 хв "
            "(шанси, що вистачить до його появи: 3 з 10)",
            id="power-is-usually-later-than-the-charge-holds",
        ),
        pytest.param(
            {"verdict": Verdict.WILL_NOT_LAST, "margin_min": 20, "late_min": 4, "chance": 0.45},
            "The battery lasts until 21:30 with 20 min to spare, but power may be later "
            "(4 in 10 that it lasts until power is back)",
            "Батареї вистачить із запасом на 20 хв, але світло може затриматися довше "
            "(шанси, що вистачить до його появи: 4 з 10)",
            id="power-is-sometimes-very-late",
        ),
        pytest.param(
            {"verdict": Verdict.WILL_NOT_LAST, "margin_min": 5, "late_min": None, "chance": 0.3},
            "The battery lasts until 21:30 with 5 min to spare, but power may be later "
            "(3 in 10 that it lasts until power is back)",
            "Батареї вистачить із запасом на 5 хв, але світло може затриматися довше "
            "(шанси, що вистачить до його появи: 3 з 10)",
            id="an-outlook-of-an-earlier-version",
        ),
        pytest.param(
            {"verdict": Verdict.WILL_NOT_LAST, "margin_min": -35, "late_min": 12, "chance": 0.1},
            "The battery will not last: 35 min short of 21:30",
            "Батареї не вистачить: забракне 35 хв",
            id="too-short-by-itself",
        ),
        pytest.param(
            {"verdict": Verdict.LASTS, "margin_min": -15, "late_min": -40, "chance": 0.9},
            "The battery will last if power is back early, as usual: it is 15 min short of 21:30",
            "Батареї вистачить, якщо світло з'явиться завчасно, як зазвичай; до кінця забракне 15 хв",
            id="power-is-usually-early",
        ),
        pytest.param(
            {"verdict": Verdict.UNCERTAIN, "margin_min": 60, "late_min": 12, "chance": 0.7},
            "Whether the battery lasts until power is back, planned for 21:30, is uncertain (7 in 10 that it does)",
            "Чи вистачить батареї, ще неясно (шанси, що вистачить: 7 з 10)",
            id="uncertain-though-it-holds-beyond-the-end",
        ),
    ],
)
def test_the_verdict_and_the_margin_do_not_contradict_each_other(changes: dict[str, Any], now: str, then: str):
    running = outlook("short", NOW).outages[0]
    margin = timedelta(minutes=changes["margin_min"])
    assert running.end
    one = running.model_copy(update=changes | {"holds_until": HoldsUntil(typical=running.end + margin)})
    assert said(outlook("short", NOW, outages=(one,)))[0] == now
    ukrainian = Localizer(Language.UK, NOW, KYIV)
    assert outage_sentence(ukrainian, one, is_named=True).replace("\u00a0", " ") == then


@pytest.mark.parametrize("situation", ["barely", "short", "little_history"])
def test_while_power_is_late_no_end_is_named_that_is_past(situation):
    found = outlook(situation, NOW)
    late = found.outages[0].model_copy(update={"end": NOW - timedelta(minutes=10)})
    found = found.model_copy(update={"outages": (late, *found.outages[1:])})
    verdict, _look, to_dos = said(found)
    assert verdict == "", "the moment stands above it"
    assert late.holds_until.typical is not None
    until = "The battery lasts until about " + rough_time(ENGLISH, late.holds_until.typical)
    assert outage_sentence(ENGLISH, late) == until
    assert verdict_sentence(ENGLISH, found, late) == until
    assert to_dos == said(outlook(situation, NOW))[2]


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
    assert "washing" not in lines, "there is more important advice"
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


@pytest.mark.parametrize(
    ("grid", "situation", "expected"),
    [
        (Grid.OFF, "short", "lasts until about 20:55"),
        (Grid.OFF, "emergency", "lasts until about 22:00"),
        (Grid.ON, "no_plan", "if power went now, until about 22:00"),
        (Grid.UNKNOWN, "no_plan", ""),
    ],
)
def test_until_when_the_charge_lasts(grid: Grid, situation: str, expected: str):
    assert lasts(grid, outlook(situation, NOW)) == expected


def test_beyond_a_day_is_no_forecast():
    long = outlook("no_plan", NOW, holds_until=HoldsUntil())
    assert lasts(Grid.ON, long) == "if power went now, it lasts more than a day"
    assert lasts(Grid.ON, long, language=Language.UK) == "якби світло зникло зараз, то на понад добу"


FULL = {"remaining_ah": 120.0, "voltage_v": 52.0, "power_w": -640.0}


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (FULL, "lasts until about 23:50"),
        (FULL | {"power_w": -10.0}, "lasts more than a day"),
        (FULL | {"remaining_ah": 4.0}, "lasts until about 19:09"),
        ({}, ""),
        ({"power_w": -640.0}, ""),
    ],
)
def test_without_an_outlook_the_present_load_is_all_that_is_known(battery: dict[str, float], expected: str):
    assert lasts(Grid.OFF, battery=battery) == expected


@given(st.integers(-120, 24 * 60 - 151), st.integers(31, 24 * 60 - 1))
def test_page_bot_and_margin_agree_on_the_moment(margin_min: int, left_min: int):
    """The same moment in the figure, the bot's line and the sentence, which counts from the end of the outage."""
    until_then = NOW + timedelta(minutes=left_min)
    running = outlook("short", NOW).outages[0]
    end = until_then - timedelta(minutes=margin_min)
    one = running.model_copy(
        update={
            "end": end,
            "margin_min": margin_min,
            "verdict": Verdict.LASTS if margin_min > 0 else Verdict.WILL_NOT_LAST,
            "holds_until": HoldsUntil(typical=until_then),
        }
    )
    found = outlook("short", NOW, outages=(one,), holds_until=HoldsUntil(typical=until_then))
    localizer = Localizer(Language.EN, NOW, KYIV)
    shown = lasts(Grid.OFF, found)
    assert shown.split()[-1] == lasting(localizer, timedelta(minutes=left_min), NOW).split("~")[1].split()[-1]
    if abs(margin_min) >= 10 and end > NOW:
        clocks = (time.fromisoformat(one) for one in (shown.split()[-1], localizer.clock(end)))
        then, ended = (datetime.combine(NOW, one, UTC) for one in clocks)
        minutes = (then - ended) % timedelta(days=1)
        said = timedelta(days=1) - minutes if margin_min < 0 else minutes
        assert localizer.lasted(said) in outage_sentence(localizer, one).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Band(p10=20, p50=27, p90=35), "needs 38 % when the outage begins, and will have about 27 %"),
        (Band(p10=31, p50=45, p90=50), "needs 38 % when the outage begins, and at worst will have only 31 %"),
        (None, "there is no time left to charge that much"),
    ],
)
def test_an_outage_before_may_take_a_charge_that_would_be_enough(expected: Band | None, said: str):
    """With 51 % now and 38 % needed it is not true that there is no time to charge."""
    later = OutageOutlook(
        start=NOW + timedelta(hours=9),
        end=NOW + timedelta(hours=13),
        verdict=Verdict.WILL_NOT_LAST,
        charge_at_start=expected,
        charge_needed_percent=38,
        in_time=False,
    )
    (line,) = advice(Localizer(Language.EN, NOW, KYIV), later, str)
    assert said in line.replace("\u00a0", " ")


@pytest.mark.parametrize(("allowed", "is_said"), [(True, False), (False, True), (None, False)])
def test_advice_to_charge_names_a_bms_that_forbids_it(allowed: bool | None, is_said: bool):
    """On the page, where the outlook stands alone, and in the list of outages."""
    later = OutageOutlook(
        start=NOW + timedelta(hours=9),
        end=NOW + timedelta(hours=13),
        verdict=Verdict.WILL_NOT_LAST,
        charge_needed_percent=85,
        charge_from=NOW + timedelta(hours=6),
    )
    said = outlook("ample", NOW).model_copy(update={"outages": (later,)})
    state = BrokerState(connected=True, outlook=said, batteries={"jk": BatteryState(at=NOW, charging_mosfet=allowed)})
    localizer = Localizer(Language.EN, NOW, KYIV)
    for shown in (answer(state, localizer), forecast(state, localizer)):
        lines = words([one for one in shown if one is not None])
        assert "start charging by tomorrow 01:00" in lines
        assert ("The battery does not accept charge now: its BMS does not allow it" in lines) is is_said
