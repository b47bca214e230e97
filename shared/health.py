"""What is wrong with a service at the moment, said once when it begins and once when it ends."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from shared.messages import ServiceHealth, ServiceStatus
from shared.version import program_version

log = logging.getLogger("health")


class Health:
    """Named problems of one service: degraded while there is any, disabled when it was not asked to work.

    `changed` is called after every change, so that the status topic tells the truth at once.
    """

    def __init__(self) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._problems: dict[str, str] = {}
        self._disabled: str | None = None
        self._since = datetime.now(UTC)

    def problem(self, name: str, sentence: str) -> None:
        """Say that something does not work, in one sentence; the same sentence again says nothing."""
        if self._problems.get(name) != sentence:
            log.warning("%s", sentence)
            self._update(self._problems | {name: sentence})

    def solved(self, name: str) -> None:
        """Say that it works again; says nothing where nothing was wrong."""
        if name in self._problems:
            log.info("Works again. It was: %s", self._problems[name])
            self._update({key: text for key, text in self._problems.items() if key != name})

    def disable(self, sentence: str) -> None:
        """Say that the service has nothing to do, and what would give it something."""
        if self._disabled != sentence:
            log.info("%s", sentence)
            self._disabled = sentence
            self.changed()

    def enable(self) -> None:
        """Say that the service has something to do after all."""
        if self._disabled:
            self._disabled = None
            self.changed()

    def status(self, at: datetime) -> ServiceStatus:
        """Return what the status topic should say now."""
        reasons = [self._disabled] if self._disabled else list(self._problems.values())
        return ServiceStatus(
            at=at, state=self._state(), since=self._since, reason=" ".join(reasons) or None, version=program_version()
        )

    def _state(self) -> ServiceHealth:
        if self._disabled:
            return ServiceHealth.DISABLED
        return ServiceHealth.DEGRADED if self._problems else ServiceHealth.ONLINE

    def _update(self, problems: dict[str, str]) -> None:
        if bool(problems) != bool(self._problems):
            self._since = datetime.now(UTC)
        self._problems = problems
        self.changed()
