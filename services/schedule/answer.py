"""A source's answer in one form for all sources, and the parts that their parsers share, pure."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.conditions import Reason, schedule
from shared.errors import BadReplyError, EasunError
from shared.messages import Certainty, DayState, Window
from shared.outages import wall

ZONE = "Europe/Kyiv"
"""All operators use the local time of Kyiv."""

DAY_MIN = 1440
MILLISECONDS_FROM = 1e11
"""As seconds this is the year 5138, as milliseconds 1973."""
STAMPS = ("%d.%m.%Y %H:%M", "%H:%M %d.%m.%Y")
MONTHS = (
    *("січня", "лютого", "березня", "квітня", "травня", "червня"),
    *("липня", "серпня", "вересня", "жовтня", "листопада", "грудня"),
)
IN_WORDS = re.compile(r"(\d{1,2}) ([а-яіїєґ]+) (\d{4})(?: року)?,?(?: о)? (\d{1,2}:\d{2})", re.ASCII | re.IGNORECASE)
"""An operator's time of publication as Poltava writes it: 16 листопада 2025 19:34."""
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
QUEUE = re.compile(r"[0-9A-Za-z._-]{1,20}")


class NonsenseError(EasunError):
    """A part of an answer that makes no sense."""


@dataclass(frozen=True)
class Day:
    """A day by a source, with windows that may extend into the next; source and as_of if it has its own."""

    state: DayState
    windows: tuple[Window, ...] = ()
    source: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """A parsed answer: the days in it, and what was odd.

    as_of is when a mirror last looked at the operator, stamp the operator's own time of publication, queues those that
    the source knows, if it lists them. look_failed means that a mirror's last look at the operator failed. fillers are
    days on which every group of the source has power all day, which is also what a source has before publication.
    """

    days: Mapping[date, Day] = field(default_factory=dict)
    as_of: datetime | None = None
    stamp: datetime | None = None
    queues: tuple[str, ...] | None = None
    odd: tuple[Reason, ...] = ()
    look_failed: bool = False
    fillers: frozenset[date] = frozenset()


def json_of(body: bytes) -> Any:
    """Return the JSON in a body. Raises BadReplyError, with its own reason for a web page and for an empty body."""
    text = body.decode("utf-8-sig", "replace").strip()
    if not text:
        raise BadReplyError(schedule.EMPTY_ANSWER())
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadReplyError(schedule.WEB_PAGE() if text.startswith("<") else schedule.NOT_JSON()) from None


def window(day: date, start_min: int, end_min: int, certainty: Certainty) -> Window | None:
    """Return a window from minutes of local time; None if the clock skips all of it in spring."""
    start, end = wall(day, start_min, ZONE), wall(day, end_min, ZONE)
    return Window(start=start, end=end, certainty=certainty) if start < end else None


def queues_of(names: Iterable[object]) -> tuple[str, ...] | None:
    """Return the names that can be those of a queue, or None if there are none."""
    return tuple(name for name in names if isinstance(name, str) and QUEUE.fullmatch(name)) or None


def minutes(text: object) -> int:
    """Return the minutes after midnight of "HH:MM", up to 24:00."""
    found = CLOCK.fullmatch(text.strip()) if isinstance(text, str) and text.isascii() else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else DAY_MIN + 1
    if minute > DAY_MIN:
        raise NonsenseError(schedule.not_a_time(text=_short(text)))
    return minute


def end_of(minute: int) -> int:
    """Return the end of an outage; some sources write midnight as 23:59."""
    return DAY_MIN if minute == DAY_MIN - 1 else minute


def calendar_day(text: object) -> date:
    """Return the date of "dd.mm.yyyy"."""
    try:
        return sensible(datetime.strptime(str(text), "%d.%m.%Y").replace(tzinfo=UTC).date())
    except ValueError:
        raise NonsenseError(schedule.not_a_date(text=_short(text))) from None


def sensible(day: date) -> date:
    """Return a date that may occur in a plan, or raise NonsenseError."""
    if not 2000 <= day.year <= 2100:
        raise NonsenseError(schedule.not_a_date(text=str(day)))
    return day


def stamp(text: object) -> datetime | None:
    """Return an operator's time of publication in one of its forms, or None."""
    for form in STAMPS:
        try:
            local = datetime.strptime(_in_numbers(str(text)), form).replace(tzinfo=ZoneInfo(ZONE))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _in_numbers(text: str) -> str:
    """Return a time with its month as a number, if it has the month in words."""
    found = IN_WORDS.fullmatch(" ".join(text.lower().split()))
    if not found or found[2] not in MONTHS:
        return text
    return f"{found[1]}.{1 + MONTHS.index(found[2])}.{found[3]} {found[4]}"


def iso_moment(text: object) -> datetime | None:
    """Return a moment in ISO 8601 with its offset, or None; without an offset it is ambiguous."""
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def epoch_moment(number: object) -> datetime | None:
    """Return a moment given in seconds or milliseconds since 1970, as a number or its digits, or None."""
    try:
        value = float(number) if isinstance(number, int | float | str) and not isinstance(number, bool) else math.nan
        moment = datetime.fromtimestamp(value / 1000 if value >= MILLISECONDS_FROM else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if 2000 <= moment.year <= 2100 else None


def _short(value: object) -> str:
    return repr(value)[:40]
