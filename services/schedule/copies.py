"""Several copies of one operator's schedule combined into one answer, day by day, pure.

A copy that is behind, or that changes with every answer, changes nothing and removes no hour. The later publication
counts; if nothing shows which that is, what was known stays until the other hours have settled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.schedule.answer import ZONE, Answer, Day
from services.schedule.darkness import spans
from services.schedule.revision import published, steady
from shared.freshness import fresh
from shared.messages import DayState, OutageSchedule
from shared.outages import bounds, is_known, merged, state_of, within

SETTLES = timedelta(minutes=20)
"""How long hours must stay the same if they contradict another copy, or were dropped within LATELY."""
LATELY = timedelta(hours=1)
VANISHES = timedelta(hours=1)
"""How long a day must stay without hours if a single copy has removed them; SETTLES if several have.

A mirror that reads an error page writes such a day. In the history of one (vn-progr/gpv-voe-vinnytsia, winter of 2025)
896 of 983 were taken back, nine in ten of these within an hour.
"""


@dataclass(frozen=True)
class Copy:
    """The answer of a source; better are the sources before it."""

    source: str
    answer: Answer
    better: Sequence[str] = ()


@dataclass(frozen=True)
class Memory:
    """What was seen before, by day: hours that have to settle, hours recently dropped, and since when copies differ."""

    waiting: Mapping[date, tuple[Day, datetime]] = field(default_factory=dict)
    dropped: Mapping[tuple[date, Day], datetime] = field(default_factory=dict)
    differ: Mapping[date, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """A day for which `other` has had different hours than `source` for a while; those of `source` count."""

    day: date
    source: str
    other: str


def combined(
    old: OutageSchedule | None, copies: Sequence[Copy], memory: Memory, now: datetime
) -> tuple[Answer, Memory, list[Difference]]:
    """Return one answer whose days name their source, what to remember, and the lasting disagreements of the copies.

    old is the schedule of the same address.
    """
    present = [one.source for one in copies]
    usable = [replace(one, answer=_usable(old, one, present, now)) for one in copies]
    days, waiting, differ = dict[date, Day](), dict[date, tuple[Day, datetime]](), dict[date, datetime]()
    dropped = {key: at for key, at in memory.dropped.items() if fresh(at, now, LATELY)}
    differences: list[Difference] = []
    for day in sorted({day for one in usable for day in one.answer.days}):
        said = [(one, _content(one.answer.days[day])) for one in usable if day in one.answer.days]
        current = _current(old, day)
        preferred = _preferred(said, current)
        if current and _same_hours(preferred, current):
            ours = (content for one, content in said if one.source == _source(old, day))
            preferred = next((content for content in ours if _same_hours(content, current)), preferred)
        chosen = preferred
        if current and preferred != current:
            since = memory.waiting[day][1] if memory.waiting.get(day, (None,))[0] == preferred else now
            if now - since < _settles(said, preferred, current, is_dropped=(day, preferred) in dropped):
                chosen, waiting[day] = current, (preferred, since)
                dropped |= {(day, preferred): now} if (day, preferred) in dropped else {}
            else:
                dropped[day, current] = now
        by = [one for one, content in said if content == chosen]
        if by:
            as_of = max((one.answer.as_of for one in by if one.answer.as_of), default=None)
            days[day] = replace(by[0].answer.days[day], source=by[0].source, as_of=as_of)
        others = [one.source for one, content in said if not _same_hours(content, chosen)]
        if by and others:
            differ[day] = memory.differ.get(day, now)
            if now - differ[day] >= SETTLES:
                differences.append(Difference(day, by[0].source, others[0]))
    stamps = [one.answer.stamp for one in usable if one.answer.stamp]
    stamps += [old.operator_stamp] if old and old.operator_stamp else []
    looks = [one.answer.as_of for one in usable if one.answer.as_of]
    whole = Answer(days, as_of=max(looks, default=None), stamp=max(stamps, default=None))
    return whole, Memory(waiting, dropped, differ), differences


def _usable(old: OutageSchedule | None, copy: Copy, present: Collection[str], now: datetime) -> Answer:
    """Return an answer without fillers, without what is older than what is known, and without what has to settle.

    What a better source recently said holds while it is silent, unless the operator has published since.
    """
    as_of = min(copy.answer.as_of or now, now)
    answer = published(old, copy.answer, as_of)
    if old is None:
        return answer
    stamp, ours = answer.stamp, old.operator_stamp
    is_older, is_newer = bool(stamp and ours and stamp < ours), bool(stamp and ours and stamp > ours)
    if not is_newer:
        answer = steady(old, answer, now, [one for one in copy.better if one not in present])
    known = {one.day: one for one in old.days}
    return replace(
        answer,
        days={
            day: found
            for day, found in answer.days.items()
            if day not in known
            or (as_of >= min(known[day].confirmed_at, now) and not (is_older and known[day].source != copy.source))
        },
    )


def _content(found: Day) -> Day:
    return Day(found.state, merged(found.windows))


def _same_hours(first: Day, second: Day) -> bool:
    """Whether two contents have the same hours without power, although perhaps of different certainty.

    Converters differ in what they can express: if half an hour is planned and the next one possible, some write a
    planned hour. Then the copy that is already known is kept.
    """
    return first.state is second.state and spans(first.windows) == spans(second.windows)


def _source(old: OutageSchedule | None, day: date) -> str | None:
    return next((one.source for one in (old.days if old else ()) if one.day == day), None)


def _current(old: OutageSchedule | None, day: date) -> Day | None:
    """Return what is known about a day, or None if nothing could be lost."""
    state = state_of(old, day)
    return Day(state, within(old.windows, *bounds(day, ZONE))) if old and is_known(state) else None


def _preferred(said: Sequence[tuple[Copy, Day]], current: Day | None) -> Day:
    """Return the content of the later publication, else what is already known, else that of the first copy."""
    latest = max((one.answer.stamp for one, _ in said if one.answer.stamp), default=None)
    newest = [content for one, content in said if latest and one.answer.stamp == latest]
    of_latest = newest if newest and _all_stamped(said) else [content for _, content in said]
    return current if current and current in of_latest else of_latest[0]


def _all_stamped(said: Sequence[tuple[Copy, Day]]) -> bool:
    return all(one.answer.stamp for one, _ in said)


def _settles(said: Sequence[tuple[Copy, Day]], preferred: Day, current: Day, *, is_dropped: bool) -> timedelta:
    """Return how long hours must stay the same before they replace known ones."""
    if current.windows and preferred.state is DayState.NO_OUTAGES:
        return VANISHES if [content for _, content in said].count(preferred) == 1 else SETTLES
    stamps = {content: one.answer.stamp for one, content in said}
    ours, theirs = stamps[preferred], stamps.get(current)
    is_known_older = current not in stamps or bool(ours and theirs and ours > theirs)
    return timedelta() if is_known_older and not is_dropped else SETTLES
