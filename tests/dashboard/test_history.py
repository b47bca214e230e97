"""The page History over real databases: energy, cost, comparison, table, file; and in Chromium."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from services.dashboard.app import application
from services.dashboard.history import energy
from services.dashboard.history import page as history_page
from services.dashboard.history.energy import (
    GRID_IN,
    LOAD,
    NAMES,
    UNKNOWN,
    change,
    previous,
    read_energy,
    self_sufficiency,
)
from services.dashboard.history.energy_card import against, difference
from services.dashboard.history.period import Span, period, period_of_query
from services.dashboard.settings import DashboardSettings
from services.dashboard.tariff import Tariff
from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.broker_state import BrokerState
from shared.history import reports
from shared.history.engine import reader
from shared.messages import Grid, GridState, InverterState
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.dashboard.harness import Dashboard, record, token_of
from tests.dashboard.test_page import DESK, PHONE, fits, opened
from tests.support.waiting import eventually

KYIV = ZoneInfo("Europe/Kyiv")
MONDAY = date(2026, 11, 23)
START = datetime(2026, 11, 22, 22, tzinfo=UTC)
"""Midnight in Kyiv."""
HOUR, EVERY = timedelta(hours=1), timedelta(minutes=4)
NAME = "x" * 200
OFF = ((12, Grid.OFF), (11.95, Grid.ON))
"""Hours before the last midnight."""
LOCALIZER = Localizer(Language.EN, START + 14 * HOUR, KYIV)


def house(at: datetime) -> dict[str, Any]:
    """Return a reading of an even house: 1 kW used, from the grid by night and half from the sun by day."""
    day = 8 <= at.astimezone(KYIV).hour < 20
    return {"load_power_w": 1000, "pv_power_w": 500 * day, "grid_power_w": 1000 - 500 * day, "battery_power_w": 0}


def rolled(path: Path, hours: range, name: str = NAME) -> None:
    """Record the even house and let upkeep make of it what it makes."""
    moments = [START + hours.start * HOUR + number * EVERY for number in range(HOUR // EVERY * len(hours) + 1)]
    rows = [
        _row(INVERTER_STATE.named(name), InverterState(at=at, battery_soc_percent=70, **house(at))) for at in moments
    ]
    rows.append(_row(GRID_STATE.named(), GridState(at=moments[0], state=Grid.ON, since=moments[0])))
    store = open_store(path)
    store.write(rows)
    Upkeep(store, KYIV, 400).finish(moments[-1])
    store.close()


def _row(topic: str, message: Any) -> Any:
    return to_row(topic, message.model_dump_json().encode())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days, the last of them not over."""
    path = tmp_path_factory.mktemp("house") / "easun.db"
    rolled(path, range(-48, 14))
    return path


@pytest.fixture
def client(path: Path) -> FlaskClient:
    settings = DashboardSettings(_env_file=None, tariff_day=4, tariff_night=2)
    return application(BrokerState, reader(path), settings).test_client()


def file_of(client: FlaskClient, query: str) -> TestResponse:
    """Return what a click on the download brings."""
    headers = {"X-CSRF-Token": token_of(client.get("/").text), "Accept-Language": "en"}
    return client.get(f"/history.csv?{query}", headers=headers)


def asked(client: FlaskClient, search: str) -> Any:
    """Return what the browser gets for an address of History."""
    answer = client.get(f"/history.json{search}", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return json.loads(answer.text)


@pytest.fixture
def dashboard(broker, tmp_path) -> Iterator[Dashboard]:
    with Dashboard(broker, tmp_path / "easun.db", TARIFF_DAY="4", TARIFF_NIGHT="2") as dashboard:
        yield dashboard


def test_energy_and_cost_of_a_day(client):
    told = json.dumps(asked(client, f"?span=day&on={MONDAY - timedelta(days=1)}"), ensure_ascii=False)
    for text in ("24.0\u00a0kWh", "18.0\u00a0kWh", "6.00\u00a0kWh", "25\u00a0%"):
        assert text in told
    assert f"{8 * 2 * 1 + 4 * 4 * 1 + 12 * 4 * 0.5:.2f}\u00a0₴" in told
    assert "08:00 – 09:00" in told


def test_a_house_that_grew_has_the_past_of_its_one_inverter(path: Path, tmp_path: Path) -> None:
    grown = Path(shutil.copy(path, tmp_path))
    rolled(grown, range(8, 14), "all")
    client = application(BrokerState, reader(grown), DashboardSettings(_env_file=None)).test_client()
    told = json.dumps(asked(client, f"?span=day&on={MONDAY - timedelta(days=1)}"), ensure_ascii=False)
    assert "All together" in told
    assert "24.0\u00a0kWh" in told
    lines = file_of(client, f"span=day&on={MONDAY}").text.splitlines()
    assert len(lines) == 1 + 14 * 12 + 1, "a row for each five minutes, of whoever was the house"


def test_what_still_lasts_is_compared_with_as_much_of_the_one_before():
    start, end = previous(period(Span.DAY, MONDAY), START + 14.4 * HOUR, KYIV)
    assert (start, end) == (START - 24 * HOUR, START - 9 * HOUR)
    assert previous(period(Span.DAY, MONDAY), START + 30 * HOUR, KYIV) == (START - 24 * HOUR, START)
    assert (
        against(period(Span.DAY, MONDAY), LOCALIZER)
        == "Compared with the same part of the previous period: Sun 22 November 2026."
    )


def test_a_time_of_which_little_is_known_is_no_comparison(path):
    known, share = reports.energy_between(reader(path), NAME, start=START - 72 * HOUR, end=START - 24 * HOUR)
    assert known[LOAD] == pytest.approx(24, abs=0.1)
    assert share == pytest.approx(0.5)
    assert reports.energy_between(reader(path), "nobody", start=START, end=START + HOUR) == (dict.fromkeys(NAMES), 0)


@pytest.mark.parametrize(
    ("value", "earlier", "text"),
    [
        (12, 10, "20\u00a0% more"),
        (8, 10, "20\u00a0% less"),
        (10, 10, "the same"),
        (None, 10, ""),
        (10, None, ""),
        (10, 0, ""),
        (1000, 1, ""),
    ],
)
def test_difference_is_in_words(value, earlier, text):
    assert difference(value, earlier, LOCALIZER) == text


def test_self_sufficiency():
    assert self_sufficiency({**UNKNOWN, LOAD: 10, GRID_IN: 4}) == pytest.approx(60)
    assert self_sufficiency({**UNKNOWN, LOAD: 10, GRID_IN: 14}) == 0
    assert self_sufficiency({**UNKNOWN, LOAD: 0, GRID_IN: 0}) is None
    assert self_sufficiency({**UNKNOWN, LOAD: 10}) is None


def test_a_sum_of_unknowns_is_unknown():
    assert energy.added([UNKNOWN, UNKNOWN]) == UNKNOWN
    assert energy.added([{**UNKNOWN, LOAD: 1}, {**UNKNOWN, LOAD: 2}]) == {**UNKNOWN, LOAD: 3}
    assert change(None, None) is None


@pytest.mark.parametrize(
    ("night", "night_hours"),
    [
        pytest.param((23, 7), [0, 1, 2, 3, 4, 5, 6, 23], id="over-midnight"),
        pytest.param((1, 5), [1, 2, 3, 4], id="after-midnight"),
        pytest.param((5, 5), [], id="no-night"),
    ],
)
def test_the_hours_of_the_night(night, night_hours):
    prices = Tariff(4, 1, night[0], night[1], "₴").prices
    assert [hour for hour, price in enumerate(prices) if price == 1] == night_hours


def test_an_unknown_hour_costs_nothing_and_an_unknown_day_is_unknown():
    tariff = Tariff(4, 1, 23, 7, "₴")
    assert tariff.cost([None, 2.0, *[None] * 20, 1.0, None]) == 6
    assert tariff.cost([None] * 24) is None
    assert tariff.cost([]) is None


@pytest.mark.parametrize(
    ("day", "night_hours"),
    [
        pytest.param(MONDAY, 8, id="usual"),
        pytest.param(date(2026, 3, 29), 7, id="spring"),
        pytest.param(date(2026, 10, 25), 9, id="autumn"),
    ],
)
def test_the_night_is_as_long_as_it_was(tmp_path, day, night_hours):
    midnight = datetime.combine(day, time(), KYIV).astimezone(UTC)
    moments = [midnight + number * EVERY for number in range(-15, 26 * 15)]
    store = open_store(tmp_path / "easun.db")
    store.write([_row(INVERTER_STATE.named(NAME), InverterState(at=at, grid_power_w=1000)) for at in moments])
    Upkeep(store, KYIV, 400).finish(moments[-1])
    store.close()
    engine, tariff = reader(tmp_path / "easun.db"), Tariff(4, 1, 23, 7, "₴")
    later = Localizer(Language.EN, midnight + timedelta(days=3), KYIV)
    whole_day = read_energy(engine, NAME, period(Span.DAY, day), tariff, later)
    of_week = read_energy(engine, NAME, period(Span.WEEK, day), tariff, later)
    assert whole_day.cost == pytest.approx(4 * 16 + night_hours)
    assert of_week.pieces[day.weekday()].cost == pytest.approx(whole_day.cost)


def test_without_a_price_of_its_own_the_night_costs_what_the_day_does():
    assert DashboardSettings(_env_file=None, tariff_day=4).tariff == Tariff(4, 4, 23, 7, "₴")
    assert DashboardSettings(_env_file=None, tariff_night=4).tariff is None


def test_power_of_both_directions_over_a_day(path):
    found = reports.flows(reader(path), NAME, start=START - 24 * HOUR, end=START, step=24 * HOUR)
    assert found.values["load_w"] == pytest.approx([1000])
    assert found.values["grid_in_w"] == pytest.approx([750], rel=0.01)
    assert found.values["battery_soc_percent"] == [70]
    nothing = reports.flows(reader(path), NAME, start=START - 96 * HOUR, end=START - 72 * HOUR, step=12 * HOUR)
    assert nothing.values["load_w"] == [None, None]


@pytest.mark.parametrize(
    "search", ["?span=day", "?span=week", "?span=month", "?span=year", "?from=2026-11-20&to=2026-11-24"]
)
def test_every_length_is_drawn(client, search):
    told = json.dumps(asked(client, f"{search}&on={MONDAY}"))
    assert '"id": "chart"' in told
    assert '"id": "energy"' in told
    assert "NaN" not in told


def test_the_file(client):
    answer = file_of(client, f"span=day&on={MONDAY - timedelta(days=1)}")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert answer.mimetype == "text/csv"
    assert 'filename="easun-2026-11-22-2026-11-22.csv"' in answer.headers["Content-Disposition"]
    assert len(rows) == 288
    assert rows[0] == {
        "at": "2026-11-22T00:00:00+02:00",
        "pv_power_w": "0",
        "load_power_w": "1000",
        "grid_power_w": "1000",
        "battery_power_w": "0",
        "battery_soc_percent": "70",
    }


def test_a_file_of_a_year_has_hours(client):
    rows = list(csv.DictReader(file_of(client, "span=year&on=2026-01-01").text.splitlines()))
    assert [row["at"] for row in rows[:2]] == ["2026-11-21T00:00:00+02:00", "2026-11-21T01:00:00+02:00"]
    assert len(rows) == 62 + 1, "the last reading is of the hour that begins with it"


def test_a_file_of_nothing_says_so(client, tmp_path):
    assert file_of(client, "inverter=nobody").status_code == 404
    settings = DashboardSettings(_env_file=None)
    nowhere = application(BrokerState, reader(tmp_path / "no.db"), settings).test_client()
    assert file_of(nowhere, "").text.startswith("Nothing recorded yet")
    assert asked(nowhere, "?span=year")


def test_a_period_that_is_over_is_read_once_until_something_in_it_changes(path, tmp_path, monkeypatch):
    copied = tmp_path / "easun.db"
    shutil.copy(path, copied)
    settings = DashboardSettings(_env_file=None, tariff_day=4)
    client = application(BrokerState, reader(copied), settings).test_client()
    made: list[Any] = []
    content = history_page._content

    def counted(*given: Any, **more: Any) -> Any:
        made.append(given)
        return content(*given, **more)

    monkeypatch.setattr(history_page, "_content", counted)

    def energy_of(day: int) -> str:
        return json.dumps(asked(client, f"?span=day&on=2026-11-{day}"))

    before = energy_of(22)
    assert energy_of(22) == before
    assert len(made) == 1
    for headers, look in (({"Accept-Language": "uk"}, "light"), ({"Accept-Language": "en"}, "dark")):
        other = client.get(f"/history.json?span=day&on=2026-11-22&look={look}", headers=headers)
        assert json.dumps(json.loads(other.text)) != before, "an answer is for one language and one theme"
    asked(client, "")
    asked(client, "")
    assert len(made) == 5, "today is not over"
    made.clear()
    assert energy_of(22) == before
    assert not made
    made.append(None)
    store = open_store(copied)
    late = START - 10 * HOUR + timedelta(minutes=1)
    store.write([_row(INVERTER_STATE.named(NAME), InverterState(at=late, **house(late) | {"load_power_w": 9000}))])
    energy_of(22)
    energy_of(22)
    assert len(made) == 3, "what is still due is not kept"
    Upkeep(store, KYIV, 400).finish(START + 20 * HOUR)
    assert energy_of(22) != before
    energy_of(22)
    assert len(made) == 4
    grid = [GridState(at=START - at * HOUR, state=state, since=START - at * HOUR) for at, state in OFF]
    store.write([_row(GRID_STATE.named(), state) for state in grid])
    Upkeep(store, KYIV, 400).finish(START + 20 * HOUR)
    assert "1 outage, 3 min without power" in energy_of(22)
    assert len(made) == 5, "an outage that was sent late"
    store.close()
    shutil.copy(path, tmp_path / "other.db")
    (tmp_path / "other.db").rename(copied)
    assert energy_of(22) == before, "another file"


def test_energy_table_and_file_in_the_browser(browser, dashboard, path, tmp_path):
    shutil.copy(path, tmp_path / "easun.db")
    with opened(browser, f"{dashboard.url}/history?span=week&on={MONDAY}", viewport=DESK) as page:
        # 7 kWh by night, 7 by day; between the readings about eight o'clock the power falls slowly
        expect(page.locator(".sum-coin .value")).to_have_text("29.93\u00a0₴")
        page.get_by_text("Table", exact=True).click()
        expect(page.locator(".wide tbody tr")).to_have_count(1)
        for viewport in (PHONE, DESK):
            page.set_viewport_size(viewport)
            assert fits(page), viewport
        with page.expect_download() as download:
            page.get_by_text("Download CSV").click()
        assert download.value.suggested_filename == "easun-2026-11-23-2026-11-29.csv"
        page.locator(".wide tbody").get_by_role("link").click()
        expect(page.locator(".steps h1")).to_have_text("Mon 23 November 2026")
        page.go_back()
        expect(page.locator(".steps h1")).to_have_text("23 Nov – 29 Nov 2026")
        expect(page.locator("#energy .bars path").first).to_be_attached()
        page.locator("#energy").scroll_into_view_if_needed()
        bars = page.locator("#energy .nsewdrag").bounding_box()
        assert bars
        page.mouse.click(bars["x"] + bars["width"] * 0.6 / 7, bars["y"] + bars["height"] / 2)
        expect(page.locator(".steps h1")).to_have_text("Mon 23 November 2026")


def test_zooming_reads_finer(browser, dashboard, tmp_path):
    record(tmp_path / "easun.db", START + 30 * HOUR, days=1.5)
    with opened(browser, f"{dashboard.url}/history?span=day&on={MONDAY}", viewport=DESK) as page:
        told = "document.querySelector('#chart .js-plotly-plot').data.find(one => one.hovertemplate).x"
        expect(page.locator("#chart .legendtext").first).to_be_visible()
        assert page.evaluate(f"{told}.length") == 288
        hover = page.evaluate(f"{told.removesuffix('.x')}.customdata[72]")
        assert (hover[0], hover[1]) == ("06:00", "0\u00a0W")
        assert re.fullmatch(r"[\d.]+\u00a0k?W importing", hover[2])
        assert re.fullmatch(r"\d+\u00a0%", hover[5])
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        assert box
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.5, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
        page.mouse.up()
        eventually(lambda: page.evaluate(f"{told}[1] - {told}[0] < 0.02"), "the points are a minute apart")
        first, last = page.evaluate("document.querySelector('#chart .js-plotly-plot').layout.xaxis.range")
        assert (first, last) == (pytest.approx(12, abs=0.1), pytest.approx(14.4, abs=0.1))

        # a minute later everything is where it was
        page.evaluate("document.querySelector('#history-outages').scrollIntoView()")
        place = page.evaluate("scrollY")
        page.evaluate(f"{told.removesuffix('.x')}.customdata[0] = ['old']")
        page.evaluate("dash_clientside.set_props('asked', {data: 'a minute is over'})")
        eventually(lambda: page.evaluate(f"{told.removesuffix('.x')}.customdata[0][0]") != "old", "it was read again")
        assert page.evaluate("document.querySelector('#chart .js-plotly-plot').layout.xaxis.range") == [first, last]
        assert page.evaluate(f"{told}[1] - {told}[0]") < 0.02
        assert page.evaluate("scrollY") == place
        page.evaluate("scrollTo(0, 0)")
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        assert box
        y = box["y"] + box["height"] / 2

        def all_again() -> bool:
            page.mouse.dblclick(box["x"] + box["width"] * 0.3, y)
            return bool(page.evaluate(f"{told}.length === 288"))

        eventually(all_again, "all of the day is shown again")


def test_what_is_not_summed_up_yet_is_shown_as_such_and_compared_with_nothing(tmp_path):
    path = tmp_path / "easun.db"
    rolled(path, range(-24, 8))
    store = open_store(path)
    later = [START + 8 * HOUR + number * EVERY for number in range(6 * HOUR // EVERY)]
    store.write([_row(INVERTER_STATE.named(NAME), InverterState(at=at, **house(at))) for at in later])
    store.close()
    now = Localizer(Language.EN, later[-1], KYIV)
    period = period_of_query("", now.today)
    found = read_energy(reader(path), NAME, period, None, now)
    assert found.due == START + 8 * HOUR
    assert found.before == UNKNOWN, "half a day of energy is no half of the day before"
    assert read_energy(reader(path), NAME, period.earlier(), None, now).due is None
