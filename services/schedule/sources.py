"""The sources of the schedule: each an address and a parser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from services.schedule import be_svitlo, gpv_json, yasno
from services.schedule.answer import Answer, iso_moment, json_of
from services.schedule.fetch import Fetch, Fetched
from services.schedule.revision import PlanAddress
from services.schedule.settings import ScheduleSettings
from shared.conditions import Reason, schedule
from shared.errors import BadReplyError, ConfigError
from shared.schedule_regions import YASNO, YASNO_PATH, Origin, Region, region, region_of

RAW_HOST = "raw.githubusercontent.com"
COMMITS = "https://api.github.com/repos/{owner}/{repository}/commits?per_page=1"


@dataclass(frozen=True)
class Source:
    """A source: its address, its parser, and the request for its queues if that is a separate one.

    setting is the one that chooses the queue here. A mirror is no operator: its hours are as old as its last look.
    origin_url is the address without the queue, where that differs; region_id is what its files call the region.
    """

    name: str
    url: str
    queue: str
    parse: Callable[[Any, str], Answer]
    queues_url: str | None = None
    setting: str = "QUEUE_NUMBER"
    is_mirror: bool = False
    origin_url: str | None = None
    region_id: str | None = None

    def request(self, fetch: Fetch) -> Fetched:
        """Return its answer, not parsed yet. Raises BadReplyError, DeviceOfflineError."""
        return fetch(self.url)

    def parse_body(self, body: bytes) -> Answer:
        """Return the answer for the queue. Raises BadReplyError if it is unreadable, or of another region."""
        content = json_of(body)
        given = content.get("regionId") if isinstance(content, dict) else None
        if self.region_id and isinstance(given, str) and given != self.region_id:
            raise BadReplyError(schedule.foreign_region(given=given[:30], expected=self.region_id))
        answer = self.parse(content, self.queue)
        if answer.odd and not answer.days:
            raise BadReplyError(answer.odd[0])
        return answer

    def request_queues(self, fetch: Fetch) -> tuple[str, ...] | None:
        """Return all queues, or None if the schedule itself lists them. Raises BadReplyError, DeviceOfflineError."""
        if self.queues_url is None:
            return None
        return be_svitlo.queues(json_of(fetch(self.queues_url, method="POST").body))

    def unknown_queue(self, known: Sequence[str] | None) -> Reason | None:
        """Return that the source does not know the home's queue, or None if it does, or that is unknown."""
        if not known or self.queue.removeprefix("GPV") in known:
            return None
        some = ", ".join(known[:30])
        return schedule.unknown_queue(source=self.name, queue=self.queue, setting=self.setting, some=some)

    def request_commit(self, fetch: Fetch) -> datetime | None:
        """Return a repository's last commit, None without one. Raises BadReplyError, DeviceOfflineError."""
        parts = urlsplit(self.url)
        if parts.hostname != RAW_HOST:
            return None
        owner, repository = parts.path.split("/")[1:3]
        content = json_of(fetch(COMMITS.format(owner=owner, repository=repository)).body)
        try:
            return iso_moment(content[0]["commit"]["committer"]["date"])
        except (KeyError, IndexError, TypeError):
            return None


def sources(settings: ScheduleSettings) -> list[Source]:
    """Return the sources to try, in order. Raises ConfigError if none may be used."""
    chosen = region(settings.schedule_region)
    if chosen is None:
        found = [one for name in settings.provider_names if (one := _MAKERS[name](settings))]
        if not found:
            raise ConfigError(schedule.MIRROR_NOT_NAMED())
        return found
    usable = [one for one in chosen.origins if one.is_free or settings.schedule_unlicensed]
    if not usable:
        raise ConfigError(_no_source(chosen))
    return [source_of(origin, settings) for origin in usable]


def not_asked(settings: ScheduleSettings) -> tuple[Reason, ...]:
    """Return the mirrors of the home's region that could help but are not asked, as the user has not agreed to them."""
    if settings.schedule_unlicensed:
        return ()
    asked = {one.url for one in sources(settings)}
    chosen = region(address(settings).region)
    unused = [one.url for one in (chosen.origins if chosen else ()) if not one.is_free and one.url not in asked]
    return (schedule.mirrors_not_asked(region=chosen.slug, mirrors=", ".join(unused)),) if chosen and unused else ()


def _no_source(chosen: Region) -> Reason:
    if not chosen.origins:
        return schedule.nobody_publishes(region=chosen.slug)
    named = ", ".join(one.url for one in chosen.origins)
    return schedule.only_unlicensed(region=chosen.slug, mirrors=named)


def source_of(origin: Origin, settings: ScheduleSettings) -> Source:
    """Return a source of the registry; BE_SVITLO_URL and YASNO_URL say where the operators themselves are asked."""
    queue = settings.queue_number
    group = origin.group.format(queue=queue)
    if origin.provider == "be_svitlo":
        return _be_svitlo(settings)
    parse = gpv_json.read if origin.provider == "gpv_json" else yasno.read
    url = origin.url.replace(YASNO, settings.yasno_url.rstrip("/"))
    is_mirror = origin.provider == "gpv_json"
    return Source(origin.name, url, group, parse, is_mirror=is_mirror, region_id=origin.region_id)


def address(settings: ScheduleSettings) -> PlanAddress:
    """Return the address of the plan: the region, or a fingerprint of sources given by hand, and the queue."""
    chosen = region(settings.schedule_region)
    if chosen is None:
        asked = [(one.origin_url or one.url, one.queue) for one in sources(settings)]
        queue = settings.queue_number
        chosen = region_of((url, group.replace(queue, "{queue}")) for url, group in asked) if queue else None
        if chosen is None:
            return PlanAddress(f"custom-{sha256(repr(asked).encode()).hexdigest()[:12]}", queue)
    return PlanAddress(chosen.slug, settings.queue_number)


def _be_svitlo(settings: ScheduleSettings) -> Source:
    base, queue = settings.be_svitlo_url.rstrip("/"), settings.queue_number
    url = f"{base}/schedule-by-queue?queue={queue}"
    return Source("be_svitlo", url, queue, be_svitlo.read, queues_url=f"{base}/gpv-queue-list", origin_url=base)


def _gpv_json(settings: ScheduleSettings) -> Source | None:
    """Return the mirror whose file was named; there is none by default."""
    group, url = settings.gpv_json_group, settings.gpv_json_url
    if not url:
        return None
    setting = "GPV_JSON_GROUP" if group else "QUEUE_NUMBER"
    return Source("gpv_json", url, group or settings.queue_number, gpv_json.read, setting=setting, is_mirror=True)


def _yasno(settings: ScheduleSettings) -> Source:
    path = YASNO_PATH.format(region=settings.yasno_region, dso=settings.yasno_dso)
    return Source("yasno", settings.yasno_url.rstrip("/") + path, settings.queue_number, yasno.read)


_MAKERS: dict[str, Callable[[ScheduleSettings], Source | None]] = {
    "be_svitlo": _be_svitlo,
    "gpv_json": _gpv_json,
    "yasno": _yasno,
}
