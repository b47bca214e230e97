"""The control API of the outage sites: set the plan, set faults, list requests."""

import asyncio
import logging
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, field_validator

from simulators.http_server import Command, HttpApp, as_list, posted
from simulators.mains import KYIV, windows
from simulators.schedule.faults import WebFault
from simulators.schedule.gpv_json import Midnight
from simulators.schedule.plan import DAY_MIN, Day, PlanKind, PlannedDay, Span, spans
from simulators.schedule.web import OutageSites

log = logging.getLogger("outages")

TIMETABLE = "timetable"
WORDS = (TIMETABLE, *(kind for kind in PlanKind if kind is not PlanKind.PLANNED))


def _within_a_day(text: str) -> tuple[Span, ...]:
    given = windows(text)
    if any(window.begin_min > window.end_min for window in given):
        raise ValueError("a plan ends at 24:00: give what comes after midnight to the next day")
    return spans(given)


class PlanCommand(Command):
    """The plan of a day: windows such as 08:00-11:00,22:00-24:00, or timetable, none, unknown, waiting, emergency.

    The day is today, tomorrow, every (all days without their own plan) or a date. The queue of the house gets the plan
    as given, the others get it later.
    """

    day: Literal["today", "tomorrow", "every"] | date
    plan: str
    possible: str = ""

    @field_validator("plan")
    @classmethod
    def _readable(cls, plan: str) -> str:
        return plan if plan in WORDS or _within_a_day(plan) else "none"

    @field_validator("possible")
    @classmethod
    def _readable_too(cls, possible: str) -> str:
        _within_a_day(possible)
        return possible

    def date(self, now: datetime) -> date | None:
        """Return the day; None is every day."""
        if isinstance(self.day, date):
            return self.day
        today = now.astimezone(KYIV).date()
        return {"today": today, "tomorrow": today + timedelta(days=1), "every": None}[self.day]

    def planned(self) -> PlannedDay | None:
        """Return the plan of the day; None is the timetable."""
        if self.plan == TIMETABLE:
            return None
        if self.plan not in WORDS:
            return PlannedDay(PlanKind.PLANNED, _within_a_day(self.plan), _within_a_day(self.possible))
        if self.plan == PlanKind.NONE and self.possible:
            return PlannedDay(PlanKind.PLANNED, (), _within_a_day(self.possible))
        return PlannedDay(PlanKind(self.plan))


class DifferCommand(Command):
    """How much later than in the house the timetable is published; negative means earlier."""

    minutes: int = Field(gt=-DAY_MIN, lt=DAY_MIN)


class TomorrowCommand(Command):
    """Whether tomorrow is published; null: from 20:00 on."""

    published: bool | None


class GpvCommand(Command):
    """The format of GPV files: whose midnights are keys, and whether hours count from 1 or from 0."""

    midnight: Midnight = Midnight.AUTO
    first_hour: Literal[0, 1] = 1


FAULTS: TypeAdapter[list[WebFault]] = TypeAdapter(Annotated[list[WebFault], BeforeValidator(as_list)])
"""One fault, or several, each at its path."""


class OutagesControl:
    """The views of the control API."""

    def __init__(self, sources: OutageSites) -> None:
        self._sources = sources
        self.app = HttpApp(
            {
                "GET /plan": self._state,
                "POST /plan": self._plan,
                "POST /differ": self._differ,
                "POST /tomorrow": self._tomorrow,
                "POST /gpv": self._gpv,
                "POST /fault": self._fault,
                "GET /requests": self._requests,
                "POST /forget": self._forget,
            },
            asyncio.get_running_loop(),
        )

    async def _plan(self) -> Any:
        command, now = posted(PlanCommand), self._sources.clock()
        self._sources.plan.set_day(command.date(now), command.planned(), now)
        log.info("The plan of %s: %s.", command.day, command.plan)
        return await self._state()

    async def _differ(self) -> Any:
        self._sources.plan.shift(posted(DifferCommand).minutes, self._sources.clock())
        return await self._state()

    async def _tomorrow(self) -> Any:
        published = posted(TomorrowCommand).published
        self._sources.plan.publish_tomorrow(published, self._sources.clock())
        return await self._state()

    async def _gpv(self) -> Any:
        command = posted(GpvCommand)
        self._sources.gpv.midnight, self._sources.gpv.first_hour = command.midnight, command.first_hour
        return asdict(self._sources.gpv)

    async def _fault(self) -> Any:
        faults = posted(FAULTS)
        self._sources.faults.replace(faults)
        active = [fault.model_dump(mode="json") for fault in self._sources.faults.active]
        log.info("Faults from now on: %s.", ", ".join(fault["kind"] for fault in active) or "nothing")
        return {"faults": active}

    async def _requests(self) -> Any:
        return {"asked": self._sources.asked, "requests": list(self._sources.requests)}

    async def _forget(self) -> Any:
        self._sources.requests.clear()
        self._sources.asked = 0
        return {}

    async def _state(self) -> Any:
        """Return the plan of the house's own queue."""
        plan, now = self._sources.plan, self._sources.clock()
        days = {day.isoformat(): _shown(told) for day, told in plan.days(plan.queue, now).items()}
        return {"queue": plan.queue, "differ_min": plan.differ_min, "days": days}


def _shown(told: Day) -> dict[str, Any]:
    return {"kind": told.kind, "definite": _texts(told.definite), "possible": _texts(told.possible)}


def _texts(parts: tuple[Span, ...]) -> list[str]:
    return ["-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span) for span in parts]
