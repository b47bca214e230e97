"""The forecast that stood when an outage began is remembered, and graded once power is back."""

from datetime import datetime, timedelta

import pytest

from services.outlook.standings import Standings, after_forecast
from shared.messages import (
    Band,
    ChargeReading,
    ChargeSource,
    Grid,
    GridState,
    OutageOutlook,
    Outlook,
    Verdict,
)
from tests.outlook.home import NOW, home


def outlook(*, began: datetime, p50: float = 60.0) -> Outlook:
    running = OutageOutlook(
        start=began,
        end=began + timedelta(hours=4),
        running=True,
        verdict=Verdict.LASTS,
        chance=0.97,
        charge_at_end=Band(p10=p50 - 5, p50=p50, p90=p50 + 5),
    )
    charge = ChargeReading(percent=95, source=ChargeSource.INVERTER)
    return Outlook(at=NOW, reserve_percent=10, charge=charge, outages=(running,))


def grid(state: Grid, since: datetime) -> GridState:
    return GridState(at=NOW, state=state, since=since)


BEGAN = NOW - timedelta(hours=8, minutes=2)
"""The homes of the tests have no power from 8 to 12, and now it is 16:02."""


@pytest.mark.parametrize(
    ("minutes", "remembered"), [(1, True), (9, True), (30, False)], ids=["at-once", "soon", "too-late-to-be-a-forecast"]
)
def test_the_first_forecast_of_an_outage_is_the_one_that_stood(minutes: int, remembered: bool):
    now = BEGAN + timedelta(minutes=minutes)
    after = after_forecast(Standings(), outlook(began=BEGAN), grid(Grid.OFF, BEGAN), home(), now)
    assert (after.running is not None) is remembered
    later = after_forecast(after, outlook(began=BEGAN, p50=20), grid(Grid.OFF, BEGAN), home(), now + timedelta(hours=1))
    assert later == after


def standing() -> Standings:
    return after_forecast(Standings(), outlook(began=BEGAN), grid(Grid.OFF, BEGAN), home(), BEGAN)


def test_it_is_graded_by_the_record_when_power_is_back():
    back = NOW - timedelta(hours=4)
    after = after_forecast(standing(), outlook(began=BEGAN), grid(Grid.ON, back), home(), NOW)
    (graded,) = after.graded
    assert after.running is None
    assert graded.ended == NOW.replace(hour=12, minute=0)
    assert graded.charge is not None
    assert graded.lowest is not None
    assert 50 < graded.charge < 90
    assert graded.lowest <= graded.charge
    assert graded.standing.charge_at_end == Band(p10=55, p50=60, p90=65)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(grid(Grid.ON, NOW - timedelta(minutes=2)), id="flickered-back"),
        pytest.param(grid(Grid.UNKNOWN, NOW), id="unknown"),
        pytest.param(None, id="no-word"),
    ],
)
def test_an_outage_that_may_go_on_is_not_graded(now: GridState | None):
    before = standing()
    assert after_forecast(before, outlook(began=BEGAN), now, home(), NOW) == before


def test_an_end_that_nobody_recorded_is_not_graded():
    silent = home(days=2, now=BEGAN - timedelta(hours=1))
    after = after_forecast(standing(), outlook(began=BEGAN), grid(Grid.ON, NOW - timedelta(hours=4)), silent, NOW)
    assert after == Standings()


def test_what_is_remembered_survives_the_file():
    before = standing()
    assert Standings.model_validate_json(before.model_dump_json()) == before
