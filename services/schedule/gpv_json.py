"""Files in the operators' own "GPV" schema, as community mirrors keep them for many regions, pure.

Sources, shapes and traps: docs/schedule.md. Hour 1 is 00:00-01:00; some files count from 0. Keys of days are midnights
of Kyiv in some files and of UTC in others; both fall on the right date in Kyiv. Whoever counts 24 hours from a midnight
of Kyiv is an hour early after the day of 25 hours.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.schedule.answer import (
    ZONE,
    Answer,
    Day,
    NonsenseError,
    epoch_moment,
    iso_moment,
    queues_of,
    sensible,
    stamp,
    window,
)
from shared.conditions import Reason, schedule
from shared.errors import BadReplyError
from shared.messages import Certainty, DayState

SURE, MAYBE = Certainty.DEFINITE, Certainty.POSSIBLE
HALVES: dict[str, tuple[Certainty | None, Certainty | None]] = {
    "yes": (None, None),
    "no": (SURE, SURE),
    "first": (SURE, None),
    "second": (None, SURE),
    "maybe": (MAYBE, MAYBE),
    "mfirst": (MAYBE, None),
    "msecond": (None, MAYBE),
}
"""The state of the first and the second half of an hour; None is power."""
SAYS_LITTLE = {"mfirst": (1, 1), "msecond": (0, -1)}
"""Marks that only describe their possible half: the other half, and the direction of the hour next to it.

The mirrors' converters write them whatever the other half is (yaroslav2901/TOE_PARSER), so "no, msecond, yes" is an
outage until half past and a possible one behind it, as Poltava publishes it.
"""

PREFIX = "GPV"
EARLY_AT_MOST = timedelta(hours=1)
FROM_1, FROM_0 = set(range(1, 25)), set(range(24))


def read(content: Any, group: str) -> Answer:
    """Return a file's answer for a group such as 5.2 or GPV5.2. Raises BadReplyError if it is not such a file."""
    fact = content.get("fact") if isinstance(content, dict) else None
    if not isinstance(fact, dict) or not isinstance(fact.get("data"), dict | list):
        raise BadReplyError(schedule.NO_SCHEDULE())
    key = group if group.startswith(PREFIX) else PREFIX + group
    by_day = fact["data"] if isinstance(fact["data"], dict) else {}  # outside the season it is an empty list
    marks: dict[date, list[Any]] = {}
    fillers: set[date] = set()
    odd: list[Reason] = []
    for midnight, groups in by_day.items():
        try:
            day = _date(midnight)
            if isinstance(groups, dict) and key in groups:
                marks.setdefault(day, _marks(day, groups[key]))
            if _is_filler(groups):
                fillers.add(day)
        except NonsenseError as error:
            odd.append(error.reason)
    days = {day: _day(day, marks, odd) for day in marks}
    days |= {day: Day(DayState.EMERGENCY) for day in _emergencies(fact.get("emergency"), [*days], odd)}
    published = stamp(fact.get("update")) or iso_moment(fact.get("update"))
    failed = _look_failed(content)
    return Answer(
        days,
        as_of=published if failed else _looked(content.get("lastUpdated")),
        stamp=published,
        queues=_queues(content, by_day),
        odd=tuple(odd),
        look_failed=failed,
        fillers=frozenset(fillers),
    )


def _looked(given: object) -> datetime | None:
    """Return the time of a mirror's look, in ISO 8601, seconds or milliseconds since 1970, or the operator's form."""
    return epoch_moment(given) or iso_moment(given) or stamp(given)


def _is_filler(groups: object) -> bool:
    """Whether several groups all have power all day: published like that, or not published yet."""
    hours = [group for group in groups.values() if isinstance(group, dict)] if isinstance(groups, dict) else []
    return len(hours) > 1 and all(code == "yes" for group in hours for code in group.values())


def _emergencies(given: object, known: list[date], odd: list[Reason]) -> list[date]:
    """Return the days on which no schedule is valid: midnights like the keys of the days, or simply true for all."""
    if given is True:
        return known
    found: list[date] = []
    for midnight in given if isinstance(given, list) else ():
        try:
            found.append(_date(str(midnight)))
        except NonsenseError as error:
            odd.append(error.reason)
    return found


def _look_failed(content: dict[str, Any]) -> bool:
    """Whether the mirror's last look at the operator failed: then it keeps what it had, and says so."""
    status = content.get("lastUpdateStatus")
    return isinstance(status, dict) and status.get("ok") is False


def _date(midnight: str) -> date:
    try:
        moment = datetime.fromtimestamp(int(midnight), UTC) + EARLY_AT_MOST
        return sensible(moment.astimezone(ZoneInfo(ZONE)).date())
    except (ValueError, OverflowError, OSError):
        raise NonsenseError(schedule.not_a_date(text=repr(midnight[:20]))) from None


def _marks(day: date, hours: Any) -> list[Any]:
    """Return the marks of the 24 hours of a day, or raise NonsenseError if one is missing."""
    codes = hours if isinstance(hours, dict) else {}
    numbers = {number: codes[str(number)] for number in range(25) if str(number) in codes}
    if set(numbers) not in (FROM_1, FROM_0):
        raise NonsenseError(schedule.hours_missing(day=day))
    return [numbers[number] for number in sorted(numbers)]


def _day(day: date, marks: Mapping[date, list[Any]], odd: list[Reason]) -> Day:
    for hour, mark in enumerate(marks[day]):
        if not isinstance(mark, str) or mark not in HALVES:
            odd.append(schedule.unknown_mark(day=day, hour=hour, mark=repr(str(mark)[:20])))
    parts = (window(day, 30 * half, 30 * half + 30, kind) for half, kind in enumerate(_halves(day, marks)) if kind)
    windows = tuple(part for part in parts if part)
    return Day(DayState.PLANNED if windows else DayState.NO_OUTAGES, windows)


def _halves(day: date, marks: Mapping[date, list[Any]]) -> list[Certainty | None]:
    """Return the state of the 48 half-hours of a day.

    If a mark only describes its possible half, the other half continues the outage of the hour next to it. If that hour
    says as little, or is of an unknown day, the possible half itself belongs to an outage, which is on one side of it.
    """
    known = {
        (one, half): kind
        for one in (day - timedelta(days=1), day, day + timedelta(days=1))
        for hour, mark in enumerate(marks.get(one, ()))
        for half, kind in enumerate(HALVES.get(str(mark), (Certainty.UNKNOWN,) * 2), start=2 * hour)
    }

    def at(half: int) -> Certainty | None:
        return known.get((day + timedelta(days=half // 48), half % 48), Certainty.UNKNOWN)

    halves = [at(half) for half in range(48)]
    for hour, mark in enumerate(marks[day]):
        if isinstance(mark, str) and mark in SAYS_LITTLE:
            other, way = SAYS_LITTLE[mark]
            half = 2 * hour + other
            beside, across = at(half + way), at(half - 2 * way)
            if _mark_at(half + way, day, marks) in SAYS_LITTLE:  # two possible halves, and the part between them
                is_dark = across is not SURE or at(half + 3 * way) is not SURE
            else:
                is_dark = beside is SURE or (beside is Certainty.UNKNOWN and across is None)
            if is_dark:
                halves[half] = SURE
    return halves


def _mark_at(half: int, day: date, marks: Mapping[date, list[Any]]) -> str:
    """Return the mark of the hour of a half-hour, which may be of the day before or after; "" if it is unknown."""
    known = marks.get(day + timedelta(days=half // 48))
    return str(known[half % 48 // 2]) if known else ""


def _queues(content: dict[str, Any], by_day: dict[str, Any]) -> tuple[str, ...] | None:
    """Return all groups with hours in the file, or else those that it names, or None.

    Kyiv's file names 120 groups, of which only 60 ever have hours (October 2026): a home in one of the others would
    wait for ever.
    """
    preset = content.get("preset")
    names = preset.get("sch_names") if isinstance(preset, dict) else None
    found = {name for groups in by_day.values() if isinstance(groups, dict) for name in groups}
    found = found or (set(names) if isinstance(names, dict) else set())
    return queues_of(sorted(name.removeprefix(PREFIX) for name in found))
