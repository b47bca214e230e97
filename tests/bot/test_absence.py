"""What is told of a time when the bot was away."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.bot.alerts.absence import caught_up, has_changed_unseen, is_gap
from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.rules import next_alerts
from services.bot.alerts.state import AlertState, ReportedGrid
from services.bot.alerts.troubles import Limits
from services.bot.commands.history import outages_since
from shared.broker_state import BrokerState
from shared.messages import Grid, GridState, Window
from tests.bot.facts import NOW, at, grid, window
from tests.bot.recorded import EVERY, recorded

A, B, C = window("08:00", "09:00"), window("11:00", "11:30"), window("17:00", "18:29")
ON, OFF = Grid.ON, Grid.OFF


def until_now(start: str) -> Window:
    return Window(start=at(start), end=NOW)


def told(last: tuple[Grid, datetime], now: tuple[Grid, datetime], recorded: list[Window]) -> list[Alert]:
    """Return what is told after an absence, by both rules."""
    state = AlertState(grid=ReportedGrid(state=last[0], since=last[1], key="known"))
    present = grid(*now)
    assert is_gap(state, present)
    state, missed = caught_up(state, present, recorded, NOW)
    known = BrokerState(grid=present, listening_since=NOW)
    _, alerts = next_alerts(state, known, NOW, Limits())
    return missed + alerts


@pytest.mark.parametrize(
    ("last", "now", "recorded", "missed", "kind", "lasted"),
    [
        pytest.param((ON, at("07:00")), (ON, C.end), [C], (), AlertKind.GRID_BACK, "1:29", id="ended-a-minute-ago"),
        pytest.param((ON, at("07:00")), (ON, C.end), [A, B, C], (A, B), AlertKind.GRID_BACK, "1:29", id="three"),
        pytest.param((OFF, A.start), (ON, A.end), [A], (), AlertKind.GRID_BACK, "1:00", id="the-known-one-ended"),
        pytest.param((OFF, A.start), (ON, B.end), [A, B], (A,), AlertKind.GRID_BACK, "0:30", id="ended-and-one-more"),
        pytest.param(
            (ON, at("07:00")), (OFF, at("18:00")), [A, B, until_now("18:00")], (A, B), AlertKind.GRID_LOST, "6:30"
        ),
        pytest.param((OFF, A.start), (OFF, at("18:00")), [A, until_now("18:00")], (A,), AlertKind.GRID_LOST, "9:00"),
        pytest.param((ON, at("17:00")), (OFF, at("18:00")), [until_now("18:00")], (), AlertKind.GRID_LOST, "1:00"),
    ],
)
def test_the_recorder_knows_what_was_missed(  # noqa: PLR0917
    last: tuple[Grid, datetime],
    now: tuple[Grid, datetime],
    recorded: list[Window],
    missed: tuple[Window, ...],
    kind: AlertKind,
    lasted: str,
) -> None:
    *before, present = told(last, now, recorded)
    assert [one.missed for one in before] == ([missed] if missed else [])
    hours, minutes = map(int, lasted.split(":"))
    assert (present.kind, present.lasted_s) == (kind, timedelta(hours=hours, minutes=minutes).total_seconds())


@pytest.mark.parametrize(
    ("present", "is_unseen"),
    [
        pytest.param(grid(ON, C.end), True, id="back-after-an-outage-that-we-did-not-see"),
        pytest.param(grid(OFF, C.start), False, id="gone-as-usual"),
        pytest.param(grid(ON, at("07:00")), False, id="as-we-know-it"),
        pytest.param(grid(ON, at("06:00"), at("06:30")), False, id="from-before-what-we-know"),
        pytest.param(grid(Grid.UNKNOWN, C.end), False, id="unknown"),
        pytest.param(None, False, id="none"),
    ],
)
def test_an_outage_passed_unseen_where_power_is_on_since_another_moment(
    present: GridState | None, is_unseen: bool
) -> None:
    known = ReportedGrid(state=ON, since=at("07:00"), key=grid(ON, at("07:00")).transition_id or "")
    assert has_changed_unseen(AlertState(grid=known), present, NOW) is is_unseen
    assert not has_changed_unseen(AlertState(), present, NOW)


def test_outages_are_read_from_what_was_recorded(tmp_path: Path) -> None:
    found = outages_since(recorded(tmp_path), at("00:00"), NOW)
    minutes = [
        (abs(one.start - began) / timedelta(minutes=1))
        for one, began in zip(found, (at("08:12"), at("18:02")), strict=True)
    ]
    assert max(minutes) <= EVERY / timedelta(minutes=1)


def test_where_the_recorder_is_behind_the_ordinary_rule_speaks_alone() -> None:
    (alert,) = told((ON, at("07:00")), (OFF, at("18:00")), [A])
    assert (alert.kind, alert.missed) == (AlertKind.GRID_LOST, ())
