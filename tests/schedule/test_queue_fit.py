"""Is it the home's queue at all: told only where it is hardly a coincidence, and never wrongly."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schedule import queue_watch
from services.schedule.answer import Answer, Day
from services.schedule.fetch import Fetched
from services.schedule.queue_fit import LEAST_OUTAGES, judged
from services.schedule.queue_memory import KEEP_DAYS, QueueMemory, evidence, with_grid, with_hours
from services.schedule.queue_watch import QueueWatch, each_queue, fit_of
from services.schedule.settings import ScheduleSettings
from services.schedule.sources import sources
from shared.messages import DayState, Grid, GridState, QueueFit, QueueVerdict, Window
from shared.outages import merged, wall
from shared.topics import QUEUE_FIT
from shared.trusted_time import ClockChange
from tests.schedule.facts import at, day, element, gpv, kyiv, local
from tests.schedule.home import QUEUES, Home, Internet
from tests.support.fake_bus import FakeBus

ZONE = "Europe/Kyiv"
START = kyiv("10.11.2026 00:00")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAYS = 14
TWELVE = tuple(f"{number}.{half}" for number in range(1, 7) for half in (1, 2))


def plans(apart_min: int = 60, length_h: float = 3.5) -> dict[str, tuple[Window, ...]]:
    """Return two weeks of twelve queues: three outages a day that begin two hours later each day."""
    found: dict[str, tuple[Window, ...]] = {}
    for number, queue in enumerate(TWELVE):
        begins = [
            START + timedelta(days=day, minutes=(number * apart_min + day * 120 + 480 * part) % 1440)
            for day in range(DAYS)
            for part in range(3)
        ]
        found[queue] = merged(Window(start=one, end=one + length_h * HOUR) for one in begins)
    return found


def lived(
    seed: int, queue: str | None, known: dict[str, tuple[Window, ...]], count: int, unplanned: float
) -> list[Any]:
    """Return when outages began in a home of a queue, None for a home of no queue at all."""
    chance, starts = random.Random(seed), []
    for _ in range(count):
        if queue is None or chance.random() < unplanned:
            starts.append(START + chance.random() * timedelta(days=DAYS))
        else:
            late = chance.gauss(4, 7) if chance.random() < 0.9 else chance.uniform(-25, 60)
            starts.append(chance.choice(known[queue]).start + late * MINUTE)
    return sorted(starts)


def verdict(own: str, starts: list[datetime], known: dict[str, tuple[Window, ...]]) -> QueueFit:
    return judged(own, starts, known, region="lviv", now=START + timedelta(days=DAYS))


@pytest.mark.parametrize("unplanned", [0.0, 0.3, 0.6])
def test_another_queue_is_named_and_never_a_wrong_one(unplanned: float) -> None:
    known, named = plans(), 0
    for seed in range(60):
        fit = verdict("5.2", lived(seed, "3.1", known, 14, unplanned), known)
        assert fit.verdict is not QueueVerdict.FITS
        if fit.verdict is QueueVerdict.OTHER:
            named += 1
            assert "3.1" in [one.queue for one in fit.others]
    assert named >= {0.0: 58, 0.3: 50, 0.6: 5}[unplanned]


@pytest.mark.parametrize("unplanned", [0.0, 0.3, 0.6])
def test_its_own_queue_is_never_denied(unplanned: float) -> None:
    known = plans()
    fits = [verdict("3.1", lived(seed, "3.1", known, 14, unplanned), known).verdict for seed in range(60)]
    assert QueueVerdict.OTHER not in fits
    assert fits.count(QueueVerdict.FITS) >= {0.0: 58, 0.3: 50, 0.6: 5}[unplanned]


def test_where_only_emergencies_struck_nothing_is_claimed() -> None:
    known = plans()
    fits = [verdict("3.1", lived(seed, None, known, 20, 1.0), known).verdict for seed in range(100)]
    assert set(fits) == {QueueVerdict.UNCLEAR}


def test_queues_whose_hours_are_alike_are_not_told_apart() -> None:
    known = plans()
    known["3.2"] = known["3.1"]
    both = verdict("5.2", lived(1, "3.1", known, 14, 0.0), known)
    assert [one.queue for one in both.others] == ["3.1", "3.2"]
    assert verdict("3.2", lived(1, "3.1", known, 14, 0.0), known).verdict is QueueVerdict.FITS
    assert verdict("5.2", lived(1, "3.1", known, 14, 0.0), dict.fromkeys(TWELVE, known["3.1"])).verdict is not (
        QueueVerdict.OTHER
    ), "five queues alike name nobody"


KNOWN = plans()


@given(st.lists(st.integers(0, DAYS * 1440 - 1), max_size=LEAST_OUTAGES - 1), st.sampled_from(TWELVE))
def test_with_few_outages_it_is_too_early(minutes: list[int], own: str) -> None:
    fit = verdict(own, [START + one * MINUTE for one in minutes], KNOWN)
    assert (fit.verdict, fit.others) == (QueueVerdict.EARLY, ())
    assert 0 <= fit.fitting <= fit.outages == len(minutes)


# what is remembered


def answers(*, dark: str | None, state: DayState = DayState.PLANNED) -> dict[str, Answer]:
    today = day("20.11.2026")
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in dark.split("-")) if dark else (0, 0)
    hours = (Window(start=wall(today, start, ZONE), end=wall(today, end, ZONE)),) if dark else ()
    return {"5.2": Answer({today: Day(state, hours)}), "1.1": Answer({today: Day(DayState.NO_OUTAGES)})}


def test_hours_that_have_begun_stay_and_emergencies_clear_a_day() -> None:
    morning, noon = kyiv("20.11.2026 09:00"), kyiv("20.11.2026 13:00")
    first = with_hours(QueueMemory(), "lviv", answers(dark="12:00-16:00"), morning)
    starts, _ = evidence(first.model_copy(update={"outages": (noon,)}), "5.2")
    assert starts == [noon]
    cancelled = with_hours(first, "lviv", answers(dark=None), noon)
    _, known = evidence(cancelled.model_copy(update={"outages": (noon,)}), "5.2")
    assert (local(known["5.2"]), known["1.1"]) == (["12:00-16:00"], ())
    assert with_hours(first, "lviv", answers(dark=None), morning).days[day("20.11.2026")]["5.2"] == ""
    emergency = with_hours(first, "lviv", answers(dark=None, state=DayState.EMERGENCY), noon)
    assert "5.2" not in emergency.days[day("20.11.2026")]
    elsewhere = with_hours(first, "kyiv", {}, noon)
    assert (elsewhere.days, elsewhere.region) == ({}, "kyiv")
    assert with_hours(first, "lviv", {}, noon + timedelta(days=KEEP_DAYS + 2)).days == {}
    assert QueueMemory.model_validate_json(cancelled.model_dump_json()) == cancelled


def grid(state: Grid, now: datetime, since: datetime) -> GridState:
    return GridState(at=now, state=state, since=since)


@pytest.mark.parametrize(
    ("last_on", "since", "now", "kept"),
    [
        pytest.param(-1, 0, 11, True, id="seen"),
        pytest.param(-1, 0, 9, False, id="too-short-yet"),
        pytest.param(-20, 0, 30, False, id="when-it-began-is-not-known"),
        pytest.param(None, 0, 30, False, id="already-out-when-we-came"),
    ],
)
def test_an_outage_counts_where_its_beginning_was_seen(last_on: int | None, since: int, now: int, kept: bool) -> None:
    message = grid(Grid.OFF, START + now * MINUTE, START + since * MINUTE)
    memory = with_grid(QueueMemory(), message, None if last_on is None else START + last_on * MINUTE)
    assert memory.outages == ((START,) if kept else ())
    again = with_grid(memory, message, START - MINUTE)
    assert again.outages == (START,) * (kept or now >= 10), "once"


def test_every_queue_of_a_file_and_of_the_operator_is_read() -> None:
    content = gpv({"20.11.2026": {"5.2": ["18:00-20:00"], "1.1": [], "1005.2": [], "1006.1": []}})
    given: dict[str, Any] = {"queue_number": "5.2", "schedule_region": "dnipro-cek"}
    mirror = sources(ScheduleSettings(_env_file=None, **given))[1]
    fetched = Fetched(json.dumps(content).encode())
    assert set(each_queue(mirror, fetched, Internet())) == {"1005.2", "1006.1"}
    (operator,) = sources(ScheduleSettings(_env_file=None, queue_number="5.2"))
    days = [element("20.11.2026", {"5.1": ["08:00-10:00"], "5.2": ["18:00-20:00"]})]
    internet = Internet(schedule_by_queue=days)
    with patch.object(queue_watch, "APART_S", 0):
        found = each_queue(operator, Fetched(json.dumps(days).encode()), internet)
    assert {queue: local(answer.days[day("20.11.2026")].windows) for queue, answer in found.items()} == {
        "5.2": ["18:00-20:00"],
        "5.1": ["08:00-10:00"],
    }
    assert [row["code"] for row in QUEUES] == list(found)


def test_a_home_of_another_queue_from_its_grid_to_the_topic_and_over_a_restart(tmp_path: Path) -> None:
    """Outages of TsEK's queue 3.1 at a home that was set to 5.2; the file calls them 1003.1 and 1005.2."""
    bus, now = FakeBus(), START
    given: dict[str, Any] = {"queue_number": "5.2", "schedule_region": "dnipro-cek"}
    mirror = sources(ScheduleSettings(_env_file=None, **given))[1]
    home = at("5.2", "dnipro-cek")
    watch = QueueWatch(tmp_path, home, bus, lambda: now)
    for number in range(9):
        now = START + timedelta(days=number)
        begins = f"{(2 * number) % 20:02}:00"
        text = f"{now + 12 * HOUR:%d.%m.%Y}"
        hours = {
            "1003.1": [f"{begins}-{(2 * number) % 20 + 3:02}:00"],
            "1005.2": [f"{(2 * number + 9) % 20:02}:00-24:00"],
        }
        content = gpv({text: hours | {"1001.1": [], "1002.2": []}})
        assert watch.due(now)
        watch.learn(each_queue(mirror, Fetched(json.dumps(content).encode()), Internet()), mirror)
        assert not watch.due(now)
        began = kyiv(f"{text} {begins}") + 4 * MINUTE
        watch.on_grid("", grid(Grid.ON, began - MINUTE, START - HOUR))
        watch.on_grid("", grid(Grid.OFF, began + 12 * MINUTE, began))
    said = bus.on(QUEUE_FIT)
    assert said[0].verdict is QueueVerdict.EARLY
    last = said[-1]
    assert (last.verdict, last.outages, [(one.queue, one.fitting) for one in last.others]) == (
        QueueVerdict.OTHER,
        9,
        [("3.1", 9)],
    )
    again = QueueWatch(tmp_path, home, FakeBus(), lambda: now)
    assert fit_of(queue_watch.memory_file(tmp_path).peek(), home, now) == last.model_copy(update={"at": now})
    assert again.due(now)


def test_a_clock_that_was_days_ahead_and_is_set_does_not_put_off_learning(tmp_path: Path) -> None:
    ahead = timedelta(days=2)
    watch = QueueWatch(tmp_path, at(), FakeBus(), lambda: START + ahead)
    mirror = sources(ScheduleSettings(_env_file=None, queue_number="5.2", schedule_region="dnipro-cek"))[1]
    watch.learn({}, mirror)
    watch.on_grid("", grid(Grid.ON, START + ahead, START + ahead))
    watch.on_clock_change(ClockChange(-ahead, trusted=True, since=START + ahead - HOUR))
    assert not watch.due(START)
    assert watch.due(START + HOUR)
    began = START + 10 * MINUTE
    watch.on_grid("", grid(Grid.OFF, began + 12 * MINUTE, began))
    assert queue_watch.memory_file(tmp_path).peek().outages == (began,)


def test_the_service_learns_the_queues_with_its_own_schedule(tmp_path: Path) -> None:
    file = gpv({"20.11.2026": {"5.2": ["18:00-20:00"], "1.1": []}}) | {"lastUpdated": "2026-11-20T09:59:00Z"}
    here = Home(tmp_path, Internet(**{"Prykarpattiaoblenerho": file}), schedule_providers="gpv_json")
    here.updater._queues = QueueWatch(tmp_path, at(), here.bus, lambda: here.now)
    here.step()
    assert queue_watch.memory_file(tmp_path).peek().days == {day("20.11.2026"): {"5.2": "1080-1200", "1.1": ""}}
