"""The sources, each a way to ask and a parser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.schedule import be_svitlo, gpv_json, yasno
from services.schedule.fetch import Fetch, Fetched
from services.schedule.reading import Reading, json_of
from services.schedule.settings import ScheduleSettings
from shared.errors import BadReplyError

YASNO_PATH = "/api/blackout-service/public/shutdowns/regions/{region}/dsos/{dso}/planned-outages"


@dataclass(frozen=True)
class Source:
    """A source of plans: its address, its parser, and the request for its queues where that is one of its own.

    setting is the one that chooses the queue here.
    """

    name: str
    url: str
    queue: str
    parse: Callable[[Any, str], Reading]
    queues_url: str | None = None
    setting: str = "QUEUE_NUMBER"

    def ask(self, fetch: Fetch) -> Fetched:
        """Return what it answers, unread. Raises BadReplyError, DeviceOfflineError."""
        return fetch(self.url)

    def read(self, body: bytes) -> Reading:
        """Return what an answer says of the queue; raise BadReplyError where nothing in it can be read."""
        reading = self.parse(json_of(body), self.queue)
        if reading.odd and not reading.days:
            raise BadReplyError(reading.odd[0])
        return reading

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
    group, url = settings.gpv_json_group, settings.gpv_json_url
    setting = "GPV_JSON_GROUP" if group else "QUEUE_NUMBER"
    return Source("gpv_json", url, group or settings.queue_number, gpv_json.read, setting=setting)


def _yasno(settings: ScheduleSettings) -> Source:
    path = YASNO_PATH.format(region=settings.yasno_region, dso=settings.yasno_dso)
    return Source("yasno", settings.yasno_url.rstrip("/") + path, settings.queue_number, yasno.read)


_MAKERS: dict[str, Callable[[ScheduleSettings], Source]] = {
    "be_svitlo": _be_svitlo,
    "gpv_json": _gpv_json,
    "yasno": _yasno,
}
