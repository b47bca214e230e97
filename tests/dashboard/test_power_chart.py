"""The charts of History: hours that passed below local labels, gaps as gaps, sources on each other, shades."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from services.dashboard.asset_bundles import ASSETS
from services.dashboard.chart_theme import CONFIG, THEMES
from services.dashboard.history.energy import NAMES, hours
from services.dashboard.history.energy_chart import energy_chart
from services.dashboard.history.period import Span, period
from services.dashboard.history.power import FIELDS, PowerHistory, by_direction
from services.dashboard.history.power_chart import power_chart
from services.dashboard.history.time_axis import ticks, whole, zoomed
from shared.history.queries import GridSpan, Series
from shared.history.reports import Outage
from shared.history.tables import from_ms
from shared.messages import Grid
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.support.chromium import new_page

KYIV = ZoneInfo("Europe/Kyiv")
DARK = THEMES["dark"]
DAY = date(2026, 11, 23)
LOCALIZER = Localizer(Language.EN, datetime(2026, 11, 24, tzinfo=UTC), KYIV)
MONDAY = whole(period(Span.DAY, DAY), KYIV)


def drawing(columns: dict[str, list[float | None]], day: date = DAY, span: Span = Span.DAY) -> PowerHistory:
    window = whole(period(span, day), KYIV)
    count = max(map(len, columns.values()))
    values = {name: columns.get(name, [None] * count) for name in FIELDS}
    series = Series(window.start, (window.end - window.start) / count, values)
    return PowerHistory(by_direction(series), [], [], window)


def drawn(what: PowerHistory, **more) -> dict:
    return power_chart(what, "Mon 23 November 2026", LOCALIZER, theme=DARK, **more)


def named(figure: dict, name: str) -> dict:
    return next(trace for trace in figure["data"] if trace.get("name") == name)


def names(figure: dict) -> list[str]:
    return [trace["name"] for trace in figure["data"] if "name" in trace]


def told(figure: dict) -> dict:
    return next(trace for trace in figure["data"] if "hovertemplate" in trace)


def wall_clock(figure: dict, index: int) -> str:
    """Return what assets/history_chart.js writes above the boxes of a point."""
    hover, points = figure["hover"], figure["points"]
    at = points["start"] + index * points["step"]
    minutes = next(minutes for begin, minutes in reversed(hover["offsets"]) if begin <= at)
    return f"{from_ms(at + minutes * 60_000):%H:%M}"


@pytest.fixture(scope="module")
def complete(browser: Browser) -> Iterator[Callable[[dict], dict]]:
    """Return what assets/history_chart.js makes of a chart, in an empty page."""
    page = new_page(browser)
    page.evaluate("window.easun = {}")
    page.add_script_tag(path=ASSETS / "history_chart.js")
    yield lambda figure: page.evaluate("figure => { easun.drawChart(figure); return figure; }", figure)
    page.close()


@pytest.mark.parametrize(
    ("day", "hours", "label_at_4h"),
    [
        pytest.param(DAY, 24, "04:00", id="usual"),
        pytest.param(date(2026, 3, 29), 23, "05:00", id="spring"),
        pytest.param(date(2026, 10, 25), 25, "03:00", id="autumn"),
    ],
)
def test_a_day_is_as_long_as_it_was(day, hours, label_at_4h):
    figure = drawn(drawing({"pv_power_w": [1000] * hours}, day))
    assert figure["layout"]["xaxis"]["range"] == [0, hours]
    points = figure["points"]
    assert (points["start"], points["step"] * hours) == (points["origin"], hours * 3_600_000)
    assert wall_clock(figure, 4) == label_at_4h


@pytest.mark.parametrize(
    ("day", "labels"),
    [
        pytest.param(DAY, "00:00 03:00 06:00 09:00", id="usual"),
        pytest.param(date(2026, 3, 29), "00:00 04:00 06:00 09:00", id="spring-has-no-three-o-clock"),
        pytest.param(date(2026, 10, 25), "00:00 03:00<br>(summer) 06:00 09:00", id="autumn-has-two"),
    ],
)
def test_marks_of_a_day(day, labels):
    marks = ticks(whole(period(Span.DAY, day), KYIV), LOCALIZER)
    assert " ".join(label for _, label in marks[:4]) == labels


def test_a_phone_has_fewer_marks_a_day() -> None:
    marks = ticks(whole(period(Span.DAY, DAY), KYIV), LOCALIZER, touch=True)
    assert [label for _, label in marks] == ["00:00", "06:00", "12:00", "18:00"]


@pytest.mark.parametrize(
    ("span", "first", "count"), [(Span.WEEK, "Mon 23", 7), (Span.MONTH, "1", 6), (Span.YEAR, "Jan", 12)]
)
def test_marks_of_longer_periods(span, first, count):
    marks = ticks(whole(period(span, DAY), KYIV), LOCALIZER)
    assert (marks[0][1], len(marks)) == (first, count)


def test_an_hour_twice_is_not_drawn_twice():
    figure = drawn(drawing({"pv_power_w": [1] * 25}, date(2026, 10, 25)))
    labels = [wall_clock(figure, index) for index in range(2, 6)]
    assert labels == ["02:00", "03:00", "03:00", "04:00"]
    marks = dict(zip(figure["layout"]["xaxis"]["ticktext"], figure["layout"]["xaxis"]["tickvals"], strict=True))
    assert (marks["03:00<br>(summer)"], marks["06:00"]) == (3, 7)
    assert figure["hover"]["seasons"] == ["summer", "winter"]


def test_sources_lie_on_each_other_and_sinks_below_zero(complete):
    what = drawing({"pv_power_w": [1000, 0], "grid_power_w": [500, -200], "battery_power_w": [-300, 700]})
    figure = complete(drawn(what))
    assert named(figure, "Sun")["y"][:4] == [1, 1, 0, 0]
    assert named(figure, "From the grid")["y"][:4] == [1.5, 1.5, 0, 0]
    assert named(figure, "From the battery")["y"][:4] == [1.8, 1.8, 0, 0]
    assert named(figure, "To the battery")["y"][:4] == [0, 0, -0.7, -0.7]
    assert named(figure, "To the grid")["y"][:4] == [0, 0, -0.9, -0.9]
    texts = [box[1:4] for box in told(figure)["customdata"]]
    assert texts[0] == ["1.00\u00a0kW", "500\u00a0W importing", "300\u00a0W discharging"]
    assert texts[1] == ["0\u00a0W", "200\u00a0W exporting", "700\u00a0W charging"]


def test_gaps_stay_gaps(complete):
    figure = complete(drawn(drawing({"load_power_w": [500, None, 0], "pv_power_w": [100, None, 200]})))
    assert named(figure, "Consumption")["y"] == [0.5, None, 0]
    assert named(figure, "Consumption")["x"] == told(figure)["x"] == [4, 12, 20]
    assert named(figure, "Consumption")["connectgaps"] is False
    assert named(figure, "Sun")["x"] == [0, 4, 8, 8, 4, 0, None, 16, 20, 24, 24, 20, 16]
    assert named(figure, "Sun")["y"] == [0.1, 0.1, 0.1, 0, 0, 0, None, 0.2, 0.2, 0.2, 0, 0, 0]
    assert [box[4] for box in told(figure)["customdata"]] == ["500\u00a0W", LOCALIZER("unknown"), "0\u00a0W"]


def test_what_lies_on_something_unknown_has_no_place(complete):
    figure = complete(drawn(drawing({"pv_power_w": [1000, 1000, 1000], "grid_power_w": [1, None, 1]})))
    assert None not in named(figure, "Sun")["x"]
    assert named(figure, "From the grid")["x"][6] is None


def test_what_never_was_is_not_in_the_legend():
    assert names(drawn(drawing({"pv_power_w": [1000], "grid_power_w": [0]}))) == ["Sun", "Consumption"]


def test_outages_are_shaded_plans_outlined_and_both_explained():
    def at(hour):
        return MONDAY.start + timedelta(hours=hour)

    off, unknown = GridSpan(Grid.OFF, at(2), at(6)), GridSpan(Grid.UNKNOWN, at(6), at(7))
    planned = Outage(at(2), at(6), True, at(1), at(5), 60, 60, None, None, None, None)
    figure = drawn(replace(drawing({"pv_power_w": [1, 2]}), spans=[off, unknown], outages=[planned]))
    shapes = figure["layout"]["shapes"]
    assert [(one["x0"], one["x1"], one.get("label", {}).get("text")) for one in shapes] == [
        (2, 6, "Power out"),
        (6, 7, ""),
        (1, 5, None),
    ]
    assert shapes[2]["line"]["dash"] == "dot"
    assert names(figure)[-3:] == ["Power out", "Unknown", "Scheduled"]


def test_no_outage_needs_no_legend():
    assert "Power out" not in names(drawn(drawing({"pv_power_w": [1]})))


def test_an_outage_without_width_is_not_drawn():
    moment = GridSpan(Grid.OFF, MONDAY.start, MONDAY.start + timedelta(minutes=1))
    assert drawn(replace(drawing({"pv_power_w": [1]}), spans=[moment]))["layout"]["shapes"] == []


def test_a_finger_scrolls_and_a_mouse_zooms():
    what = drawing({"pv_power_w": [1]})
    assert drawn(what)["layout"]["dragmode"] == "zoom"
    assert drawn(what, touch=True)["layout"]["dragmode"] is False


@pytest.mark.parametrize(
    ("hours", "shown", "minutes"),
    [
        pytest.param([6, 7.5], [6, 7.5], 1, id="finer"),
        pytest.param([20, -3], [0, 20], 5, id="from-right-to-left-and-beyond"),
        pytest.param([], [0, 24], 5, id="all-again"),
    ],
)
def test_zooming(hours, shown, minutes):
    window = zoomed(hours, period(Span.DAY, DAY), KYIV)
    assert window
    assert (window.range, window.step) == (shown, timedelta(minutes=minutes))


@pytest.mark.parametrize("hours", [None, [5], [5, 5], ["x", None], [float("nan"), 1e300], {"a": 1}, [1, 2, 3], 7])
def test_what_is_no_zooming(hours):
    assert zoomed(hours, period(Span.DAY, DAY), KYIV) is None


@given(st.floats(0, 744), st.floats(0, 744))
def test_a_window_grows_to_whole_steps(first, last):
    window = zoomed([first, last], period(Span.MONTH, DAY), KYIV)
    if window:
        wide = window.grown
        assert wide.start <= window.start < window.end <= wide.end
        assert (wide.start - window.origin) % window.step == (wide.end - wide.start) % window.step == timedelta()
        assert (wide.end - wide.start) / window.step <= 402


def test_nothing_is_sent_to_a_cloud():
    assert CONFIG["showSendToCloud"] is False


VALUES = st.lists(st.none() | st.floats(-20_000, 20_000), min_size=12, max_size=12)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1), st.sampled_from(Span))
def test_any_subset_of_values_makes_json(columns, span):
    json.dumps(drawn(drawing(columns, span=span)), allow_nan=False)


@settings(max_examples=60)
@given(st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=30), st.data())
def test_surfaces_touch_and_leave_out_what_is_unknown(complete, sun, data):
    grid = data.draw(st.lists(st.none() | st.integers(1, 9), min_size=len(sun), max_size=len(sun)))
    figure = complete(drawn(drawing({"pv_power_w": sun, "grid_power_w": grid})))
    hours = told(figure)["x"]
    outlines = {name: named(figure, name) for name in names(figure) if name != "Consumption"}
    for trace in outlines.values():
        assert [one is None for one in trace["x"]] == [one is None for one in trace["y"]]
    covered = outlines.get("From the grid", {"x": []})["x"]
    never = all(one is None for one in sun)
    known = [a is not None and (never or b is not None) for a, b in zip(grid, sun, strict=True)]
    assert {hour for hour in hours if hour in covered} == {
        hour for hour, there in zip(hours, known, strict=True) if there
    }
    for hour, there, a, b in zip(hours, known, grid, sun, strict=True):
        if there:
            places = {y for x, y in zip(covered, outlines["From the grid"]["y"], strict=True) if x == hour}
            assert places == {(b or 0) / 1000, (a + (b or 0)) / 1000}


@given(st.dictionaries(st.integers(0, 23), st.tuples(*[st.none() | st.floats(0, 50)] * len(NAMES))))
def test_any_energy_makes_energy_chart(known):
    start = int(MONDAY.start.timestamp() * 1000)
    pieces = hours(
        period(Span.DAY, DAY), {start + hour * 3_600_000: kwh for hour, kwh in known.items()}, None, LOCALIZER
    )
    assert len(pieces) == 24
    json.dumps(energy_chart(pieces, LOCALIZER, theme=DARK), allow_nan=False)
