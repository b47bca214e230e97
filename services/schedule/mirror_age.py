"""How old a mirror's hours are: by what it writes, by HTTP, by its last commit; never simply "now". Pure."""

from datetime import datetime, timedelta

from services.schedule.answer import Answer
from services.schedule.fetch import Fetched

UNDATED_AGE = timedelta(hours=12)
"""The assumed age of undated hours when they are first seen. Then they age like all others."""


def looked_at(answer: Answer, fetched: Fetched, commit: datetime | None, now: datetime) -> datetime | None:
    """Return when a mirror last looked at the operator, or None if nothing shows it.

    A mirror that writes only what changes is looked after as long as its file or its repository is. After a failed look
    only the operator's own stamp counts. A cached answer is at least as old as its time in the cache.
    """
    signs = [answer.as_of] if answer.look_failed else [answer.as_of, fetched.modified, commit]
    known = [one for one in signs if one]
    return min(max(known), now - fetched.age) if known else None


def undated(before: datetime | None, now: datetime) -> datetime:
    """Return the age to assume for undated hours; `before` is what was already assumed for them."""
    return before if before and before <= now else now - UNDATED_AGE
