"""From one version of the schedule to the next: what is adopted, what is kept, and what has changed. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.schedule.answer import ZONE, Answer, Day
from services.schedule.darkness import changed_hours
from shared.conditions import Reason
from shared.freshness import fresh
from shared.messages import DayState, OutageSchedule, PlannedDay, ScheduleChange, Window
from shared.outages import FIRM, bounds, is_stale, local_day, merged, state_of, superseded, wall, within

KEEP_UNCONFIRMED = timedelta(hours=6)
"""A day that a source suddenly knows nothing of is believed a while longer: answers have holes, mostly at midnight. A
real cancellation is published as "no outages"."""

HOLDS_AGAINST = timedelta(hours=1)
"""How long the answer of a better source takes precedence over one after it."""

HORIZON_DAYS = 7
FIRST_REGION = "ivano-frankivsk"
NOON_MIN = 720


@dataclass(frozen=True)
class PlanAddress:
    """The address of a plan: that of another region or queue is never continued."""

    region: str
    queue: str

    def has(self, plan: OutageSchedule | None) -> bool:
        """Whether a plan is this address's. Before version 2 only be_svitlo named its region."""
        if plan is None or plan.queue != self.queue:
            return False
        known = FIRST_REGION if plan.region is None and plan.source == "be_svitlo" else plan.region
        return known == self.region

    def empty(self, now: datetime) -> OutageSchedule:
        """Return a plan about which nothing is known yet."""
        return OutageSchedule(at=now, queue=self.queue, region=self.region)


def revise(
    before: OutageSchedule | None,
    answer: Answer,
    *,
    home: PlanAddress,
    source: str,
    now: datetime,
    better: Collection[str] = (),
) -> OutageSchedule:
    """Return the schedule after an answer, with what has changed since the one before.

    better are the sources before this one: their earlier answers take precedence for a while. The first schedule of an
    address changes nothing. Yesterday is kept for the true start of an outage across midnight.
    """
    old = before if home.has(before) else None
    as_of = min(answer.as_of or now, now)
    answer = published(old, answer, as_of)
    answer = steady(old, _trusted(old, answer, source), now, better)
    days, parts = _days(old, answer, as_of, now, source=source)
    fetched_at = max(as_of, min(old.fetched_at, now)) if old and old.fetched_at else as_of
    windows = merged(parts)
    yesterday = bounds(local_day(now, ZONE) - timedelta(days=1), ZONE)[0]
    plan = OutageSchedule(
        at=now,
        queue=home.queue,
        region=home.region,
        source=source,
        time_zone=ZONE,
        days=tuple(days),
        windows=windows,
        superseded=tuple(one for one in superseded(old, windows, now) if one.end > yesterday),
        operator_stamp=answer.stamp,
        fetched_at=fetched_at,
        change=old.change if old else None,
    )
    change = difference(old, plan, now) if old and old.fetched_at else None
    return plan.model_copy(update={"change": change}) if change else plan


def failed(before: OutageSchedule | None, reason: Reason, *, home: PlanAddress, now: datetime) -> OutageSchedule:
    """Return the last good schedule with the reason why there is no newer one, and whether it is stale."""
    old = before if before and home.has(before) else home.empty(now)
    return old.model_copy(update={"at": now, "reason": reason, "stale": is_stale(old, now)})


def difference(before: OutageSchedule, after: OutageSchedule, now: datetime) -> ScheduleChange | None:
    """Return what differs from today on, or None. Hours are compared where both plans know the day."""
    today = local_day(now, after.time_zone)
    days = sorted({one.day for one in (*before.days, *after.days) if one.day >= today})
    pairs = {day: (state_of(before, day), state_of(after, day)) for day in days}
    both = [day for day, (old, new) in pairs.items() if old in FIRM and new in FIRM]
    change = ScheduleChange(
        at=now,
        published=tuple(day for day, pair in pairs.items() if _is_published(*pair)),
        withdrawn=tuple(day for day, (old, new) in pairs.items() if old is not new and new is DayState.UNKNOWN),
        states=tuple(day for day, pair in pairs.items() if _is_turned(*pair)),
        hours=changed_hours(_on(both, before), _on(both, after)),
    )
    return change if change != ScheduleChange(at=now) else None


def published(old: OutageSchedule | None, answer: Answer, as_of: datetime) -> Answer:
    """Return an answer without the days that were only filled with power, before they were published.

    Every day after that of the look may be a filler. The day of the look may be one where the operator last published
    before the noon of the day before, unless hours of it were known: then they were cancelled.
    """
    today = local_day(as_of, ZONE)
    noon_before = wall(today - timedelta(days=1), NOON_MIN, ZONE)
    is_known = old is not None and state_of(old, today) in FIRM
    is_old = answer.stamp is not None and answer.stamp < noon_before and not is_known
    kept = {
        day: content
        for day, content in answer.days.items()
        if day not in answer.fillers or day < today or (day == today and not is_old) or content.state not in FIRM
    }
    return replace(answer, days=kept)


def _trusted(old: OutageSchedule | None, answer: Answer, source: str) -> Answer:
    """Return an answer, without its days where it comes from another source that has an older publication.

    The operator's stamps decide only who is right, never what has changed.
    """
    is_other = old is not None and old.source not in (None, source)
    if is_other and old and old.operator_stamp and answer.stamp and answer.stamp < old.operator_stamp:
        known = {one.day for one in old.days}
        return replace(answer, days={day: content for day, content in answer.days.items() if day not in known})
    return answer


def steady(old: OutageSchedule | None, answer: Answer, now: datetime, better: Collection[str]) -> Answer:
    """Return an answer without the days in which it contradicts what a better source said within HOLDS_AGAINST.

    An operator that answers every other time, beside a mirror that lags, would change the plan with each answer.
    """
    recent = {
        one.day: one
        for one in (old.days if old else ())
        if one.source in better and fresh(one.confirmed_at, now, HOLDS_AGAINST)
    }
    kept = {day: found for day, found in answer.days.items() if day not in recent or _agrees(old, day, found)}
    return replace(answer, days=kept)


def _agrees(old: OutageSchedule | None, day: date, found: Day) -> bool:
    span = bounds(day, ZONE)
    return (
        old is not None
        and state_of(old, day) is found.state
        and within(old.windows, *span) == within(merged(found.windows), *span)
    )


def _days(
    old: OutageSchedule | None, answer: Answer, as_of: datetime, now: datetime, *, source: str
) -> tuple[list[PlannedDay], list[Window]]:
    """Choose for each day between what the source says now and what was known before."""
    today, is_same = local_day(now, ZONE), bool(old and old.source == source)
    known = {one.day: one for one in old.days} if old else {}
    days: list[PlannedDay] = []
    parts: list[Window] = []
    for day in sorted({*known, *answer.days}):
        if not today - timedelta(days=1) <= day <= today + timedelta(days=HORIZON_DAYS):
            continue
        found = answer.days.get(day)
        # a mirror that looked before we did knows less than we do
        seen = min((found and found.as_of) or as_of, now)
        if found and (day not in known or seen >= min(known[day].confirmed_at, now)):
            days.append(PlannedDay(day=day, state=found.state, confirmed_at=seen, source=found.source or source))
            parts += found.windows
        elif old and day in known and (day < today or found or not is_same or _is_recent(known[day], now)):
            days.append(known[day])
            parts += _kept(old, day, owned={*known, *answer.days})
    return days, parts


def _is_recent(known: PlannedDay, now: datetime) -> bool:
    return now - known.confirmed_at <= KEEP_UNCONFIRMED


def _kept(old: OutageSchedule, day: date, *, owned: set[date]) -> tuple[Window, ...]:
    """Return the windows of a day in an older plan, and their parts in a day about which nothing is known."""
    start, end = bounds(day, ZONE)
    return within(old.windows, start, end if day + timedelta(days=1) in owned else end + timedelta(days=1))


def _is_published(old: DayState, new: DayState) -> bool:
    return new in FIRM and old in (DayState.UNKNOWN, DayState.WAITING)


def _is_turned(old: DayState, new: DayState) -> bool:
    if old is new or new is DayState.UNKNOWN or _is_published(old, new):
        return False
    return not (old in FIRM and new in FIRM) and not (old is DayState.UNKNOWN and new is DayState.WAITING)


def _on(days: Iterable[date], plan: OutageSchedule) -> tuple[Window, ...]:
    return merged(part for day in days for part in within(plan.windows, *bounds(day, plan.time_zone)))
