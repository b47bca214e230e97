"""Where the energy went: what came is what went, whatever the meters say."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.history.controls import controls
from services.dashboard.history.energy import NAMES
from services.dashboard.history.energy_balance import LOST, MISSING, balance, balance_trees
from services.dashboard.history.period import Span, period, period_of_query
from services.dashboard.markup import tree
from shared.texts.language import Language
from shared.texts.localizer import Localizer

ENGLISH = Localizer(Language.EN, datetime(2026, 11, 24, 12, tzinfo=UTC))
A_DAY = {
    "pv_kwh": 4.1,
    "load_kwh": 6.0,
    "grid_in_kwh": 3.0,
    "grid_out_kwh": 0.08,
    "battery_in_kwh": 2.0,
    "battery_out_kwh": 2.0,
}


def test_the_inverter_s_own_use_has_a_name():
    found = balance(A_DAY)
    assert found
    assert found.sinks[LOST] == pytest.approx(1.02)
    said = str(balance_trees(found, ENGLISH)).replace("\\xa0", " ")
    for expected in ("Came in: 9.10 kWh", "Went out: 9.10 kWh", "Inverter: own use and losses", "1.02 kWh", "11 %"):
        assert expected in said


def test_more_out_than_in_is_shown_too():
    found = balance(A_DAY | {"load_kwh": 8.0})
    assert found
    assert found.sources[MISSING] == pytest.approx(0.98)
    assert LOST not in found.sinks
    assert "Not metered" in str(balance_trees(found, ENGLISH))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_unknown_makes_no_balance(name):
    assert balance(A_DAY | {name: None}) is None


@given(st.fixed_dictionaries({name: st.floats(0, 1e6) for name in NAMES}))
def test_what_came_is_what_went(kwh):
    found = balance(kwh)
    assert found
    assert sum(found.sources.values()) == pytest.approx(sum(found.sinks.values()))
    assert all(value >= 0 for side in (found.sources, found.sinks) for value in side.values())
    if found.total:
        widths = [
            float(part[1]["style"]["width"][:-1]) for bar in balance_trees(found, ENGLISH)[1::3] for part in bar[2]
        ]
        assert sum(widths) <= 200.1


def test_dates_are_chosen_freely():
    shown = period(Span.CUSTOM, date(2026, 11, 3), "B2", 10)
    form = str(tree(controls(shown, date(2026, 1, 1), ENGLISH)).__getitem__(2)).replace('\\\\"', '"')
    for expected in ('"name": "from"', '"value": "2026-11-03"', '"value": "2026-11-12"', '"min": "2026-01-01"', '"B2"'):
        assert expected in form.replace('\\"', '"'), expected
    assert period_of_query("from=2026-11-12&to=2026-11-03&inverter=B2", ENGLISH.today) == shown
    assert shown.earlier().title(ENGLISH) == "24 Oct – 2 Nov 2026", "what it is compared with"
