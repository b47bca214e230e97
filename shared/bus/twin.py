"""Whether another process uses our client id, pure: two such processes would disconnect each other for ever.

Every status carries the id and the age of the process that published it. After a lost connection, the retained status
is that of another process only if it has connected meanwhile, or if the broker was killed and remembers an earlier
process of ours. A dead process publishes nothing new, so two different statuses of one process, at two connections of
ours, prove that it is alive. Then the younger one leaves, and the one that worked before carries on.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.messages import ProcessStamp

UNDECIDED_AFTER = 6
SAME_AGE_S = 5.0
"""A published age is a little lower than the present one; between two of the same age the ids decide."""


@dataclass(frozen=True)
class Sighting:
    """A retained status of another process."""

    process: ProcessStamp
    at: datetime


def is_alive(seen: Sighting, before: Sighting | None) -> bool:
    """Whether two sightings, at two connections, prove that the other process is alive."""
    return before is not None and before.process.id == seen.process.id and before.at != seen.at


def must_leave(ours: ProcessStamp, theirs: ProcessStamp, sightings: int) -> bool:
    """Whether we are the one that has to leave, after this many sightings that proved the other one alive.

    If the ages are close, each may think that the other has to leave, as published ages lag; in the end the ids decide.
    """
    older_by_s = theirs.age_s - ours.age_s
    by_id = ours.id > theirs.id
    return older_by_s > SAME_AGE_S or (by_id and (abs(older_by_s) <= SAME_AGE_S or sightings >= UNDECIDED_AFTER))
