"""Every region of the registry with its sources, against a server on this machine that answers as those sources do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from services.schedule.check import check
from services.schedule.fetch import Fetched, fetch
from services.schedule.settings import ScheduleSettings
from services.schedule.updater import ScheduleUpdater
from shared.conditions import schedule
from shared.errors import BadReplyError, ConfigError, DeviceOfflineError
from shared.health import Health
from shared.messages import DayState, OutageSchedule
from shared.outages import state_of
from shared.schedule_regions import REGIONS, Origin, Region, region
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import OUTAGE_SCHEDULE
from tests.schedule.facts import day, element, gpv_hours, kyiv, local
from tests.schedule.home import NOON, QUEUES, at_once
from tests.schedule.http_server import server
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly

Days = dict[str, dict[str, list[str]]]

ENGLISH = Localizer(Language.EN, NOON)
SERVED = [one for one in REGIONS if one.origins]
TODAY, TOMORROW = "20.11.2026", "21.11.2026"
POWER: dict[str, list[str]] = {"1.1": [], "3.1": [], "5.2": []}
DARK = POWER | {"5.2": ["18:00-20:30"], "1.1": ["06:00-08:00"]}
OTHER = DARK | {"5.2": ["12:00-14:00"]}
MINUTE = timedelta(minutes=1)


class World:
    """What each source of a region has, by its name, and how it answers; None is one that is down."""

    def __init__(self, one: Region) -> None:
        self.region, self.now = one, NOON
        self.days: dict[str, Days | None] = {origin.name: {TODAY: DARK} for origin in one.origins}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.written: Any = None
        self.base = ""

    def __call__(self, url: str, *, method: str = "GET") -> Fetched:
        """Ask a source at its place on this machine."""
        origin = next((one for one in self.region.origins if url.startswith(one.url)), None)
        if origin is None:
            raise BadReplyError(schedule.http_status(status=404))  # the list of commits
        self.asked.append(origin.name)
        fetched = fetch(f"{self.base}/{origin.name}{url.removeprefix(origin.url)}", method=method)
        return Fetched(fetched.body, self.now, fetched.modified, fetched.age)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as the source at this path does."""
        name = request.path.split("/")[1].partition("?")[0]
        origin, days = next(one for one in self.region.origins if one.name == name), self.days[name]
        body = json.dumps(self._body(origin, days or {}, request.path)).encode()
        request.send_response(503 if days is None else 200)
        for header, value in ({"Content-Length": str(len(body))} | self.headers.get(name, {})).items():
            request.send_header(header, value)
        request.end_headers()
        request.wfile.write(body)

    def _body(self, origin: Origin, days: Days, path: str) -> Any:
        if "gpv-queue-list" in path:
            return QUEUES
        if origin.provider == "be_svitlo":
            return [element(one, {"5.2": queues["5.2"]}, "20.11.2026 08:00") for one, queues in days.items()]
        return self._yasno(days) if origin.provider == "yasno" else self._gpv(origin, days)

    def _yasno(self, days: Days) -> Any:
        parts = {"today": days.get(TODAY), "tomorrow": days.get(TOMORROW)}
        waiting = {"slots": [], "status": "WaitingForSchedule"}
        return {
            queue: {
                name: {"date": kyiv(f"{date} 00:00").astimezone().isoformat()}
                | ({"slots": _slots(part[queue]), "status": "ScheduleApplies"} if part else waiting)
                for (name, part), date in zip(parts.items(), (TODAY, TOMORROW), strict=True)
            }
            for queue in POWER
        }

    def _gpv(self, origin: Origin, days: Days) -> Any:
        def name(queue: str) -> str:
            return f"GPV{origin.group.format(queue=queue).removeprefix('GPV')}"

        data = {
            str(int(kyiv(f"{one} 00:00").timestamp())): {name(queue): gpv_hours(some) for queue, some in queues.items()}
            for one, queues in days.items()
        }
        names = {"sch_names": {name(queue): queue for queue in POWER}}
        written = self.now.isoformat() if self.written is None else self.written
        return {"lastUpdated": written, "fact": {"data": data or [], "update": "20.11.2026 08:00"}, "preset": names}


def _slots(dark: list[str]) -> list[dict[str, Any]]:
    edges = [0, *(int(part[:2]) * 60 + int(part[3:]) for some in dark for part in some.split("-")), 1440]
    kinds = ["NotPlanned", "Definite"] * len(edges)
    return [{"start": a, "end": b, "type": kind} for a, b, kind in zip(edges, edges[1:], kinds, strict=False) if a < b]


@contextmanager
def running(one: Region) -> Iterator[World]:
    world = World(one)
    with server(world.answer) as world.base:
        yield world


class Home:
    """A home of the region that has agreed to the mirrors."""

    def __init__(self, world: World, folder: Path) -> None:
        given: dict[str, Any] = {
            "queue_number": "5.2",
            "schedule_region": world.region.slug,
            "schedule_unlicensed": True,
        }
        settings = ScheduleSettings(_env_file=None, schedule_raw_dir=folder, **given)
        self.world, self.bus, self.health = world, FakeBus(), Health()
        self.updater = ScheduleUpdater(
            settings, self.bus, self.health, world, schedule=None, clock=lambda: self.world.now
        )

    def after(self, minutes: int) -> OutageSchedule:
        self.world.now += minutes * MINUTE
        try:
            with patch("services.schedule.updater.in_time", at_once):
                fly(self.updater.step())
        except DeviceOfflineError:
            assert not any(self.world.days.values())
        found = self.bus.on(OUTAGE_SCHEDULE)[-1]
        assert isinstance(found, OutageSchedule)
        return found


@pytest.mark.parametrize("one", SERVED, ids=lambda one: one.slug)
def test_a_day_of_every_region_with_all_that_its_sources_do(one: Region, tmp_path: Path) -> None:
    with running(one) as world:
        home, first = Home(world, tmp_path), one.origins[0]
        mirrors = [origin.name for origin in one.origins if origin.provider == "gpv_json"]
        plan = home.after(0)
        assert (local(plan.windows), plan.region, plan.source) == (["18:00-20:30"], one.slug, first.name)
        assert home.health.status(world.now).reasons == ()

        world.days |= {name: {TODAY: DARK, TOMORROW: POWER} for name in mirrors}
        plan = home.after(5)
        assert state_of(plan, day(TOMORROW)) in (DayState.UNKNOWN, DayState.WAITING), "a filler is not published"

        world.written = int((world.now + 5 * MINUTE).timestamp()) * 1000
        world.headers = {name: {"Age": "240"} for name in mirrors}
        plan = home.after(5)
        is_mirrored = first.name in mirrors
        assert plan.fetched_at == world.now - (4 * MINUTE if is_mirrored else timedelta()), "an epoch, kept in a cache"
        world.written, world.headers = None, {}

        last = one.origins[-1].name
        for number in range(6):  # the last source changes its mind with every answer
            world.days[last] = {TODAY: OTHER if number % 2 and last != first.name else DARK}
            assert local(home.after(5).windows) == ["18:00-20:30"]
        world.days[last] = {TODAY: DARK}

        world.days[first.name], world.headers = None, {first.name: {"Retry-After": "1800"}}
        world.asked.clear()
        plans = [home.after(5) for _ in range(5)]
        assert all(local(plan.windows) == ["18:00-20:30"] and plan.change is None for plan in plans)
        assert world.asked.count(first.name) == 1, "it asked to be left alone"
        if one.origins[1:]:
            assert plans[-1].source == one.origins[1].name
            assert f"because {first.name}" in home.health.status(world.now).reasons[0].text
        else:
            assert plans[-1].reason

        world.days, world.headers = {name: {} for name in world.days}, {}
        is_told = first.provider == "yasno"  # it says that today is being prepared, which is an answer
        assert local(home.after(30).windows) == ([] if is_told else ["18:00-20:30"]), "an empty answer takes none away"


@pytest.mark.parametrize("slug", ["ivano-frankivsk", "kyiv", "dnipro-cek", "volyn"])
def test_check_tells_which_source_works_by_what_came(slug: str) -> None:
    one, said = region(slug), list[str]()
    assert one
    settings = ScheduleSettings(_env_file=None)
    with running(one) as world:
        summary = check(settings, [slug], fetch=world, say=said.append, now=NOON, localizer=ENGLISH)
        assert summary.endswith("has a source that works; regions asked: 1.")
        assert len(said) == 1 + len(one.origins)
        assert all(": works, " in line and "last updated 2026-11-20" in line for line in said[1:])
        assert [("no licence" in line) for line in said[1:]] == [not origin.is_free for origin in one.origins]

        world.days = {name: {} for name in world.days}
        check(settings, [slug], fetch=world, say=said.append, now=NOON, localizer=ENGLISH)
        assert any("nothing published" in line for line in said[-len(one.origins) :]), "off season it works too"

        world.written = "2026-11-17T09:00:00Z"
        world.days = {name: None if name in ("yasno", "be_svitlo") else {TODAY: DARK} for name in world.days}
        with pytest.raises(BadReplyError, match=f"No source works in these regions: {slug}"):
            check(settings, [slug], fetch=world, say=said.append, now=NOON, localizer=ENGLISH)
        assert "behind, 20.11" in said[-1]


def test_check_knows_its_regions() -> None:
    with pytest.raises(ConfigError, match="galicia"):
        check(
            ScheduleSettings(_env_file=None), ["galicia"], fetch=fetch, say=lambda _: None, now=NOON, localizer=ENGLISH
        )
