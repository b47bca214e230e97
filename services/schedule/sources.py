"""The sources, each a way to ask and a parser."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.schedule import be_svitlo, gpv_json, yasno
from services.schedule.fetch import Fetch
from services.schedule.reading import Reading, json_of
from services.schedule.settings import ScheduleSettings

YASNO_PATH = "/api/blackout-service/public/shutdowns/regions/{region}/dsos/{dso}/planned-outages"


@dataclass(frozen=True)
class Answer:
    """What a source said, read and raw."""

    reading: Reading
    raw: bytes
    server_time: datetime | None


@dataclass(frozen=True)
class Source:
    """A source of plans: its address, its parser, and the request for its queues where that is one of its own."""

    name: str
    url: str
    queue: str
    parse: Callable[[Any, str], Reading]
    queues_url: str | None = None

    def ask(self, fetch: Fetch) -> Answer:
        """Return what it says of the queue. Raises BadReplyError, DeviceOfflineError."""
        fetched = fetch(self.url)
        return Answer(self.parse(json_of(fetched.body), self.queue), fetched.body, fetched.server_time)

    def ask_queues(self, fetch: Fetch) -> tuple[str, ...] | None:
        """Return all queues it knows, None where its plan says so itself. Raises BadReplyError, DeviceOfflineError."""
        if self.queues_url is None:
            return None
        return be_svitlo.queues(json_of(fetch(self.queues_url, method="POST").body))


def sources(settings: ScheduleSettings) -> list[Source]:
    """Return the sources to try, in order."""
    return [_MAKERS[name](settings) for name in settings.provider_names]


def _be_svitlo(settings: ScheduleSettings) -> Source:
    base, queue = settings.be_svitlo_url.rstrip("/"), settings.queue_number
    url = f"{base}/schedule-by-queue?queue={queue}"
    return Source("be_svitlo", url, queue, be_svitlo.read, queues_url=f"{base}/gpv-queue-list")


def _gpv_json(settings: ScheduleSettings) -> Source:
    return Source("gpv_json", settings.gpv_json_url, settings.gpv_json_group or settings.queue_number, gpv_json.read)


def _yasno(settings: ScheduleSettings) -> Source:
    path = YASNO_PATH.format(region=settings.yasno_region, dso=settings.yasno_dso)
    return Source("yasno", settings.yasno_url.rstrip("/") + path, settings.queue_number, yasno.read)


_MAKERS: dict[str, Callable[[ScheduleSettings], Source]] = {
    "be_svitlo": _be_svitlo,
    "gpv_json": _gpv_json,
    "yasno": _yasno,
}
