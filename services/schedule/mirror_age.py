"""How old a mirror's hours are, pure: by what it writes, by HTTP, by its last commit; never just "now"."""

from datetime import datetime, timedelta

from services.schedule.answer import Answer
from services.schedule.fetch import Fetched

UNDATED_AGE = timedelta(hours=12)
"""How old hours without any date are taken to be when they are first seen. They then age like all others."""


def looked_at(answer: Answer, fetched: Fetched, commit: datetime | None, now: datetime) -> datetime | None:
    """Return when a mirror last looked at the operator, as far as anything shows it; None where nothing does.

    A mirror that writes only what changes is looked after as long as its file or its repository is. After a failed look
    only the operator's own stamp counts. A cached answer is at least as old as its time in the cache.
    """
    signs = [answer.as_of] if answer.look_failed else [answer.as_of, fetched.modified, commit]
    known = [one for one in signs if one]
    return min(max(known), now - fetched.age) if known else None


def undated(before: datetime | None, now: datetime) -> datetime:
    """Return the age to assume of hours that nothing dates; `before` is what was assumed of them already."""
    return before if before and before <= now else now - UNDATED_AGE
