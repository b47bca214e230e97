"""The status topic of a service: its birth, its repeats, its will and its goodbye."""

import asyncio
import time
import uuid
from contextlib import suppress
from datetime import datetime

from shared.bus.connection import Connection
from shared.bus.outbox import OutgoingMessage
from shared.bus.twin import Sighting, is_alive, must_leave
from shared.clock import utc_now
from shared.conditions import Reason, broker
from shared.messages import ProcessStamp, ServiceClock, ServiceHealth, ServiceStatus
from shared.version import program_version

ACKNOWLEDGE_TIMEOUT_S = 3.0
"""How long to wait for an acknowledgement that usually takes milliseconds."""


class StatusPublisher:
    """Publishes the status past the outbox, because it describes the moment.

    Disabled, it publishes nothing and has no will.
    """

    def __init__(self, topic: str, *, enabled: bool) -> None:
        self.enabled = enabled
        self.topic = topic
        self._process = uuid.uuid4().hex
        self._started_s = time.monotonic()
        self._seen: Sighting | None = None
        self._sightings = 0
        self._packet_id = 0
        self._acknowledged = asyncio.Event()

    def will(self) -> OutgoingMessage | None:
        """Return what the broker publishes for us when the connection breaks."""
        return self._encode(_offline(broker.VANISHED(), utc_now(), since=None)) if self.enabled else None

    def publish(self, connection: Connection | None, status: ServiceStatus) -> None:
        """Publish a status, if there is a connection."""
        if connection and self.enabled:
            self._acknowledged.clear()
            self._packet_id = connection.publish(self._encode(status))

    def publish_offline(self, connection: Connection | None, reason: Reason, at: datetime, clock: ServiceClock) -> None:
        """Publish that the service stops, and why."""
        self.publish(connection, _offline(reason, at, since=at, clock=clock))

    def on_acknowledged(self, packet_id: int) -> None:
        """Note whether the acknowledged message is the last status."""
        if packet_id == self._packet_id:
            self._acknowledged.set()

    async def wait_acknowledged(self, connection: Connection | None) -> bool:
        """Wait until the broker has acknowledged the last status; return whether it has."""
        if connection and self.enabled:
            with suppress(TimeoutError):
                async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT_S):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._acknowledged.wait()
                return True
        return False

    def must_leave(self, retained: ServiceStatus) -> bool:
        """Whether the status found on reconnecting shows that an older process has our client id."""
        theirs = retained.process
        if theirs is None or theirs.id == self._process:
            return False
        before, self._seen = self._seen, Sighting(theirs, retained.at)
        self._sightings = self._sightings + 1 if is_alive(self._seen, before) else 0
        return self._sightings > 0 and must_leave(self._stamp, theirs, self._sightings)

    @property
    def _stamp(self) -> ProcessStamp:
        return ProcessStamp(id=self._process, age_s=round(time.monotonic() - self._started_s, 1))

    def _encode(self, status: ServiceStatus) -> OutgoingMessage:
        status = status.model_copy(update={"process": self._stamp})
        return OutgoingMessage(self.topic, status.model_dump_json().encode(), retain=True)


def _offline(
    reason: Reason, at: datetime, *, since: datetime | None, clock: ServiceClock | None = None
) -> ServiceStatus:
    return ServiceStatus(
        at=at,
        clock=clock,
        state=ServiceHealth.OFFLINE,
        since=since,
        reasons=(reason,),
        version=program_version(),
    )
