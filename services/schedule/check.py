"""`check`: asks every source of every region once and reports which of them work, judged by content and not by HTTP."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.schedule.answer import ZONE, Answer
from services.schedule.fetch import Fetch, Fetched
from services.schedule.mirror_age import looked_at
from services.schedule.settings import ScheduleSettings
from services.schedule.sources import Source, source_of
from shared.conditions import Reason, schedule
from shared.errors import BadReplyError, ConfigError, DeviceOfflineError
from shared.outages import STALE_AFTER, local_day
from shared.schedule_regions import REGIONS, Origin, Region, region
from shared.texts.localizer import Localizer

ANY_QUEUE = "1.1"


@dataclass(frozen=True)
class Sign:
    """What a source has: its days, how many queues, when it last looked; or why it has nothing."""

    days: tuple[date, ...] = ()
    queues: int = 0
    as_of: datetime | None = None
    failure: Reason | None = None

    def works(self, now: datetime) -> bool:
        """Whether it has recently looked at the operator and knows the queues, even if nothing is published."""
        return self.as_of is not None and now - self.as_of <= STALE_AFTER and bool(self.queues)

    def text(self, origin: Origin, now: datetime, localizer: Localizer) -> str:
        """Return a line."""
        if self.failure:
            failure = localizer.reason(self.failure)
            return localizer("tool.source_fails", source=origin.name, failure=failure, seen=origin.seen)
        days = ", ".join(f"{day:%d.%m}" for day in self.days) or localizer("tool.day_unknown")
        state = "works" if self.works(now) else "behind" if self.as_of else "of_unknown_age"
        last = f"{self.as_of:%Y-%m-%d %H:%M} UTC" if self.as_of else str(origin.seen)
        found = {"source": origin.name, "days": days, "queues": self.queues, "seen": last}
        return localizer(f"tool.source_{state}", **found)


def check(
    settings: ScheduleSettings,
    slugs: Sequence[str],
    *,
    fetch: Fetch,
    say: Callable[[str], object],
    now: datetime,
    localizer: Localizer,
) -> str:
    """Ask the sources of all regions, or of the named ones, and return a summary.

    Raises BadReplyError if none of a region's sources works, ConfigError for an unknown region.
    """
    regions = list(_regions(slugs))
    dead: list[str] = []
    fetch = _once(fetch)
    for one in regions:
        heading = f"{one.slug} ({localizer(f'tool.region_{one.sureness}')})"
        say(heading if one.origins else localizer("tool.region_without_hours", region=heading))
        signs = [(origin, _sign(source_of(origin, _for(settings, one)), fetch, now)) for origin in one.origins]
        for origin, sign in signs:
            line = sign.text(origin, now, localizer)
            say(line if origin.is_free else localizer("tool.source_without_licence", source=line))
        if signs and not any(sign.works(now) for _, sign in signs):
            dead.append(one.slug)
    if dead:
        raise BadReplyError(schedule.regions_without_source(regions=", ".join(dead)))
    return localizer("tool.all_regions_work", regions=len(regions))


def _regions(slugs: Sequence[str]) -> Iterator[Region]:
    for slug in slugs:
        if (found := region(slug)) is None:
            known = ", ".join(one.slug for one in REGIONS)
            raise ConfigError(schedule.unknown_region(given=slug, known=known))
        yield found
    if not slugs:
        yield from REGIONS


def _for(settings: ScheduleSettings, one: Region) -> ScheduleSettings:
    """Return the home's own queue, but only in its own region."""
    is_home = settings.queue_number and settings.schedule_region == one.slug
    return settings if is_home else settings.model_copy(update={"queue_number": ANY_QUEUE})


def _sign(source: Source, fetch: Fetch, now: datetime) -> Sign:
    try:
        fetched = source.request(fetch)
        answer = _of_a_known_queue(source, fetched)
        queues = answer.queues or source.request_queues(fetch) or ()
        as_of = _looked(source, answer, fetched, fetch, now)
    except (BadReplyError, DeviceOfflineError) as error:
        return Sign(failure=error.reason)
    days = sorted(day for day in answer.days if day >= local_day(now, ZONE) and day not in answer.fillers)
    return Sign(tuple(days), len(queues), as_of)


def _of_a_known_queue(source: Source, fetched: Fetched) -> Answer:
    """Return the answer for the queue, or for the first queue of the source."""
    answer = source.parse_body(fetched.body)
    if answer.days or not answer.queues:
        return answer
    return replace(source, queue=answer.queues[0]).parse_body(fetched.body)


def _looked(source: Source, answer: Answer, fetched: Fetched, fetch: Fetch, now: datetime) -> datetime | None:
    if not source.is_mirror:
        return now - fetched.age
    as_of = looked_at(answer, fetched, None, now)
    if as_of and now - as_of <= STALE_AFTER:
        return as_of
    try:
        return looked_at(answer, fetched, source.request_commit(fetch), now)
    except (BadReplyError, DeviceOfflineError):
        return as_of


def _once(fetch: Fetch) -> Fetch:
    """Ask each address once: several regions share a file, and many files a repository."""
    known: dict[tuple[str, str], Fetched | BadReplyError | DeviceOfflineError] = {}

    def asked(url: str, *, method: str = "GET") -> Fetched:
        key = (method, url)
        if key not in known:
            try:
                known[key] = fetch(url, method=method)
            except (BadReplyError, DeviceOfflineError) as error:
                known[key] = error
        answer = known[key]
        if isinstance(answer, Fetched):
            return answer
        raise answer

    return asked
