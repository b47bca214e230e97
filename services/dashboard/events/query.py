"""Which events a page shows, as encoded in its address, pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from urllib.parse import parse_qs, urlencode

from services.dashboard.history.period import local
from services.dashboard.paths import EVENTS
from shared.history.events import PLACES, EventFilter, EventKind
from shared.history.tables import EPOCH, MILLISECOND

LONGEST_NAME = 200
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EventQuery:
    """What a visitor asks for: a kind, a device, the first and the last day; before is where a later page begins."""

    kind: EventKind | None = None
    device: str = ""
    first: date | None = None
    last: date | None = None
    before: datetime | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for anything but the newest of all."""
        return self != EventQuery()

    def wanted(self, zone: tzinfo) -> EventFilter:
        """Return the same for the database; a day is a local one."""
        ends = [self.before, local(self.last + timedelta(days=1), zone) if self.last else None]
        return EventFilter(
            since=local(self.first, zone) if self.first else None,
            before=min((end for end in ends if end), default=None),
            kinds=(self.kind,) if self.kind else (),
            device=self.device,
        )

    def older(self, before: datetime) -> "EventQuery":
        """Return the page of what was before a moment."""
        return replace(self, before=before)

    @property
    def address(self) -> str:
        """Its address on the page."""
        given = {
            "kind": self.kind and self.kind.value,
            "device": self.device,
            "from": self.first and self.first.isoformat(),
            "to": self.last and self.last.isoformat(),
            "before": self.before and str((self.before - EPOCH) // MILLISECOND),
        }
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{EVENTS}?{query}" if query else EVENTS


def query_of(search: str) -> EventQuery:
    """Return the query of an address; what makes no sense is left out."""
    given = {name: values[-1] for name, values in parse_qs(search.removeprefix("?")).items()}
    device = given.get("device", "")[:LONGEST_NAME]
    first, last = (_date(given, name) for name in ("from", "to"))
    if first and last:
        first, last = sorted((first, last))
    return EventQuery(
        EventKind(given["kind"]) if given.get("kind") in set(EventKind) else None,
        device if device.startswith(tuple(f"{place}/" for place in PLACES)) else "",
        first,
        last,
        _moment(given.get("before", "")),
    )


def _date(given: Mapping[str, str], name: str) -> date | None:
    try:
        day = date.fromisoformat(given.get(name, ""))
    except ValueError:
        return None
    return day if EPOCH.date() < day < LATEST.date() else None


def _moment(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 15):
        return None
    at = EPOCH + int(text) * MILLISECOND
    return at if at < LATEST else None
