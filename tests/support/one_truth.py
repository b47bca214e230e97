"""A home minute by minute, and what page, bot, record and calendar say of it, read from their texts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.rules import next_alerts
from services.bot.alerts.state import AlertState
from services.bot.alerts.troubles import Limits
from services.bot.texts.alerts import alert_text
from services.bot.texts.outage import outage_text
from services.dashboard.outages import headline
from services.recorder.outage_rules import ScheduleMatch, match_schedule
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS
from shared.history.tables import states_by_day
from shared.messages import Grid, GridState, OutageSchedule, Window
from shared.outage_calendar import calendar_text
from shared.outages import EARLY, FIRM, bounds, within
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.texts.what_next import what_next
from tests.dashboard.view_text import words

KYIV = ZoneInfo("Europe/Kyiv")
BOT_WORDS = {
    "As scheduled": "planned",
    "A possible outage by the schedule": "planned",
    "Not in the schedule": "unplanned",
    "Emergency outages": "emergency",
}
SCHEDULED = ("A scheduled outage now", "By the schedule, a possible outage now")
START = datetime(2025, 11, 1, tzinfo=UTC)
SAME: dict[str, Any] = {"at": START, "fetched_at": START, "change": None, "superseded": (), "days": ()}
"""What does not touch the hours of the calendar."""


@dataclass
class Home:
    """Everything that is told of a home, minute by minute; contradictions are collected."""

    versions: list[OutageSchedule] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    returns: int = 0
    changes: int = 0
    minutes_off: int = 0
    _alerts: AlertState = field(default_factory=AlertState)
    _lost: Alert | None = None

    def minute(self, now: datetime, plan: OutageSchedule, *, power: bool, since: datetime) -> None:
        """Compare what everybody says at a minute."""
        self._remember(plan)
        state = Grid.ON if power else Grid.OFF
        grid = GridState(at=now, state=state, since=since, transition_id=f"{state} {since}")
        snapshot, localizer = BrokerState(grid=grid, schedule=plan, connected=True), Localizer(Language.EN, now, KYIV)
        self._alerts, new = next_alerts(self._alerts, snapshot, now, Limits())
        self._lost = next((one for one in new if one.kind is AlertKind.GRID_LOST), None if power else self._lost)
        said = Said.of(snapshot, localizer)
        back = [alert_text(localizer, one) for one in new if one.kind is AlertKind.GRID_BACK]
        if power:
            found = [*said.against_power(now), *(one for text in back for one in said.against_return(text))]
        else:
            outage = self._alerts.outage
            bot = (outage_text(localizer, outage, self._lost.key) if outage and self._lost else None) or ""
            found = list(said.against_outage(bot, match_schedule(self.versions, since, None, now), now))
        self.minutes_off += not power
        self.returns += len(back)
        self.contradictions += [f"{now.astimezone(KYIV):%d.%m %H:%M} {one}: {said}" for one in found]

    def _remember(self, plan: OutageSchedule) -> None:
        """Keep a version as the recorder does, and compare what is told of its change."""
        before = self.versions[-1] if self.versions else None
        if before is None or (before.windows, states_by_day(before.days)) != (plan.windows, states_by_day(plan.days)):
            self.contradictions += untold(before, plan) if before else []
            self.changes += before is not None
            self.versions.append(plan)


@dataclass(frozen=True)
class Said:
    """What the page says, in English, and the events of the calendar."""

    now: str
    headline: str
    reality: str
    coming: str
    events: tuple[Window, ...]

    @classmethod
    def of(cls, snapshot: BrokerState, localizer: Localizer) -> "Said":
        """Return what is said of a moment."""
        plan, off_since = snapshot.schedule, headline.off_since(snapshot, localizer, READING_HOLDS)
        return cls(
            now=what_next(snapshot, localizer, READING_HOLDS).replace("\u00a0", " "),
            headline=headline.headline(plan, localizer, off_since),
            reality=headline.reality(snapshot, localizer, READING_HOLDS),
            coming=words(headline.coming(plan, localizer, off_since)),
            events=_events(plan.model_copy(update=SAME | {"operator_stamp": None})) if plan else (),
        )

    def against_outage(self, bot: str, record: ScheduleMatch, now: datetime) -> Iterator[str]:
        """Yield what contradicts while the power is out."""
        if "Actual: power out" not in self.reality or "Power is out" not in bot:
            yield f"not everybody knows of the outage ({bot})"
        yield from self._against_word(bot, record)
        yield from self._against_end(bot, now)

    def _against_word(self, bot: str, record: ScheduleMatch) -> Iterator[str]:
        word = next((word for text, word in BOT_WORDS.items() if text in bot), None)
        expected = {True: ("planned",), False: ("unplanned", "emergency"), None: (None,)}[record.planned]
        if word not in expected:
            yield f"the record has {record}, the bot {word}"
        if "not in the schedule" in self.now and word != "unplanned":
            yield f"the bot calls it {word}"
        if len({"mergency" in one for one in (self.now, bot, self.headline)}) > 1:
            yield f"an emergency ({bot})"

    def _against_end(self, bot: str, now: datetime) -> Iterator[str]:
        back = clock(self.now.casefold(), "power should be back|a possible scheduled outage, until")
        overdue = clock(self.now.casefold(), "power should have been back")
        if not back == clock(bot, "Expected back on:") == clock(self.coming, "Power expected back:"):
            yield f"back at ({bot})"
        if not overdue == clock(bot, "should have been back:") == clock(self.headline, "power should have been back"):
            yield f"overdue ({bot})"
        if (self.headline in SCHEDULED) is not (back is not None):
            yield "the headline"
        if back and not any(one.start - EARLY <= now < one.end and hm(one.end) == back for one in self.events):
            yield "the calendar"

    def against_power(self, now: datetime) -> Iterator[str]:
        """Yield what contradicts while the power is on."""
        if "Actual: power on" not in self.reality:
            yield "the power is on"
        running = any(one.start <= now < one.end for one in self.events)
        spared = "The schedule has an outage until" in self.now or "The power may go out until" in self.now
        if not spared == (self.headline in SCHEDULED) == running:
            yield "a scheduled outage now"
        ahead = next((one for one in self.events if one.start > now), None)
        coming = span(self.now, "Next scheduled outage: |Possible outage: ")
        if not running and "mergency" not in self.now:
            shown = span(self.coming, "Next outage: |Possible outage: ")
            if coming != (ahead and (hm(ahead.start), hm(ahead.end))) or shown != coming:
                yield f"next is {ahead}"

    def against_return(self, bot: str) -> Iterator[str]:
        """Yield what contradicts in the message that the power is back."""
        told, here = span(bot, "Next planned outage: "), span(self.now, "Next scheduled outage: |Possible outage: ")
        if here and told != here:
            yield f"the bot has {told} next"


def untold(before: OutageSchedule, after: OutageSchedule) -> list[str]:
    """Return whether a change is not told as what it does to the dark minutes of the days that both versions know."""
    known = {one.day for one in before.days if one.state in FIRM}
    both = [one.day for one in after.days if one.state in FIRM and one.day in known and _ends(one.day) > after.at]
    old, new = (dark(cut(plan, both)) for plan in (before, after))
    hours = after.change.hours if after.change and after.change.at == after.at else ()
    was, will = dark(w for one in hours for w in one.before), dark(w for one in hours for w in one.after)
    if (was - will, will - was) == (old - new, new - old):
        return []
    return [f"{after.at}: {len(old - new)} min lighter, {len(new - old)} darker, told as {hours}"]


def _ends(day: date) -> datetime:
    return bounds(day, "Europe/Kyiv")[1]


def cut(plan: OutageSchedule, days: Iterable[date]) -> list[Window]:
    """Return the windows of some days."""
    return [part for day in days for part in within(plan.windows, *bounds(day, plan.time_zone))]


def dark(windows: Iterable[Window]) -> set[int]:
    """Return the minutes in windows."""
    return {minute for one in windows for minute in range(_minute(one.start), _minute(one.end))}


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


@lru_cache(maxsize=4)
def _events(plan: OutageSchedule) -> tuple[Window, ...]:
    """Return the outages in the calendar."""
    found = Calendar.from_ical(calendar_text(plan, outage="o", possible="p", emergency="e")).walk("VEVENT")
    hours = [(one.decoded("dtstart"), one.decoded("dtend")) for one in found]
    return tuple(Window(start=start, end=end) for start, end in sorted(hours) if isinstance(start, datetime))


def clock(text: str, before: str) -> str | None:
    """Return the first time of day after some words."""
    found = re.search(rf"(?:{before}).*?(\d\d:\d\d)", text)
    return _midnight(found[1]) if found else None


def span(text: str, before: str) -> tuple[str, str] | None:
    """Return the first two times of day after some words."""
    found = re.search(rf"(?:{before}).*?(\d\d:\d\d) – (\d\d:\d\d)", text.replace("\u00a0", " "))
    return (_midnight(found[1]), _midnight(found[2])) if found else None


def hm(at: datetime) -> str:
    """Return the time of day in Kyiv."""
    return f"{at.astimezone(KYIV):%H:%M}"


def _midnight(text: str) -> str:
    return "00:00" if text == "24:00" else text
