"""When the outlook is an alert: once an outage and change of the verdict, never from doubt or an old forecast."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.forecast import STEADY_FOR, forecast_alerts
from services.bot.alerts.state import AlertState
from services.bot.texts.outlook import forecast_text, outlook_text, verdict_lines
from shared.broker_state import BrokerState
from shared.messages import BatteryState, Certainty, OutageOutlook, PlugGain, PlugState, Verdict
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.bot.facts import KYIV, NOW
from tests.support.outlooks import outlook

FIVE = timedelta(minutes=5)
LASTS, MAYBE, SHORT = Verdict.LASTS, Verdict.UNCERTAIN, Verdict.WILL_NOT_LAST


def judged(verdict: Verdict, *, start_h: float = -1, hours: float = 3.5, **more: Any) -> OutageOutlook:
    start = NOW + timedelta(hours=start_h)
    known: dict[str, Any] = {"running": start_h <= 0, "plugs": (PlugGain(plug="boiler", power_w=900, adds_min=110),)}
    return OutageOutlook(start=start, end=start + timedelta(hours=hours), verdict=verdict, **known | more)


def told(steps: Sequence[OutageOutlook | None], *, age: timedelta = timedelta()) -> list[tuple[int, Alert]]:
    """Return the alerts of forecasts five minutes apart, with their places; each state has been on disk."""
    state, found = AlertState(), list[tuple[int, Alert]]()
    for place, step in enumerate(steps):
        now = NOW + place * FIVE
        said = outlook("no_plan", now - age, outages=(step,) if step else ())
        known = BrokerState(outlook=said, plugs={"boiler": PlugState(at=now, name="Бойлер", on=True)})
        state, alerts = forecast_alerts(AlertState.model_validate_json(state.model_dump_json()), known, now)
        assert forecast_alerts(state, known, now) == (state, []), "the same again says nothing"
        found += [(place, one) for one in alerts]
    return found


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param([SHORT] * 9, [(2, False)], id="once"),
        pytest.param([SHORT, LASTS] * 5, [], id="no-verdict-is-steady"),
        pytest.param([LASTS] * 5, [], id="that-it-lasts-is-no-news"),
        pytest.param([MAYBE] * 5, [], id="doubt-is-no-alert"),
        pytest.param([SHORT] * 4 + [LASTS] * 4, [(2, False), (6, True)], id="after-all"),
        pytest.param([SHORT] * 4 + [MAYBE] * 4 + [SHORT] * 4, [(2, False)], id="doubt-in-between"),
        pytest.param([SHORT] * 4 + [LASTS] * 4 + [SHORT] * 4, [(2, False), (6, True), (10, False)], id="and-not"),
    ],
)
def test_each_change_is_told_once(verdicts: list[Verdict], expected: list[tuple[int, bool]]):
    assert [(place, one.over) for place, one in told([judged(verdict) for verdict in verdicts])] == expected


def test_what_is_told_has_the_names_of_plugs_and_ends_under_the_same_key():
    (_, short), (_, over) = told([judged(SHORT)] * 4 + [judged(LASTS)] * 4)
    assert short.kind is AlertKind.FORECAST
    assert short.outlook is not None
    assert short.outlook.plugs[0].plug == "Бойлер"
    assert over.key == short.key


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(judged(SHORT, certainty=Certainty.POSSIBLE), id="only-possible"),
        pytest.param(judged(SHORT, start_h=7), id="far-ahead"),
        pytest.param(judged(Verdict.UNKNOWN), id="no-verdict"),
        pytest.param(None, id="no-outage"),
    ],
)
def test_what_is_not_certain_is_no_alert(outage: OutageOutlook | None):
    assert told([outage] * 5) == []


def test_an_old_outlook_is_no_alert():
    assert told([judged(SHORT)] * 5, age=timedelta(minutes=20)) == []


def test_an_outage_that_begins_or_moves_a_little_is_the_same_one():
    coming = [judged(SHORT, start_h=1)] * 4
    moved = [judged(SHORT, start_h=0.75, hours=4)] * 4
    running = [judged(SHORT, start_h=-0.1, hours=4.5)] * 4
    assert len(told(coming + moved + running)) == 1


def test_the_next_outage_is_another_one():
    assert len(told([judged(SHORT, hours=1)] * 4 + [judged(SHORT, start_h=3, hours=2)] * 4)) == 2


@given(st.lists(st.sampled_from([LASTS, MAYBE, SHORT]), max_size=40))
def test_alerts_alternate_and_never_come_sooner_than_a_verdict_is_steady(verdicts: list[Verdict]):
    found = told([judged(verdict, hours=9) for verdict in verdicts])
    assert [one.over for _, one in found] == [bool(place % 2) for place in range(len(found))]
    places = [place for place, _ in found]
    assert all(later - first >= STEADY_FOR / FIVE for first, later in pairwise(places))


@pytest.mark.parametrize(("allowed", "is_said"), [(True, False), (False, True), (None, False)])
def test_advice_to_charge_names_a_bms_that_forbids_it(allowed: bool | None, is_said: bool):
    """In the alert, in the reminder and in the answer to /outlook."""
    ahead = judged(SHORT, start_h=2, charge_needed_percent=85, charge_from=NOW + timedelta(hours=1), plugs=())
    state, localizer = AlertState(), Localizer(Language.EN, NOW, KYIV)
    for step in range(4):
        now = NOW + step * FIVE
        known = BrokerState(
            outlook=outlook("no_plan", now, outages=(ahead,)),
            batteries={"jk": BatteryState(at=now, charging_mosfet=allowed)},
        )
        state, alerts = forecast_alerts(state, known, now)
        if alerts:
            break
    (alert,) = alerts
    assert alert.outlook
    for text in (
        forecast_text(localizer, alert),
        "\n".join(verdict_lines(localizer, alert)),
        outlook_text(Localizer(Language.EN, now, KYIV), known),
    ):
        assert "85" in text
        assert ("The battery does not accept charge now: its BMS does not allow it" in text) is is_said
