"""What happened, newest first: events of several tables as one list, a page at a time.

The work for a page is limited, however long the history is. What changes nothing, such as a service's status with other
figures, is not an event; a page may therefore end before it is full, with the place to continue from.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from heapq import merge
from operator import itemgetter
from typing import Any, TypeAlias

from pydantic import TypeAdapter
from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, Table, select, tuple_

from shared.conditions import Reason
from shared.history.derived import grid_run
from shared.history.homes import PART, home_of, in_home, of_home, split_name
from shared.history.queries import Session
from shared.history.readings import distinct
from shared.history.stored_messages import message_of
from shared.history.tables import (
    alert_sent,
    battery_availability,
    from_ms,
    inverter_availability,
    outage_schedule,
    plug_action,
    service_status,
    setting_change,
    to_ms,
)
from shared.messages import (
    AlertSent,
    Availability,
    Grid,
    PlugAction,
    ScheduleChange,
    ServiceStatus,
    SettingChange,
)

AT_ONCE = 50
"""Events of a page."""
FIRST_ROWS, MOST_ROWS = 8, 256
"""How many rows of a device are read at once: few at first, as there may be a thousand devices."""
MOST_READ = 4000
"""How many rows are read for one page, besides the first of each device."""
REASONS: TypeAdapter[tuple[Reason, ...]] = TypeAdapter(tuple[Reason, ...])


class EventKind(StrEnum):
    """What an event is about."""

    GRID = "grid"
    PLAN = "plan"
    PLUG = "plug"
    SETTING = "setting"
    DEVICE = "device"
    SERVICE = "service"
    ALERT = "alert"


What: TypeAlias = Grid | ScheduleChange | PlugAction | Availability | ServiceStatus | SettingChange | AlertSent


@dataclass(frozen=True)
class Event:
    """Something that happened, and to which device, as `battery/jk-1`. The grid and the schedule are not devices.

    part is what of the device: a setting.
    """

    at: datetime
    kind: EventKind
    device: str
    what: What
    part: str = ""


@dataclass(frozen=True)
class EventCursor:
    """Where a page begins: the row with this key is the first that may be on it.

    Events of one moment are ordered by their table, their owner (the device, or the home of the grid) and what else is
    in the key, because a page may end between any two of them.
    """

    at: datetime
    table: str
    owner: str
    part: str = ""


@dataclass(frozen=True)
class EventPage:
    """Events, newest first; `older` is where the next page begins, None if there is none."""

    events: Sequence[Event]
    older: EventCursor | None = None


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted: from one moment up to another, of some kinds, of one device; empty means all.

    `start` is where a later page begins.
    """

    since: datetime | None = None
    before: datetime | None = None
    start: EventCursor | None = None
    kinds: Collection[EventKind] = ()
    device: str = ""


@dataclass(frozen=True)
class _Source:
    """A table of events. `place` is the first part of its devices' names, empty if it has no devices."""

    kind: EventKind
    place: str
    table: Table
    what: Callable[[RowMapping], What]
    is_news: Callable[[RowMapping | None, RowMapping], bool] = lambda _older, _newer: True

    @property
    def owner(self) -> Column[Any]:
        """The column that comes first in its key: the device, or the home of the grid."""
        return next(iter(self.table.primary_key.columns))

    @property
    def key(self) -> list[Column[Any]]:
        """The other columns of its key: the moment, and what distinguishes events of the same moment."""
        return list(self.table.primary_key.columns)[1:]

    @property
    def rank(self) -> int:
        """Its place among the tables."""
        return RANKS[self.table.name]

    def cursor(self, owner: str, row: RowMapping) -> EventCursor:
        """Return where a page with this first row begins."""
        at, *part = (row[column.name] for column in self.key)
        return EventCursor(from_ms(at), self.table.name, owner, *part)

    def name(self, owner: str) -> str:
        """Return the device of a row."""
        return f"{self.place}/{split_name(owner)[1].partition(PART)[0]}" if self.place else ""


@dataclass
class _Budget:
    """How many rows may still be read."""

    rows: int = MOST_READ


_Found: TypeAlias = tuple[RowMapping, Event | None]
"""A row with its event; without it for a device's last row if too many were read for a page."""
_Placed: TypeAlias = tuple[tuple[int, int, str], tuple[_Source, str, RowMapping, Event | None]]
"""The same, with its place in the order of all events: newest first, then by table and owner."""

PLACES = ("plug", "inverter", "battery", "service")
"""The first parts of the names of devices."""


def events(session: Session, wanted: EventFilter, at_once: int = AT_ONCE) -> EventPage:
    """Return a page of events. Raises StorageError."""
    budget, found = _Budget(), list[Event]()
    for _, (source, owner, row, event) in merge(*_streams(session, wanted, budget), key=itemgetter(0)):
        if event is None or len(found) >= at_once:
            return EventPage(found, source.cursor(owner, row))
        found.append(event)
    return EventPage(found)


def event_devices(session: Session) -> list[str]:
    """Return the devices with events, as a filter names them. Raises StorageError."""
    return sorted({one.name(owner) for one in SOURCES if one.place for owner in _owners(session, one)})


def _streams(session: Session, wanted: EventFilter, budget: _Budget) -> Iterator[Iterator[_Placed]]:
    """Yield the events of each device with their places in the order of all."""
    for source in SOURCES:
        if not wanted.kinds or source.kind in wanted.kinds:
            for owner in _owners(session, source):
                if wanted.device in ("", source.name(owner)):
                    found = _stream(session, source, owner, wanted, budget)
                    yield map(partial(_placed, source, owner), found)


def _placed(source: _Source, owner: str, found: _Found) -> _Placed:
    row, event = found
    return (-row["at"], source.rank, owner), (source, owner, row, event)


def _owners(session: Session, source: _Source) -> list[str]:
    home = home_of(session)
    if source.table is grid_run:
        return [home]
    if source.table is outage_schedule:
        return [in_home(home, "outage")]
    nothing: list[str] = []
    named = session.ask(lambda connection: distinct(connection, source.owner, *of_home(home, source.owner)), nothing)
    return [one for one in named if split_name(one)[0] == home]


def _stream(session: Session, source: _Source, owner: str, wanted: EventFilter, budget: _Budget) -> Iterator[_Found]:
    """Yield the events of a device, newest first; each row is compared with the one before it.

    If too many rows were read for this page, the last has no event: whether it is one is unknown.
    """
    since = to_ms(wanted.since) if wanted.since else None
    newer: RowMapping | None = None
    for row in _rows(session, source, owner, wanted, budget):
        if row is None:
            if newer is not None:
                yield newer, None
            return
        if newer is not None and source.is_news(row, newer) and (event := _event(source, owner, newer)):
            yield newer, event
        if since is not None and row["at"] < since:
            return
        newer = row
    if newer is not None and source.is_news(None, newer) and (event := _event(source, owner, newer)):
        yield newer, event


def _event(source: _Source, owner: str, row: RowMapping) -> Event | None:
    """Return the event of a row, or None if a newer version wrote it and this one cannot read it."""
    try:
        what = source.what(row)
    except ValueError:
        return None
    return Event(from_ms(row["at"]), source.kind, source.name(owner), what, split_name(owner)[1].partition(PART)[2])


def _rows(
    session: Session, source: _Source, owner: str, wanted: EventFilter, budget: _Budget
) -> Iterator[RowMapping | None]:
    """Yield the rows of a device, newest first, then None if too many were read."""
    key, count = source.key, FIRST_ROWS
    end = [key[0] < to_ms(wanted.before)] if wanted.before else []
    older = [_from(source, owner, wanted.start)] if wanted.start else []
    while True:
        query = select(source.table).where(source.owner == owner, *end, *older).order_by(*(one.desc() for one in key))
        nothing: Sequence[RowMapping] = ()
        rows = session.ask(partial(_first, query=query.limit(count)), nothing)
        yield from rows
        if len(rows) < count:
            return
        last = rows[-1]
        budget.rows -= count
        if budget.rows < 0:
            yield None
            return
        older = [tuple_(*key) < tuple_(*(last[column.name] for column in key))]
        count = min(2 * count, MOST_ROWS)


def _from(source: _Source, owner: str, start: EventCursor) -> ColumnElement[bool]:
    """Return the condition for the rows of a device from the start of a page on."""
    at, place, first = source.key[0], (source.rank, owner), (RANKS[start.table], start.owner)
    if place == first:
        return tuple_(*source.key) <= tuple_(*(to_ms(start.at), start.part)[: len(source.key)])
    return at <= to_ms(start.at) if place > first else at < to_ms(start.at)


def _first(connection: Connection, query: Select[Any]) -> Sequence[RowMapping]:
    return connection.execute(query).mappings().all()


def _state_differs(older: RowMapping | None, newer: RowMapping) -> bool:
    return older is None or older["state"] != newer["state"]


def _status_differs(older: RowMapping | None, newer: RowMapping) -> bool:
    """Whether a service is in another state, or for another reason; other figures are not news."""
    return _state_differs(older, newer) or (
        older is not None and older["reasons"] != newer["reasons"] and _codes(older) != _codes(newer)
    )


def _codes(row: RowMapping) -> set[str]:
    return {reason.code for reason in REASONS.validate_json(row["reasons"])} if row["reasons"] else set()


def _plan_differs(older: RowMapping | None, newer: RowMapping) -> bool:
    """Whether a version of the schedule reports a change that the one before did not."""
    return newer["change"] is not None and (older is None or older["change"] != newer["change"])


def _change(row: RowMapping) -> ScheduleChange:
    return ScheduleChange.model_validate_json(row["change"])


def _read(
    kind: type[PlugAction | Availability | ServiceStatus | SettingChange | AlertSent],
) -> Callable[[RowMapping], What]:
    return lambda row: message_of(kind, row)


SOURCES: tuple[_Source, ...] = (
    _Source(EventKind.GRID, "", grid_run, lambda row: Grid(row["state"]), _state_differs),
    _Source(
        EventKind.PLAN,
        "",
        outage_schedule,
        lambda row: ScheduleChange.model_validate_json(row["change"]),
        _plan_differs,
    ),
    _Source(EventKind.PLUG, "plug", plug_action, _read(PlugAction)),
    _Source(EventKind.SETTING, "inverter", setting_change, _read(SettingChange)),
    _Source(EventKind.DEVICE, "inverter", inverter_availability, _read(Availability), _state_differs),
    _Source(EventKind.DEVICE, "battery", battery_availability, _read(Availability), _state_differs),
    _Source(EventKind.SERVICE, "service", service_status, _read(ServiceStatus), _status_differs),
    _Source(EventKind.ALERT, "", alert_sent, _read(AlertSent)),
)
"""Where events are recorded."""
RANKS = {source.table.name: rank for rank, source in enumerate(SOURCES)}
"""The order of their tables."""
