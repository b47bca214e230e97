"""What the page *Outages* says of every plan and of what was recorded, and twice in a browser."""

import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from playwright.sync_api import expect

from services.dashboard.markup import tree
from services.dashboard.outages.day_bar import Bounds, Piece, actual, hours
from services.dashboard.outages.month_calendar import calendar, known_time
from services.dashboard.outages.outage_log import LogContext, log, numbers
from services.dashboard.outages.plan_and_actual import compared
from services.dashboard.outages.recorded_cards import recorded
from services.dashboard.outages.view import view
from services.dashboard.pages import PageContext, ViewOptions
from services.dashboard.settings import DashboardSettings
from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.history.derived import outage, rollup_due
from shared.history.engine import reader, writer
from shared.history.migration import migrate
from shared.history.outage_details import OutageDetails
from shared.history.past_schedules import planned_days
from shared.history.queries import GridSpan
from shared.history.reports import Outage, statistics
from shared.history.tables import to_ms
from shared.messages import (
    Certainty,
    DayState,
    Grid,
    GridState,
    OutageSchedule,
    PlannedDay,
    QueueFit,
    QueueScore,
    QueueVerdict,
    ScheduleChange,
    ServiceHealth,
    ServiceStatus,
    Window,
)
from shared.outages import day_of, wall
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import GRID_STATE, OUTAGE_SCHEDULE
from tests.dashboard.harness import Dashboard, Publisher, record
from tests.dashboard.test_page import PHONE, fits, opened
from tests.dashboard.view_text import all_of, page, words
from tests.support.waiting import PATIENCE_S

ZONE = "Europe/Kyiv"
TODAY = date(2026, 11, 24)
HOUR = timedelta(hours=1)
POSSIBLE, UNCLEAR = Certainty.POSSIBLE, Certainty.UNKNOWN


def at(hour: float, day: date = TODAY) -> datetime:
    return wall(day, round(60 * hour), ZONE)


LOCALIZER = Localizer(Language.EN, at(13), ZoneInfo(ZONE))


def window(start: float, end: float, certainty: Certainty = Certainty.DEFINITE) -> Window:
    return Window(start=at(0) + start * HOUR, end=at(0) + end * HOUR, certainty=certainty)


def plan(*windows: Window, states: Sequence[DayState] = (DayState.PLANNED,), **fields: Any) -> OutageSchedule:
    days = tuple(
        PlannedDay(day=TODAY + timedelta(days=ahead), state=state, confirmed_at=at(12))
        for ahead, state in enumerate(states)
    )
    usual = {"at": at(12), "queue": "5.2", "source": "be_svitlo", "fetched_at": at(12.9), "operator_stamp": at(-4)}
    return OutageSchedule(**{**usual, "days": days, "windows": windows, **fields})


def shown(schedule: OutageSchedule | None, localizer: Localizer = LOCALIZER, **more: Any) -> dict[str, Any]:
    snapshot = BrokerState(connected=True, schedule=schedule, **more)
    return page(view(snapshot, localizer), snapshot, localizer)


@pytest.mark.parametrize(
    ("schedule", "sentence", "state"),
    [
        pytest.param(plan(window(18, 21)), "By the schedule, power is on", "on", id="light"),
        pytest.param(plan(states=[DayState.NO_OUTAGES]), "No outages scheduled today", "on", id="no-outages"),
        pytest.param(plan(window(12, 15)), "A scheduled outage now", "off", id="outage"),
        pytest.param(
            plan(window(12, 15, POSSIBLE)), "By the schedule, a possible outage now", "unknown", id="possible"
        ),
        pytest.param(
            plan(window(12, 15), states=[DayState.EMERGENCY]),
            "Emergency outages: the schedule does not apply",
            "off",
            id="emergency",
        ),
        pytest.param(plan(states=[DayState.WAITING]), "Today's schedule is being prepared", "unknown", id="waiting"),
        pytest.param(plan(states=[]), "Today's schedule has not been published", "unknown", id="unknown"),
        pytest.param(
            plan(window(18, 21), fetched_at=at(-12)), "The schedule is out of date", "unknown", id="stale-by-its-age"
        ),
        pytest.param(plan(window(18, 21), stale=True), "The schedule is out of date", "unknown", id="stale-as-said"),
        pytest.param(None, "No schedule is known", "unknown", id="none"),
    ],
)
def test_the_states_of_a_plan_are_never_confused(schedule, sentence, state):
    told = shown(schedule)
    assert told["text"]["outages-headline"] == sentence
    assert told["state"]["outages-banner"] == state


@pytest.mark.parametrize(
    ("schedule", "sentence", "until"),
    [
        pytest.param(plan(window(18, 21.5)), "Next outage: 18:00 – 21:30 5 h left", at(18), id="goes"),
        pytest.param(plan(window(12, 15)), "Power expected back: 15:00 2 h left", at(15), id="comes-back"),
        pytest.param(
            plan(window(12, 24)),
            "Power expected back: 25.11 00:00 11 h left The schedule after that is not published",
            at(24),
            id="open",
        ),
        pytest.param(
            plan(window(14, 16, POSSIBLE), window(18, 20)),
            "Next outage: 18:00 – 20:00 5 h left Possible outage: 14:00 – 16:00",
            at(18),
            id="a-possible-one-before",
        ),
        pytest.param(plan(window(2, 4)), "No further outages scheduled", None, id="none-ahead"),
        pytest.param(plan(window(18, 20), states=[DayState.EMERGENCY]), "", None, id="emergency"),
        pytest.param(plan(window(18, 20), stale=True), "", None, id="nothing-is-promised-by-an-old-plan"),
        pytest.param(None, "", None, id="no-plan"),
    ],
)
def test_what_comes_next(schedule, sentence, until):
    coming = shown(schedule)["parts"]["outages-coming"]
    assert words(coming).startswith(sentence)
    assert bool(sentence) or not coming
    moments = [datetime.fromisoformat(one[1]["dateTime"]) for one in all_of(coming, "time")]
    assert moments == ([until] if until else [])


def test_the_days_with_their_lengths_and_totals():
    given = plan(
        *(window(2, 6), window(12, 15), window(18, 20, POSSIBLE), window(21, 22, UNCLEAR), window(23, 26)),
        states=(DayState.PLANNED, DayState.WAITING),
    )
    first, second, third, key = shown(given)["parts"]["outages-days"]
    assert words(first).startswith("Today Tue 24 Nov out for 9 h, possibly 2 h more")
    assert [words(one) for one in all_of(first, "li")] == [
        "02:00 – 06:00, 4 h",
        "12:00 – 15:00, 3 h now",
        "18:00 – 20:00, 2 h, possible",
        "21:00 – 22:00, 1 h, unknown mark of the operator",
        "23:00 – 24:00, 1 h",
    ]
    lane = next(one for one in all_of(first, "div") if one[1].get("role") == "img")
    assert "18:00 – 20:00, 2 h, possible" in lane[1]["aria-label"]
    assert [one[1]["className"] for one in lane[2]] == [
        *("piece piece-definite", "piece piece-definite", "piece piece-possible"),
        *("piece piece-unknown", "piece piece-definite", "lane-now"),
    ]
    assert lane[2][0][1]["style"] == {"left": "8.33%", "width": "16.67%"}
    assert "Tomorrow Wed 25 Nov being prepared" in words(second)
    assert "not published yet" in words(third)
    assert words(key) == "Outage Possible Unknown"


def test_an_emergency_promises_no_hours():
    first, *_ = shown(plan(window(12, 15), states=[DayState.EMERGENCY]))["parts"]["outages-days"]
    assert words(first) == "Today Tue 24 Nov emergency outages 00 06 12 18 24"


@pytest.mark.parametrize(
    ("day", "length", "noon"),
    [
        pytest.param(date(2026, 3, 29), 23, "47.83%", id="spring"),
        pytest.param(date(2026, 10, 25), 25, "52.0%", id="autumn"),
        pytest.param(TODAY, 24, "50.0%", id="usual"),
    ],
)
def test_a_day_is_as_long_as_it_is(day, length, noon):
    bounds = Bounds.of(day, ZONE)
    assert bounds.end - bounds.start == length * HOUR
    ticks = all_of(tree([hours(bounds)]), "span")
    assert [words(one) for one in ticks] == ["00", "06", "12", "18", "24"]
    assert [one[1]["style"]["left"] for one in ticks[::2]] == ["0.0%", noon, "100.0%"]


def test_a_plan_without_hope_of_news_says_what_to_do():
    status = ServiceStatus(
        at=at(13),
        state=ServiceHealth.DISABLED,
        since=at(1),
        reasons=(Reason.sentence("Set QUEUE_NUMBER."),),
        version="1",
    )
    assert "QUEUE_NUMBER" in shown(None)["text"]["outages-help"]
    told = shown(None, services={"schedule": status})["text"]["outages-help"]
    assert told == "The schedule service reports: Set QUEUE_NUMBER."
    assert "MQTT_HOST" in view(BrokerState(), LOCALIZER).text["outages-help"]
    assert "since yesterday 12:00" in shown(plan(fetched_at=at(-12)))["text"]["outages-help"]


def test_where_the_plan_comes_from_and_how_old_it_is():
    change = ScheduleChange(at=at(10))
    told = words(
        shown(plan(change=change, reason=Reason.sentence("It sends us to another host.")))["parts"]["outages-about"]
    )
    assert "Source be_svitlo Checked 12:54 (6 min ago) Published by the operator yesterday 20:00" in told
    assert "Last change 10:00 Problem It sends us to another host." in told


@pytest.mark.parametrize(
    ("state", "age", "sentence"),
    [
        (Grid.ON, 0, "Actual: power on since 11:00"),
        (Grid.OFF, 0, "Actual: power out since 11:00"),
        (Grid.OFF, 300, "Actual: unknown"),
        (Grid.UNKNOWN, 0, "Actual: unknown"),
        (Grid.ON, -86400, "Actual: unknown"),
    ],
)
def test_what_is_in_fact(state, age, sentence):
    grid = GridState(at=at(13) - timedelta(seconds=age), state=state, since=at(11))
    assert shown(plan(), grid=grid)["text"]["outages-reality"] == sentence


@given(
    schedule=st.builds(
        plan,
        states=st.lists(st.sampled_from(DayState), max_size=4),
        queue=st.text(max_size=200),
        source=st.none() | st.text(max_size=200),
        fetched_at=st.none() | st.just(at(13)) | st.just(at(37)) | st.just(at(-40)),
        operator_stamp=st.none() | st.just(at(1)),
        stale=st.booleans(),
        reason=st.none() | st.text(max_size=200).map(Reason.sentence),
        windows=st.lists(
            st.builds(window, st.integers(-30, 40), st.integers(41, 60), st.sampled_from(Certainty)), max_size=3
        ).map(tuple),
    ),
    language=st.sampled_from(Language),
)
def test_any_plan_is_told_in_words(schedule, language):
    told = shown(schedule, replace(LOCALIZER, language=language))
    assert told["text"]["outages-headline"]
    assert len(all_of(told["parts"]["outages-days"], "h3")) == 3


def span(state: Grid, start: float, end: float) -> GridSpan:
    return GridSpan(state, at(start), at(end))


def test_what_nobody_recorded_is_unknown_and_the_future_is_empty():
    bounds = Bounds.of(TODAY, ZONE)
    pieces = actual([span(Grid.ON, -5, 6), span(Grid.OFF, 6, 9), span(Grid.UNKNOWN, 10, 11)], bounds, at(13))
    assert pieces == [
        Piece(at(0), at(6), "on"),
        Piece(at(6), at(9), "definite"),
        Piece(at(9), at(10), "unknown"),
        Piece(at(10), at(11), "unknown"),
        Piece(at(11), at(13), "unknown"),
    ]


def test_the_plan_is_compared_with_what_was():
    plans = {TODAY: day_of(plan(window(6, 10)), TODAY)}
    spans = [span(Grid.ON, -20, 6), span(Grid.OFF, 6, 9.5), span(Grid.ON, 9.5, 12)]
    told = words(compared(plans, spans, at(-20), ZONE, LOCALIZER))
    assert "Tue 24 Nov scheduled 4 h · actual 3 h 30 min, unknown for 1 h" in told
    assert "Mon 23 Nov schedule unknown · actual 0 h, unknown for 4 h" in told
    assert "Sun 22 Nov" not in told


def spoiled(start: float, end: float | None, planned: bool | None = None, **fields: Any) -> Outage:
    names = ("plan_start", "plan_end", "start_late_min", "end_late_min", "battery_kwh")
    unknown = dict.fromkeys((*names, "soc_from_percent", "soc_to_percent", "load_max_w"))
    return Outage(at(start), at(end) if end is not None else None, planned, **{**unknown, **fields})


RECORDS = [
    spoiled(-18, -14.5, planned=False),
    spoiled(
        *(2.08, 5.8, True),
        start_late_min=5.0,
        end_late_min=-12.0,
        battery_kwh=1.24,
        soc_from_percent=92.0,
        soc_to_percent=64.0,
        load_max_w=2300.0,
    ),
    spoiled(12, None, planned=True, start_late_min=0.2),
]


DETAILS = {
    at(2.08): OutageDetails(lowest_soc_percent=58, voltage_before_v=221.3, plugs_off=("b", "k")),
    at(12): OutageDetails(),
}
NAMES = {"b": "Boiler", "k": "Kettle"}


def test_the_log_tells_the_newest_first():
    rows = [
        words(row)
        for row in all_of(tree([log(RECORDS, LogContext(LOCALIZER.now, DETAILS, NAMES.__getitem__), LOCALIZER)]), "li")
    ]
    assert rows == [
        "since 12:00 1 h so far scheduled went out on time",
        "02:05 – 05:48 3 h 43 min scheduled went out 5 min late back on 12 min early 1.2 kWh from the battery "
        "charge 92 % → 64 % lowest 58 % highest load 2.30 kW 221 V before off: Boiler, Kettle",
        "yesterday 06:00 – 09:30 3 h 30 min not scheduled",
    ]
    assert "No outages recorded yet" in words(log([], LogContext(LOCALIZER.now), LOCALIZER))


def test_an_outage_does_not_go_on_when_nothing_is_recorded_any_more(tmp_path):
    record(tmp_path / "easun.db", at(-30), days=1)
    off = GridState(at=at(-29), state=Grid.OFF, since=at(-29.5))
    store = open_store(tmp_path / "easun.db")
    store.write([to_row(GRID_STATE.named(), off.model_dump_json().encode())])
    store.run(lambda connection: connection.execute(outage.insert().values(start=to_ms(at(-29.5)))))
    store.run(lambda connection: connection.execute(rollup_due.delete()))
    store.close()
    told = words(recorded(site_of(tmp_path / "easun.db"), LOCALIZER, ViewOptions()))
    assert "since 22 Nov 18:30 at least 30 min, end not recorded" in told
    assert "Last 7 days Outages 1 Without power 30 min" in told


def test_a_long_log_is_folded():
    many = [spoiled(-3 * index - 2, -3 * index - 1) for index in range(25)]
    drawn = tree([log(sorted(many, key=lambda one: one.start), LogContext(LOCALIZER.now), LOCALIZER)])
    folded = all_of(drawn, "details")[0]
    assert len(all_of(folded, "li")) == 15
    assert words(folded).startswith("Show 15 more")
    assert len(all_of(drawn, "li")) == 25


def test_the_numbers_of_a_period():
    stats = statistics(RECORDS, start=at(-100), end=at(13), now=at(13), zone=LOCALIZER.zone)
    told = words(numbers([(7, stats)], LOCALIZER))
    assert "Last 7 days Outages 3 Without power 8 h 13 min Longest 3 h 43 min Scheduled 67 %" in told
    nothing = statistics([], start=at(-100), end=at(13), now=at(13), zone=LOCALIZER.zone)
    assert "Outages 0 Without power 0 h Longest – Scheduled –" in words(numbers([(7, nothing)], LOCALIZER))


def test_a_day_that_was_not_recorded_is_no_day_without_outages():
    stats = statistics(RECORDS, start=at(-2000), end=at(13), now=at(13), zone=LOCALIZER.zone)
    spans = [span(Grid.ON, -72, -48), span(Grid.OFF, -18, -14.5), span(Grid.ON, 0, 13)]
    drawn = tree([calendar(stats, known_time(spans, LOCALIZER.zone, LOCALIZER.now), date(2026, 9, 15), LOCALIZER)])
    cells = {one[1]["title"]: one for one in all_of(drawn, "td") if one[1].get("title")}
    assert cells["24 November: 4 h 43 min without power"][1]["data-state"] == "off"
    assert "23 November: 3 h 30 min without power, unknown for 20 h 30 min" in cells
    assert cells["22 November: not recorded"][1]["data-state"] == "unknown"
    assert words(cells["22 November: not recorded"]) == "22 – 22 November: not recorded"
    assert words(cells["21 November: no outages"]) == "21 0 21 November: no outages"
    assert [words(one) for one in all_of(drawn, "caption")] == [
        "November 2026 8 h 13 min without power",
        "October 2026",
        "September 2026",
    ]


@pytest.mark.parametrize(
    ("verdict", "region", "told", "helped"),
    [
        (QueueVerdict.EARLY, "lviv", "too early to say; outages so far: 12", False),
        (QueueVerdict.FITS, "lviv", "yes: of your last 12 outages 1 began by the schedule of queue 5.2", False),
        (QueueVerdict.OTHER, "lviv", "your last 12 outages fit queue 3.1 (11), not 5.2 (1)", True),
        (QueueVerdict.UNCLEAR, "lviv", "unclear: of your last 12 outages 1 began", False),
        (QueueVerdict.OTHER, "kyiv", None, False),
    ],
)
def test_whether_it_is_the_homes_queue(verdict: QueueVerdict, region: str, told: str | None, helped: bool) -> None:
    others = (QueueScore(queue="3.1", fitting=11),)
    fit = QueueFit(at=at(1), region=region, queue="5.2", outages=12, fitting=1, verdict=verdict, others=others)
    state = BrokerState(connected=True, schedule=plan(window(2, 6), region="lviv"), queue_fit=fit)
    shown = page(view(state, LOCALIZER), state, LOCALIZER)
    about = words(shown["parts"]["outages-about"])
    assert (told in about) if told else ("Is it your queue" not in about)
    assert ("3.1 (11)" in shown["text"]["outages-help"]) is helped


def test_the_region_and_the_source_of_each_day_are_named() -> None:
    days = tuple(
        PlannedDay(day=TODAY + timedelta(days=by), state=DayState.PLANNED, confirmed_at=at(1), source=source)
        for by, source in enumerate(("OE_OUTAGE_DATA", "koly-svitlo"))
    )
    state = BrokerState(connected=True, schedule=plan(window(2, 6), region="lviv", days=days))
    about = words(page(view(state, LOCALIZER), state, LOCALIZER)["parts"]["outages-about"])
    assert "Region Lviv region" in about
    assert "today: OE_OUTAGE_DATA, tomorrow: koly-svitlo" in about


def keep(path: Path, *schedules: OutageSchedule) -> None:
    migrate(path)
    engine = writer(path)
    with engine.begin() as connection:
        for one in schedules:
            table, row = to_row(OUTAGE_SCHEDULE.named(), one.model_dump_json().encode())
            connection.execute(table.insert().values(dict(zip(table.c.keys(), row, strict=True))))
    engine.dispose()


def test_the_last_plan_of_a_day_is_the_one_that_held(tmp_path):
    tomorrow = TODAY + timedelta(days=1)
    early = plan(window(2, 6), window(30, 31), states=(DayState.PLANNED, DayState.PLANNED), at=at(-4))
    late = plan(window(2, 7), states=(DayState.PLANNED,), at=at(1))
    keep(tmp_path / "easun.db", early, late)
    found = planned_days(reader(tmp_path / "easun.db"), start=at(0), end=at(48))
    assert found[TODAY].total == 5 * HOUR
    assert found[tomorrow].total == 1 * HOUR
    assert planned_days(reader(tmp_path / "easun.db"), start=at(200), end=at(240)) == {}


@pytest.mark.parametrize(
    ("moved_to", "kept"),
    [
        pytest.param({"region": "kyiv"}, False, id="another-region-with-the-same-queue"),
        pytest.param({"queue": "1.1", "region": "lviv"}, False, id="another-queue"),
        pytest.param({"region": "lviv"}, True, id="the-same"),
        pytest.param({"region": None}, True, id="before-regions-were-recorded"),
    ],
)
def test_the_plans_of_another_address_end_with_the_move(tmp_path, moved_to: dict[str, str | None], kept: bool) -> None:
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    old = plan(window(-20, -18), at=at(-22), region="lviv", days=_days(yesterday))
    early = plan(window(2, 6), window(30, 31), states=(DayState.PLANNED, DayState.PLANNED), at=at(-4), region="lviv")
    late = plan(states=(), at=at(1), **{"region": "lviv", **moved_to})
    keep(tmp_path / "easun.db", old, early, late)
    found = planned_days(reader(tmp_path / "easun.db"), start=at(-24), end=at(48))
    assert set(found) == ({yesterday, TODAY, tomorrow} if kept else {yesterday, TODAY})
    assert found[TODAY].total == (4 * HOUR if kept else timedelta()), "of the old address only what was before the move"


def _days(*days: date) -> tuple[PlannedDay, ...]:
    return tuple(PlannedDay(day=day, state=DayState.PLANNED, confirmed_at=at(-22)) for day in days)


def site_of(path: Path) -> PageContext:
    return PageContext(BrokerState, reader(path), lambda: LOCALIZER, DashboardSettings(_env_file=None))


def test_nothing_recorded_and_a_broken_history_are_shown_as_such(tmp_path):
    nothing = recorded(site_of(tmp_path / "none.db"), LOCALIZER, ViewOptions())
    assert "Nothing recorded yet" in words(nothing)
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 1000)
    broken = recorded(site_of(tmp_path / "broken.db"), LOCALIZER, ViewOptions())
    assert "The history cannot be read" in words(broken)


def test_a_day_whose_outages_are_not_derived_yet_is_not_said_to_have_none(tmp_path):
    record(tmp_path / "easun.db", LOCALIZER.now, days=1)  # the states alone, as they are before upkeep has seen them
    with writer(tmp_path / "easun.db").begin() as connection:
        connection.execute(rollup_due.insert().values(source="grid_state", device="grid", at=to_ms(at(-11)), marks=1))
    drawn = tree(recorded(site_of(tmp_path / "easun.db"), LOCALIZER, ViewOptions()))
    assert "Not everything has been processed yet: outages after yesterday 13:00 may be missing" in words(drawn)
    titles = {one[1]["title"] for one in all_of(drawn, "td") if one[1].get("title")}
    assert {"23 November: 0 h without power, unknown for 11 h", "24 November: not recorded"} <= titles


def events(url: str) -> list[Any]:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        assert answer.headers["Content-Type"].startswith("text/calendar")
        return list(Calendar.from_ical(answer.read()).walk("VEVENT"))


def test_the_plan_and_the_record_on_a_phone(browser, broker, tmp_path):
    now = datetime.now(UTC)
    record(tmp_path / "easun.db", now, days=2)
    engine = writer(tmp_path / "easun.db")
    with engine.begin() as connection:
        rows = [{"start": to_ms(now - (20 + ago) * HOUR), "end": to_ms(now - (19 + ago) * HOUR)} for ago in range(20)]
        connection.execute(outage.insert(), rows)
    engine.dispose()
    with Dashboard(broker, tmp_path / "easun.db", TIME_ZONE=ZONE) as dashboard, Publisher(broker, "schedule") as told:
        with pytest.raises(urllib.error.HTTPError, match="503"):
            events(f"{dashboard.url}/outages.ics")
        with opened(browser, f"{dashboard.url}/outages", viewport=PHONE) as shown:
            headline = shown.locator('[data-text="outages-headline"]')
            expect(headline).to_have_text("No schedule is known")
            expect(shown.locator(".about")).to_be_hidden()
            today = now.astimezone(ZoneInfo(ZONE)).date()
            days = [
                PlannedDay(day=today + timedelta(days=ahead), state="planned", confirmed_at=now) for ahead in (0, 1)
            ]
            coming = Window(start=now + 90 * timedelta(minutes=1), end=now + 4 * HOUR)
            told.send(
                OUTAGE_SCHEDULE.named(),
                OutageSchedule(at=now, queue="5.2", days=tuple(days), windows=(coming,), fetched_at=now),
            )
            expect(headline).to_have_text("By the schedule, power is on")
            countdown = shown.locator(".countdown")
            expect(countdown).to_have_text(re.compile(r"^1:(29|30):\d\d$"))
            before = countdown.inner_text()
            expect(countdown).not_to_have_text(before)
            expect(shown.locator(".days .day")).to_have_count(3)
            expect(shown.locator(".about")).to_be_visible()
            expect(shown.locator(".compared .piece-definite").first).to_be_visible()
            expect(shown.locator(".outage-log > .log > li")).to_have_count(10)
            shown.locator(".outage-log summary").click()
            expect(shown.locator(".outage-log .more li").last).to_be_visible()
            assert fits(shown)
        assert len(events(f"{dashboard.url}/outages.ics")) == 1
