"""The present problems of a service, each logged once when it begins and once when it ends."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from shared.clock import utc_now
from shared.conditions import Reason
from shared.messages import ServiceHealth, ServiceStatus
from shared.trusted_time import ClockChange
from shared.version import program_version

log = logging.getLogger("health")

TOPIC = "topic "
MOST_TOPICS = 10
"""How many topics with a problem are published. Otherwise anyone who may publish anywhere could make the status
arbitrarily long, and cause a new one with every message."""

LAPSES_S = 600.0
"""How long an unreadable command or event is reported: it will never be corrected."""


class Reporter(Protocol):
    """Where a part of a service reports its problems."""

    def report(self, slot: str, reason: Reason | None) -> None:
        """Set or, with None, clear the problem in a slot."""


class Health:
    """The open problems of one service by slot: degraded while there are any, disabled if it has nothing to do.

    `changed` is called after every change, so that the published status is right at once.
    """

    def __init__(self) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._problems: dict[str, Reason] = {}
        self._lapses_at_s: dict[str, float] = {}
        self._disabled: Reason | None = None
        self._since = utc_now()

    def report(self, slot: str, reason: Reason | None) -> None:
        """Set or, with None, clear the problem in a slot.

        Reporting the same again changes nothing; if only a number in it has changed, it is published but not logged.
        """
        before = self._problems.get(slot)
        if reason == before:
            return
        if reason:
            if before is None or reason.without_numbers() != before.without_numbers():
                log.warning("%s", reason.text)
            self._update(self._problems | {slot: reason})
        elif before:
            log.info("Works again. It was: %s", before.text)
            self._update({name: one for name, one in self._problems.items() if name != slot})

    def report_topic(self, topic: str, reason: Reason | None, *, is_over: bool = False) -> None:
        """Report a problem with the messages of a topic; beyond MOST_TOPICS it is only logged.

        is_over: it was a command or an event, and is reported for a while; a state, until it is replaced.
        """
        slot = TOPIC + topic
        if reason and slot not in self._problems and self._topics >= MOST_TOPICS:
            log.warning("%s", reason.text)
            return
        self.report(slot, reason)
        self._lapses_at_s.pop(slot, None)
        if reason and is_over:
            self._lapses_at_s[slot] = time.monotonic() + LAPSES_S

    def lapse(self, now_s: float) -> None:
        """Clear old problems with commands and events; now_s is by `time.monotonic`."""
        for slot in [slot for slot, at_s in self._lapses_at_s.items() if at_s <= now_s]:
            del self._lapses_at_s[slot]
            self.report(slot, None)

    @property
    def _topics(self) -> int:
        return sum(slot.startswith(TOPIC) for slot in self._problems)

    def disable(self, reason: Reason) -> None:
        """Report that the service has nothing to do, and what would change that."""
        if self._disabled != reason:
            log.info("%s", reason.text)
            self._disabled = reason
            self.changed()

    def enable(self) -> None:
        """Report that the service has something to do after all."""
        if self._disabled:
            self._disabled = None
            self.changed()

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift `since` by as much as the clock was set."""
        self._since = change.moved(self._since)

    def status(self, at: datetime) -> ServiceStatus:
        """Return the status to publish."""
        reasons = (self._disabled,) if self._disabled else tuple(self._problems.values())
        return ServiceStatus(at=at, state=self._state(), since=self._since, reasons=reasons, version=program_version())

    def _state(self) -> ServiceHealth:
        if self._disabled:
            return ServiceHealth.DISABLED
        return ServiceHealth.DEGRADED if self._problems else ServiceHealth.ONLINE

    def _update(self, problems: dict[str, Reason]) -> None:
        if bool(problems) != bool(self._problems):
            self._since = utc_now()
        self._problems = problems
        self.changed()
