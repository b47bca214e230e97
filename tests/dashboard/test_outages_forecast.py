"""The card of Outages: each outage ahead, how full the battery has to be before it, and how right that has been."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dashboard.outages.forecast import forecast
from shared.broker_state import BrokerState
from shared.messages import OutageOutlook, Outlook, Scorecard, Verdict
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.view_text import words
from tests.support.outlooks import outlook

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)


def said(found: Outlook | None, *, connected: bool = True) -> str:
    state = BrokerState(connected=connected, outlook=found)
    return words([one for one in forecast(state, Localizer(Language.EN, NOW)) if one is not None])


def test_each_outage_ahead_has_its_verdict_and_what_to_charge():
    first = outlook("ample", NOW).outages[0]
    later = OutageOutlook(
        start=NOW + timedelta(hours=8),
        end=NOW + timedelta(hours=12),
        verdict=Verdict.WILL_NOT_LAST,
        margin_min=-80,
        charge_needed_percent=85,
        in_time=False,
    )
    lines = said(outlook("ample", NOW, outages=(first, later)))
    assert "Outage 20:00 – 22:00: the battery will last, with plenty to spare" in lines
    assert "the battery will not last, 1 h 20 min short" in lines
    assert "it needs 85 % when the outage begins, and there is no time left to charge that much." in lines
    assert "The last 10 outages: typically 4 % off; the band held 9 of them" in lines
    assert "Of 8 plain answers, lasts or not, 7 were right" in lines


def test_the_scorecard_is_empty_before_the_first_graded_outage():
    assert "has not been put to the test yet" in said(outlook("no_plan", NOW, scorecard=Scorecard()))


@pytest.mark.parametrize("found", [None, outlook("short", NOW - timedelta(hours=1))])
def test_without_a_fresh_outlook_there_is_no_card(found: Outlook | None):
    assert said(found) == ""
    assert said(outlook("short", NOW), connected=False) == ""
