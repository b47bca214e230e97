"""How the hours without power change between two versions of the plan, however they are split into windows. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shared.messages import Certainty, HoursChange, HoursChangeKind, Window

Kind = HoursChangeKind
Span = tuple[datetime, datetime]

SHIFTED_AT_MOST = timedelta(hours=4)
"""An outage of the same length at most this far away has moved; one farther away is another one."""


def changed_hours(before: Sequence[Window], after: Sequence[Window]) -> tuple[HoursChange, ...]:
    """Return what has changed, by time. Hours that overlap belong to one change, whatever their windows."""
    changes = []
    for olds, news in _groups(spans(before), spans(after)):
        old, new = _windows(before, olds), _windows(after, news)
        if old != new:
            changes.append(HoursChange(kind=_kind(olds, news, old, new), before=old, after=new))
    return tuple(sorted(_moved(changes), key=_start))


def spans(windows: Iterable[Window]) -> list[Span]:
    """Return the hours without power, certain or not, merged."""
    found: list[Span] = []
    for one in sorted(windows, key=lambda window: window.start):
        if found and one.start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], one.end))
        else:
            found.append((one.start, one.end))
    return found


def _groups(before: Sequence[Span], after: Sequence[Span]) -> list[tuple[list[Span], list[Span]]]:
    """Return groups of old and new spans that overlap, directly or through others."""
    groups: list[tuple[list[Span], list[Span]]] = []
    end: datetime | None = None
    for (start, finish), side in sorted([(one, 0) for one in before] + [(one, 1) for one in after]):
        if end is None or start >= end:
            groups.append(([], []))
            end = finish
        end = max(end, finish)
        groups[-1][side].append((start, finish))
    return groups


def _windows(windows: Iterable[Window], spans: Sequence[Span]) -> tuple[Window, ...]:
    return tuple(one for one in windows if any(start <= one.start < end for start, end in spans))


def _kind(olds: Sequence[Span], news: Sequence[Span], before: Sequence[Window], after: Sequence[Window]) -> Kind:
    if not olds or not news:
        return Kind.ADDED if news else Kind.CANCELLED
    if len(olds) > 1 or len(news) > 1:
        return Kind.JOINED if len(news) == 1 else Kind.SPLIT if len(olds) == 1 else Kind.REDRAWN
    (old,), (new,) = olds, news
    if old == new:
        return _certainty(_certain(before), _certain(after))
    if old[0] <= new[0] and new[1] <= old[1]:
        return Kind.SHORTER
    return Kind.LONGER if new[0] <= old[0] and old[1] <= new[1] else Kind.MOVED


def _certainty(before: timedelta, after: timedelta) -> Kind:
    if before == after:
        return Kind.REDRAWN
    return Kind.MORE_CERTAIN if after > before else Kind.LESS_CERTAIN


def _certain(windows: Iterable[Window]) -> timedelta:
    return sum((one.end - one.start for one in windows if one.certainty is not Certainty.POSSIBLE), timedelta())


def _moved(changes: Sequence[HoursChange]) -> list[HoursChange]:
    """Make one change of an outage that was cancelled and one as long and as certain that was added nearby."""
    result = [one for one in changes if one.kind is not Kind.ADDED]
    for new in (one for one in changes if one.kind is Kind.ADDED):
        near = [one for one in result if one.kind is Kind.CANCELLED and _is_shift(one.before, new.after)]
        if near:
            old = min(near, key=lambda one: abs(one.before[0].start - new.after[0].start))
            result[result.index(old)] = HoursChange(kind=Kind.MOVED, before=old.before, after=new.after)
        else:
            result.append(new)
    return result


def _is_shift(before: Sequence[Window], after: Sequence[Window]) -> bool:
    by = after[0].start - before[0].start
    shifted = tuple((one.start + by, one.end + by, one.certainty) for one in before)
    return abs(by) <= SHIFTED_AT_MOST and shifted == tuple((one.start, one.end, one.certainty) for one in after)


def _start(change: HoursChange) -> datetime:
    return min(one.start for one in (*change.before, *change.after))
