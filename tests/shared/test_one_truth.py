"""Page, bot, record and calendar say the same at every minute of a simulated day and of a real November."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.dashboard.outages.outage_log import PLANNED
from services.recorder.outage_rules import match_schedule
from services.recorder.rows import to_row
from services.schedule import be_svitlo, yasno
from services.schedule.revision import PlanAddress, revise
from shared.history.engine import reader, writer
from shared.history.migration import migrate
from shared.history.past_schedules import planned_days
from shared.messages import OutageSchedule
from shared.outages import EARLY, is_known
from shared.topics import OUTAGE_SCHEDULE
from simulators.house import House
from simulators.mains import windows
from simulators.schedule.plan import OutagePlan, PlanKind, PlannedDay
from simulators.schedule.yasno import planned_outages
from tests.schedule.facts import TIMELINE, day, element, kyiv
from tests.support.one_truth import KYIV, Home

MINUTE = timedelta(minutes=1)
POLL = 5
LATE_MIN = (-20, -8, 0, 4, 17, -31)
"""How late the power really goes, in turn; the last one is too early for the schedule."""
STAYS_MIN = (12, -9, 35, 0)


class Lines:
    """The real power: by the schedule, early, late or longer, now and then without one."""

    def __init__(self, surprises: dict[datetime, datetime]) -> None:
        self.power, self.since, self.until = True, kyiv("19.11.2025 00:00"), kyiv("19.11.2025 00:00")
        self.outages: list[tuple[datetime, datetime]] = []
        self._surprises, self._begun = surprises, set[datetime]()

    def at(self, now: datetime, plan: OutageSchedule) -> None:
        if not self.power and now >= self.until:
            self.outages.append((self.since, now))
            self.power, self.since = True, now
        due = self._due(now, plan)
        if self.power and due:
            self.power, self.since, self.until = False, now, due

    def _due(self, now: datetime, plan: OutageSchedule) -> datetime | None:
        if now in self._surprises:
            return self._surprises[now]
        number = len(self.outages)
        late, stays = LATE_MIN[number % len(LATE_MIN)] * MINUTE, STAYS_MIN[number % len(STAYS_MIN)] * MINUTE
        for one in plan.windows:
            if one.start not in self._begun and one.start + late <= now < one.end:
                self._begun.add(one.start)
                return one.end + stays
        return None


def november(queue: str, rows: list[dict[str, object]] = TIMELINE) -> Iterator[tuple[datetime, OutageSchedule]]:
    """Yield every minute of what the operator published, asked every five minutes."""
    waiting, days = list(rows), dict[str, list[str]]()
    now = datetime.fromisoformat(str(waiting[0]["seen_at"])).replace(second=0) + MINUTE
    plan: OutageSchedule | None = None
    while now < kyiv("23.11.2025 03:00"):
        while waiting and datetime.fromisoformat(str(waiting[0]["seen_at"])) <= now:
            row = waiting.pop(0)
            queues = row["queues"]
            assert isinstance(queues, dict)
            days |= {str(row["day"]): queues[queue]} if queue in queues else {}
        if plan is None or now.minute % POLL == 0:
            here = [
                element(text, {queue: some}) for text, some in days.items() if day(text) >= now.astimezone(KYIV).date()
            ]
            home = PlanAddress("ivano-frankivsk", queue)
            plan = revise(plan, be_svitlo.read(here, queue), home=home, source="be_svitlo", now=now)
        yield now, plan
        now += MINUTE


def lived(queue: str, rows: list[dict[str, object]] = TIMELINE) -> tuple[Home, Lines]:
    """Return a home that lived through November."""
    surprise = kyiv("22.11.2025 09:10")
    home, lines = Home(), Lines({surprise: surprise + 40 * MINUTE})
    for now, plan in november(queue, rows):
        if home.versions:  # the power is on when the bot hears of it first
            lines.at(now, plan)
        home.minute(now, plan, power=lines.power, since=lines.since)
    return home, lines


def keep(path: Path, versions: list[OutageSchedule]) -> None:
    migrate(path)
    engine = writer(path)
    with engine.begin() as connection:
        for one in versions:
            table, row = to_row(OUTAGE_SCHEDULE.named(), one.model_dump_json().encode())
            connection.execute(table.insert().values(dict(zip(table.c.keys(), row, strict=True))))
    engine.dispose()


@pytest.mark.parametrize("queue", ["5.2"])
def test_nobody_contradicts_in_the_real_november(queue: str, tmp_path: Path) -> None:
    home, lines = lived(queue)
    assert home.contradictions == []
    assert (home.changes, len(lines.outages), home.returns) == (9, 7, 7)
    keep(tmp_path / "easun.db", home.versions)
    plans = planned_days(reader(tmp_path / "easun.db"), start=kyiv("20.11.2025 00:00"), end=kyiv("23.11.2025 03:00"))
    words = []
    for start, end in lines.outages:
        match, lane = match_schedule(home.versions, start, end, end), plans[start.astimezone(KYIV).date()]
        assert is_known(lane.state) is (match.planned is not None), "log and lanes agree whether the schedule was known"
        is_drawn = any(one.start - EARLY <= start < one.end for one in lane.windows)
        assert is_drawn is (match.planned is True), "and what is called scheduled lies under the scheduled hours"
        words.append(PLANNED[match.planned])
    assert set(words) == {"planned", "unplanned"}


def test_nobody_contradicts_on_a_day_of_the_simulated_house() -> None:
    """Its schedule is published half an hour late, redrawn and dropped while an outage runs, and set aside at last."""
    start = kyiv("20.11.2026 00:00")
    timetable = windows("02:00-04:00,08:00-11:00,13:00-14:00,18:00-21:30")
    house, site = House(start, outages=timetable), OutagePlan(timetable, "3.1")
    at = [start + minute * MINUTE for minute in range(24 * 60)]
    events = {
        at[0]: PlannedDay(PlanKind.WAITING),
        at[2 * 60 + 30]: None,
        at[9 * 60]: PlannedDay(PlanKind.PLANNED, ((480, 570), (780, 840), (1080, 1290)), possible=((600, 660),)),
        at[13 * 60 + 20]: PlannedDay(PlanKind.NONE),
        at[16 * 60]: PlannedDay(PlanKind.PLANNED, ((1095, 1280),)),
        at[20 * 60]: PlannedDay(PlanKind.EMERGENCY),
        at[22 * 60]: None,
    }
    home, plan, address = Home(), None, PlanAddress("kyiv", "3.1")
    for now in at:
        if now in events:
            site.set_day(start.astimezone(KYIV).date(), events[now], now)
        if plan is None or now.minute % POLL == 0:
            answer = yasno.read(planned_outages(site, "25", "902", now), "3.1")
            plan = revise(plan, answer, home=address, source="yasno", now=now)
        house.advance_to(now)
        truth = house.truth()
        home.minute(now, plan, power=truth.grid_on, since=truth.grid_since)
    assert home.contradictions == []
    assert (home.minutes_off, home.returns) == (570, 4)
