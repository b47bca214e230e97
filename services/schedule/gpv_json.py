"""Files in the operators' own "GPV" schema, as community mirrors keep them for many regions, pure.

Sources, shapes and traps: docs/schedule.md. Hour 1 is 00:00-01:00; some files count from 0. Keys of days are midnights
of Kyiv in some files and of UTC in others; both fall on the right date in Kyiv.
"""

from datetime import UTC, date, datetime
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
from shared.messages import Certainty, DayState, Window

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
"""What becomes of the first and the second half of an hour; None is power."""

PREFIX = "GPV"
FROM_1, FROM_0 = set(range(1, 25)), set(range(24))


def read(content: Any, group: str) -> Answer:
    """Return a file's answer for a group such as 5.2 or GPV5.2. Raises BadReplyError where it is no such file."""
    fact = content.get("fact") if isinstance(content, dict) else None
    if not isinstance(fact, dict) or not isinstance(fact.get("data"), dict | list):
        raise BadReplyError(schedule.NO_SCHEDULE())
    key = group if group.startswith(PREFIX) else PREFIX + group
    by_day = fact["data"] if isinstance(fact["data"], dict) else {}  # off season it is an empty list
    days: dict[date, Day] = {}
    fillers: set[date] = set()
    odd: list[Reason] = []
    for midnight, groups in by_day.items():
        try:
            day = _date(midnight)
            if isinstance(groups, dict) and key in groups:
                days.setdefault(day, _day(day, groups[key], odd))
            if _is_filler(groups):
                fillers.add(day)
        except NonsenseError as error:
            odd.append(error.reason)
    days |= {day: Day(DayState.EMERGENCY) for day in _emergencies(fact.get("emergency"), [*days], odd)}
    published, failed = stamp(fact.get("update")), _look_failed(content)
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
    """A mirror writes ISO 8601, seconds or milliseconds since 1970, or the operator's form."""
    return epoch_moment(given) or iso_moment(given) or stamp(given)


def _is_filler(groups: object) -> bool:
    """Whether several groups all have power all day: published so, or not published yet."""
    hours = [group for group in groups.values() if isinstance(group, dict)] if isinstance(groups, dict) else []
    return len(hours) > 1 and all(code == "yes" for group in hours for code in group.values())


def _emergencies(given: object, known: list[date], odd: list[Reason]) -> list[date]:
    """Return the days on which no schedule holds: midnights like the keys of the days, or simply true for all."""
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
    """Whether the mirror's last look at the operator failed: then it goes on with what it had, and says so."""
    status = content.get("lastUpdateStatus")
    return isinstance(status, dict) and status.get("ok") is False


def _date(midnight: str) -> date:
    try:
        return sensible(datetime.fromtimestamp(int(midnight), UTC).astimezone(ZoneInfo(ZONE)).date())
    except (ValueError, OverflowError, OSError):
        raise NonsenseError(schedule.not_a_date(text=repr(midnight[:20]))) from None


def _day(day: date, hours: Any, odd: list[Reason]) -> Day:
    codes = hours if isinstance(hours, dict) else {}
    numbers = {number: codes[str(number)] for number in range(25) if str(number) in codes}
    first = {24: 1, 0: 0}.get(24 if set(numbers) == FROM_1 else 0 if set(numbers) == FROM_0 else -1)
    if first is None:
        raise NonsenseError(schedule.hours_missing(day=day))
    windows: list[Window] = []
    for number, code in sorted(numbers.items()):
        windows += _hour(day, number - first, code, odd)
    return Day(DayState.PLANNED if windows else DayState.NO_OUTAGES, tuple(windows))


def _hour(day: date, hour: int, code: Any, odd: list[Reason]) -> list[Window]:
    halves = HALVES.get(code) if isinstance(code, str) else None
    if halves is None:
        odd.append(schedule.unknown_mark(day=day, hour=hour, mark=repr(str(code)[:20])))
        halves = (Certainty.UNKNOWN, Certainty.UNKNOWN)
    starts = (hour * 60, hour * 60 + 30)
    parts = (window(day, start, start + 30, kind) for start, kind in zip(starts, halves, strict=True) if kind)
    return [part for part in parts if part]


def _queues(content: dict[str, Any], by_day: dict[str, Any]) -> tuple[str, ...] | None:
    """All groups the file knows, from its names or else from its days; None where it names none."""
    preset = content.get("preset")
    names = preset.get("sch_names") if isinstance(preset, dict) else None
    found = set(names) if isinstance(names, dict) else set()
    for groups in by_day.values():
        found |= set(groups) if isinstance(groups, dict) else set()
    return queues_of(sorted(name.removeprefix(PREFIX) for name in found))
