"""The files of the GPV family, pure: the operators' own schema, as two families of mirrors keep it.

The DTEK files have Kyiv's midnights for keys and an empty list off season; the others, among them Ivano-Frankivsk's,
have the midnights of UTC, an empty object, labels of hours that are one too late, and no weekly template.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from simulators.mains import KYIV
from simulators.schedule.plan import QUEUES, Day, OutagePlan, PlanKind, Span, spans

DTEK = ("kyiv", "kyiv-region", "dnipro", "odesa")
OTHERS = (
    *("Ivano-Frankivsk", "Prykarpattiaoblenerho", "Khmelnytskoblenerho", "Zakarpattiaoblenerho", "Lvivoblenerho"),
    *("Ternopiloblenerho", "Chernihivoblenergo", "Zaporizhzhiaoblenergo", "Zhytomyroblenergo", "Poltavaoblenergo"),
    *("Rivneoblenergo", "Cherkasyoblenergo", "Kharkivoblenerho", "Vinnytsiaoblenerho"),
)
REGION_IDS = {"Prykarpattiaoblenerho": "Ivano-Frankivsk"}
CRAWL_EVERY_MIN = 5

ON, MAYBE, OFF = range(3)
CODES = {
    (ON, ON): "yes",
    (OFF, OFF): "no",
    (OFF, ON): "first",
    (ON, OFF): "second",
    (MAYBE, MAYBE): "maybe",
    (MAYBE, ON): "mfirst",
    (ON, MAYBE): "msecond",
    (MAYBE, OFF): "mfirst",
    (OFF, MAYBE): "msecond",
}
"""By the two halves of an hour. Off and possible have no mark together: converters write that of the possible half."""
DAY_NAMES = ("Понеділок", "Вівторок", "Середа", "Четвер", "П'ятниця", "Субота", "Неділя")
TIME_TYPE = {
    "yes": "Світло є",
    "maybe": "Можливо відключення",
    "no": "Світла немає",
    "first": "Світла не буде перші 30 хв.",
    "second": "Світла не буде другі 30 хв",
    "mfirst": "Світла можливо не буде перші 30 хв.",
    "msecond": "Світла можливо не буде другі 30 хв",
}


class Midnight(StrEnum):
    """Whose midnights are the keys of the days."""

    AUTO = "auto"
    KYIV = "kyiv"
    UTC = "utc"


def region_file(
    plan: OutagePlan, region: str, now: datetime, *, midnight: Midnight = Midnight.AUTO, first_hour: int = 1
) -> dict[str, Any] | None:
    """Return the file of a region, or None if there is no such file."""
    if region not in DTEK + OTHERS:
        return None
    dtek = region in DTEK
    if midnight is Midnight.AUTO:
        midnight = Midnight.KYIV if dtek else Midnight.UTC
    crawled = now.astimezone(UTC).replace(minute=now.minute // CRAWL_EVERY_MIN * CRAWL_EVERY_MIN, second=20)
    return {
        "regionId": REGION_IDS.get(region, region),
        "lastUpdated": f"{min(crawled, now):%Y-%m-%dT%H:%M:%S}.575Z",
        "fact": _fact(plan, now, midnight, first_hour, dtek=dtek),
        "preset": _dtek_preset(plan, first_hour) if dtek else _preset(),
    }


def _fact(plan: OutagePlan, now: datetime, midnight: Midnight, first_hour: int, *, dtek: bool) -> dict[str, Any]:
    by_queue = {queue: plan.days(queue, now) for queue in QUEUES}
    dates = [day for day, planned in by_queue[plan.queue].items() if planned.listed]
    data = {
        str(_key(day, midnight)): {f"GPV{queue}": _hours(days[day], first_hour) for queue, days in by_queue.items()}
        for day in dates
    }
    if not data and not dtek:
        return {"data": {}, "update": None, "today": None}
    newest = max((by_queue[plan.queue][day].approved for day in dates), default=now - timedelta(days=28))
    today = _key(now.astimezone(KYIV).date(), midnight)
    return {"data": data or [], "update": f"{newest.astimezone(KYIV):%d.%m.%Y %H:%M}", "today": today}


def _key(day: date, midnight: Midnight) -> int:
    return int(datetime.combine(day, time(), UTC if midnight is Midnight.UTC else KYIV).timestamp())


def _hours(planned: Day, first_hour: int) -> dict[str, str]:
    return {str(hour + first_hour): _code(planned, hour * 60) for hour in range(24)}


def _code(planned: Day, minute: int) -> str:
    halves = (_half(planned, minute), _half(planned, minute + 30))
    return CODES[halves]


def _half(planned: Day, minute: int) -> int:
    if _covered(planned.definite, minute):
        return OFF
    return MAYBE if _covered(planned.possible, minute) else ON


def _covered(parts: tuple[Span, ...], minute: int) -> bool:
    return any(begin < minute + 30 and end > minute for begin, end in parts)


def _preset() -> dict[str, Any]:
    types = {name: text for name, text in TIME_TYPE.items() if name not in ("mfirst", "msecond")}
    return {"time_zone": _labels(1), "time_type": types | {"maybe": "Можливе відключення"}}


def _dtek_preset(plan: OutagePlan, first_hour: int) -> dict[str, Any]:
    """Add the weekly template: all outages of the timetable are possible."""
    template = Day(PlanKind.PLANNED, datetime.min.replace(tzinfo=UTC), possible=spans(plan.timetable))
    week = {str(weekday): _hours(template, first_hour) for weekday in range(1, 8)}
    return {
        "days": {str(number): name for number, name in enumerate(DAY_NAMES, start=1)},
        "sch_names": {f"GPV{queue}": f"Черга {queue}" for queue in QUEUES},
        "time_zone": _labels(0),
        "time_type": TIME_TYPE,
        "data": {f"GPV{plan.queue}": week},
    }


def _labels(late: int) -> dict[str, list[str]]:
    return {
        str(hour + 1): [f"{hour + late:02}-{hour + 1 + late:02}", f"{hour:02}:00", f"{hour + 1:02}:00"]
        for hour in range(24)
    }
