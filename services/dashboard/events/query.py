"""Which events a page shows, as encoded in its address, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from urllib.parse import parse_qs, urlencode

from services.dashboard.history.period import local
from services.dashboard.paths import EVENTS
from shared.history.events import PLACES, RANKS, EventCursor, EventFilter, EventKind
from shared.history.tables import EPOCH, MILLISECOND, to_ms

LONGEST_NAME = 200
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EventQuery:
    """What a visitor asks for: a kind, a device, the first and the last day; start is where a later page begins."""

    kind: EventKind | None = None
    device: str = ""
    first: date | None = None
    last: date | None = None
    start: EventCursor | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for anything but the newest of all."""
        return self != EventQuery()

    def wanted(self, zone: tzinfo) -> EventFilter:
        """Return the same for the database; a day is a local one."""
        return EventFilter(
            since=local(self.first, zone) if self.first else None,
            before=local(self.last + timedelta(days=1), zone) if self.last else None,
            start=self.start,
            kinds=(self.kind,) if self.kind else (),
            device=self.device,
        )

    def older(self, start: EventCursor) -> "EventQuery":
        """Return a later page of the same."""
        return replace(self, start=start)

    @property
    def address(self) -> str:
        """Its address on the page."""
        given = {
            "kind": self.kind and self.kind.value,
            "device": self.device,
            "from": self.first and self.first.isoformat(),
            "to": self.last and self.last.isoformat(),
            "start": self.start and (to_ms(self.start.at), self.start.table, self.start.owner, self.start.part),
        }
        query = urlencode({name: value for name, value in given.items() if value}, doseq=True)
        return f"{EVENTS}?{query}" if query else EVENTS


def query_of(search: str) -> EventQuery:
    """Return the query of an address; what makes no sense is left out."""
    lists = parse_qs(search.removeprefix("?"), keep_blank_values=True)
    given = {name: values[-1] for name, values in lists.items()}
    device = given.get("device", "")[:LONGEST_NAME]
    first, last = (_date(given, name) for name in ("from", "to"))
    if first and last:
        first, last = sorted((first, last))
    return EventQuery(
        EventKind(given["kind"]) if given.get("kind") in set(EventKind) else None,
        device if device.startswith(tuple(f"{place}/" for place in PLACES)) else "",
        first,
        last,
        _cursor(lists.get("start", [])),
    )


def _date(given: Mapping[str, str], name: str) -> date | None:
    try:
        day = date.fromisoformat(given.get(name, ""))
    except ValueError:
        return None
    return day if EPOCH.date() < day < LATEST.date() else None


def _cursor(values: Sequence[str]) -> EventCursor | None:
    match values:
        case [moment, table, owner, part]:
            at, is_text = _moment(moment), len(owner + part) <= 2 * LONGEST_NAME and (owner + part).isprintable()
            return EventCursor(at, table, owner, part) if at and table in RANKS and is_text else None
    return None


def _moment(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 15):
        return None
    at = EPOCH + int(text) * MILLISECOND
    return at if at < LATEST else None
