"""Whether another process uses our client id, pure: two of them would throw each other off the broker for ever.

Every status carries the id and the age of the process that published it. When a connection has been lost, the retained
status is another process's only if that one has connected meanwhile, or if the broker was killed and remembers an
earlier process of ours. A dead process publishes nothing new, so two different statuses of one process, at two
connections of ours, prove that it is alive. Then the younger one leaves, so that the one that worked before goes on.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.messages import ProcessStamp

UNDECIDED_AFTER = 6
SAME_AGE_S = 5.0
"""An age was a little lower when it was published than it is now; of two as old as each other the ids decide."""


@dataclass(frozen=True)
class Sighting:
    """A retained status of another process."""

    process: ProcessStamp
    at: datetime


def is_alive(seen: Sighting, before: Sighting | None) -> bool:
    """Whether two sightings, at two connections, prove that the other process is alive."""
    return before is not None and before.process.id == seen.process.id and before.at != seen.at


def must_leave(ours: ProcessStamp, theirs: ProcessStamp, sightings: int) -> bool:
    """Whether we are the one that has to leave, after so many sightings that proved the other one alive.

    Near the limit each may take the other for the one to leave, as published ages lag; then the ids decide in the end.
    """
    older_by_s = theirs.age_s - ours.age_s
    by_id = ours.id > theirs.id
    return older_by_s > SAME_AGE_S or (by_id and (abs(older_by_s) <= SAME_AGE_S or sightings >= UNDECIDED_AFTER))
