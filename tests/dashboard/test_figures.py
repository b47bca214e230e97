"""The chart: hours that passed below local labels, gaps as gaps, outages as shades."""

import json
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.history.figures import FIELDS, history
from services.dashboard.history.periods import Span, period
from services.dashboard.look import CONFIG, THEMES
from services.dashboard.wording import Clock
from shared.history.queries import GridSpan, Series
from shared.messages import Grid
from shared.texts.catalogue import Language

KYIV = ZoneInfo("Europe/Kyiv")
DARK = THEMES["dark"]


def drawn(day: date, values: list[float | None], spans: list[GridSpan] | None = None, span: Span = Span.DAY) -> dict:
    shown = period(span, day)
    start, end = shown.bounds(KYIV)
    series = Series(start, (end - start) / len(values), dict.fromkeys(FIELDS, values))
    return history(series, spans or [], shown, Clock(Language.EN, start, KYIV), theme=DARK)


def named(figure: dict, name: str) -> dict:
    return next(trace for trace in figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize(
    ("day", "hours", "label_at_4h"),
    [
        pytest.param(date(2026, 11, 23), 24, "<b>04:30</b>", id="usual"),
        pytest.param(date(2026, 3, 29), 23, "<b>05:30</b>", id="spring"),
        pytest.param(date(2026, 10, 25), 25, "<b>03:30</b>", id="autumn"),
    ],
)
def test_a_day_is_as_long_as_it_was(day, hours, label_at_4h):
    figure = drawn(day, [1000] * hours)
    assert figure["layout"]["xaxis"]["range"] == [0, hours]
    assert figure["data"][0]["x"] == [index + 0.5 for index in range(hours)]
    assert figure["data"][0]["customdata"][4] == label_at_4h


def test_an_hour_twice_is_not_drawn_twice():
    figure = drawn(date(2026, 10, 25), [1] * 25)
    assert figure["data"][0]["customdata"][2:6] == ["<b>02:30</b>", "<b>03:30</b>", "<b>03:30</b>", "<b>04:30</b>"]
    ticks = dict(zip(figure["layout"]["xaxis"]["ticktext"], figure["layout"]["xaxis"]["tickvals"], strict=True))
    assert (ticks["03:00"], ticks["06:00"]) == (3, 7)


def test_gaps_stay_gaps():
    figure = drawn(date(2026, 11, 23), [500, None, 0])
    assert named(figure, "Home")["y"] == [0.5, None, 0]
    assert named(figure, "Home")["connectgaps"] is False
    assert named(figure, "Home")["customdata"] == ["Home <b>500\u00a0W</b>", "Home <b>–</b>", "Home <b>0\u00a0W</b>"]


def test_the_surface_falls_to_zero_at_a_gap():
    area = next(trace for trace in drawn(date(2026, 11, 23), [500, 600, None, 700])["data"] if "fill" in trace)
    assert list(zip(area["x"], area["y"], strict=True)) == [
        (3, 0), (3, 0.5), (9, 0.6), (9, 0), (21, 0), (21, 0.7), (21, 0),
    ]  # fmt: skip


def test_directions_are_words():
    figure = drawn(date(2026, 11, 23), [-1500])
    assert named(figure, "Battery (+ charging)")["customdata"] == ["Battery <b>1.50\u00a0kW</b> discharging"]
    assert named(figure, "Grid")["customdata"] == ["Grid <b>1.50\u00a0kW</b> feeding in"]


def test_outages_are_shaded_and_explained():
    day = date(2026, 11, 23)
    start = period(Span.DAY, day).bounds(KYIV)[0]
    off = GridSpan(Grid.OFF, start + timedelta(hours=2), start + timedelta(hours=6))
    unknown = GridSpan(Grid.UNKNOWN, start + timedelta(hours=6), start + timedelta(hours=7))
    figure = drawn(day, [1, 2], [off, unknown])
    shapes = figure["layout"]["shapes"]
    assert [(shape["x0"], shape["x1"], shape["label"]["text"]) for shape in shapes] == [(2, 6, "No grid"), (6, 7, "")]
    assert named(figure, "No grid")["x"] == [None]
    assert named(figure, "Grid unknown")["marker"]["color"] == DARK.unknown


def test_no_outage_needs_no_legend():
    assert not [trace for trace in drawn(date(2026, 11, 23), [1])["data"] if trace.get("name") == "No grid"]


def test_nothing_is_sent_to_a_cloud():
    assert CONFIG["showSendToCloud"] is False


@given(st.lists(st.none() | st.floats(-20_000, 20_000), min_size=1, max_size=60), st.sampled_from(Span))
def test_any_values_make_json(values, span):
    json.dumps(drawn(date(2026, 11, 2), values, span=span), allow_nan=False)
