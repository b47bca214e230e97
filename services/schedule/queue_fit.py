"""How well the home's own outages fit the schedule of each queue of the region, pure.

Each outage is evidence: in the true queue most begin close to the beginning of a scheduled one, a few within its hours,
and some are not scheduled at all; in any other they begin at any minute. A misleading likelihood ratio of x or more has
a probability of at most 1/x, so that with a limit that grows with the number of queues a wrong queue is hardly ever
named, whatever the share of emergencies. Queues with similar hours stay undecided.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.messages import QueueFit, QueueScore, QueueVerdict, Window
from shared.outages import EARLY, planned_window

LEAST_OUTAGES = 6
UNSCHEDULED = 0.25
"""The share of outages that no schedule explains even in the right queue: emergencies, repairs, a blown fuse."""
ON_TIME = timedelta(minutes=15)
ON_TIME_SHARE = 0.8
"""The share of scheduled ones that begin within ON_TIME of the hour; the others begin anywhere in their hours."""
DAY_MIN = 1440
MINUTE = timedelta(minutes=1)
HALF_A_DAY = timedelta(hours=12)
CERTAIN = 3.0
"""The limit in powers of ten for two queues; with more queues, more may fit by chance."""
CLEARLY_MORE = 3
"""How many more of the home's outages have to fit another queue than its own."""
MOST_NAMED = 3


@dataclass(frozen=True)
class Fit:
    """How many outages begin with a scheduled one, and how much likelier the queue makes them (log10)."""

    fitting: int
    evidence: float


def judged(
    own: str, starts: Sequence[datetime], plans: Mapping[str, Sequence[Window]], *, region: str, now: datetime
) -> QueueFit:
    """Return how well the beginnings of outages, on days on which all plans are known, fit the queues."""
    fits = {queue: fit(starts, windows) for queue, windows in plans.items()}
    verdict, others = _verdict(own, len(starts), fits)
    return QueueFit(
        at=now,
        region=region,
        queue=own,
        outages=len(starts),
        fitting=fits[own].fitting if own in fits else 0,
        verdict=verdict,
        others=tuple(QueueScore(queue=one, fitting=fits[one].fitting) for one in others),
        since=min(starts, default=None),
    )


def fit(starts: Iterable[datetime], windows: Sequence[Window]) -> Fit:
    """Return how well beginnings fit the windows of one queue, which are merged across midnight."""
    each = [(start, planned_window(windows, start)) for start in starts]
    near = sum(found is not None and abs(start - found.start) <= EARLY for start, found in each)
    return Fit(near, sum(math.log10(_ratio(start, found, windows)) for start, found in each))


def _ratio(start: datetime, found: Window | None, windows: Iterable[Window]) -> float:
    """Return how much more likely a beginning is in this queue than at any minute."""
    if found is None:
        return UNSCHEDULED
    of_day = sum(abs(one.start - found.start) < HALF_A_DAY for one in windows)
    if abs(start - found.start) <= ON_TIME:
        per_minute = ON_TIME_SHARE / (2 * ON_TIME / MINUTE)
    else:
        per_minute = (1 - ON_TIME_SHARE) / max((found.end - found.start) / MINUTE, 30.0)
    return (1 - UNSCHEDULED) * per_minute / of_day * DAY_MIN + UNSCHEDULED


def _verdict(own: str, count: int, fits: Mapping[str, Fit]) -> tuple[QueueVerdict, list[str]]:
    if count < LEAST_OUTAGES or own not in fits or len(fits) < 2:
        return QueueVerdict.EARLY, []
    limit, mine = CERTAIN + math.log10(len(fits)), fits[own]
    ranked = sorted(fits, key=lambda queue: (-fits[queue].evidence, queue))
    best = fits[ranked[0]]
    if best.evidence < limit:
        return QueueVerdict.UNCLEAR, []
    alike = [queue for queue in ranked if best.evidence - fits[queue].evidence < limit]
    if own in alike:
        return (QueueVerdict.FITS if mine.evidence >= limit else QueueVerdict.UNCLEAR), []
    clearly = [queue for queue in alike if fits[queue].fitting - mine.fitting >= CLEARLY_MORE]
    if clearly != alike or len(alike) > MOST_NAMED:
        return QueueVerdict.UNCLEAR, []
    return QueueVerdict.OTHER, alike
