"""Tables of recorded messages: a column per field, a row per message, keyed by device and `at`.

Times are integers, in milliseconds since 1970 UTC; lists and objects are JSON. A new field of a message needs a
migration, which a test enforces.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo
from pydantic_core import to_json as json_bytes
from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from shared.messages import (
    AlertSent,
    Availability,
    BatteryState,
    GridState,
    InverterState,
    Message,
    OutageSchedule,
    PlannedDay,
    PlugAction,
    PlugState,
    ServiceStatus,
    SettingChange,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
GRID_REPEAT = timedelta(minutes=1)
"""How often an unchanged state of the grid is stored; well within the time for which a row holds."""

NOT_RECORDED = ("at", "v", "clock", "process", "phases", "dissenters", "inverters", "silent", "superseded")
"""Fields without a column. `at` is the key, and always by a trusted clock; the process matters only at the moment; what
each of several inverters sees, or that it is silent, is in its own rows; what a schedule superseded follows from
earlier rows; the profile that changed a setting has its own events."""

Converter = Callable[[Any], Any]
NONE: Mapping[str, Converter] = MappingProxyType({})

metadata = MetaData()


def to_ms(at: datetime) -> int:
    """Return a time as stored in the database."""
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the time that is stored as `ms`."""
    return EPOCH + ms * MILLISECOND


def to_json(value: Any) -> str:
    """Return a list or an object as stored in the database."""
    return json_bytes(value).decode()


def states_by_day(days: Sequence[PlannedDay]) -> str:
    """Return the states of planned days by date, without the confirmation times, which change with every fetch."""
    return to_json({day.day.isoformat(): day.state for day in days})


def bare_type(annotation: Any) -> Any:
    """Strip None and Annotated, and reduce a container to its type: `tuple[str, ...] | None` becomes tuple."""
    if get_origin(annotation) is Annotated:
        return bare_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return bare_type(next(kind for kind in get_args(annotation) if kind is not type(None)))
    return get_origin(annotation) or annotation


def is_mixed(annotation: Any) -> bool:
    """Return whether a field may have values of several types, which are stored as JSON."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return False
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return len(kinds) > 1 or is_mixed(kinds[0])


def _column_type(name: str, kind: Any) -> TypeEngine[Any]:
    if issubclass(kind, datetime | AwareDatetime):
        return BigInteger()
    if issubclass(kind, bool):
        return Boolean()
    if issubclass(kind, int):
        return BigInteger() if "_bits" in name else Integer()  # 32 bits without a sign
    return Float() if issubclass(kind, float) else Text()


def _converter(kind: Any) -> Converter | None:
    """Return how to convert a field for the driver, None if it is taken as it is."""
    if issubclass(kind, datetime | AwareDatetime):
        return lambda at: at and to_ms(at)
    if issubclass(kind, str | int | float):
        return None
    return lambda value: None if value is None else to_json(value)


def _column(name: str, field: FieldInfo, convert: Converter | None, *, key: bool) -> Column[Any]:
    kind = tuple if is_mixed(field.annotation) else bare_type(field.annotation)
    nullable = not key and (not field.is_required() or NoneType in get_args(field.annotation))
    info = {"convert": convert or _converter(kind)}
    return Column(name, _column_type(name, kind), primary_key=key, nullable=nullable, info=info)


def _table(
    title: str,
    message: type[Message],
    *,
    compared: Sequence[str] = (),
    repeat: timedelta | None = None,
    convert: Mapping[str, Converter] = NONE,
    key: str = "",
) -> Table:
    """Return the table of a message.

    With `compared` a message is stored only if one of these columns differs from the previous row, or that row is
    older than `repeat`. `key` is a field that belongs to the primary key.
    """
    fields = {name: field for name, field in message.model_fields.items() if name not in NOT_RECORDED}
    return Table(
        title,
        metadata,
        Column("device", Text(), primary_key=True),
        Column("at", BigInteger(), primary_key=True, info={"convert": to_ms}),
        *(_column(name, field, convert.get(name), key=name == key) for name, field in fields.items()),
        sqlite_with_rowid=False,
        info={"compared": tuple(compared), "repeat": repeat},
    )


inverter_state = _table("inverter_state", InverterState)
battery_state = _table("battery_state", BatteryState)
grid_state = _table(
    "grid_state",
    GridState,
    compared=("state", "since", "transition_id", "last_known", "last_known_since"),
    repeat=GRID_REPEAT,
)
outage_schedule = _table(
    "outage_schedule",
    OutageSchedule,
    compared=("queue", "region", "source", "time_zone", "days", "windows", "stale"),
    convert={"days": states_by_day},
)
plug_state = _table(
    "plug_state", PlugState, compared=tuple(field for field in PlugState.model_fields if field not in NOT_RECORDED)
)
plug_action = _table("plug_action", PlugAction, key="gang", convert={"gang": lambda gang: gang or ""})
"""Both gangs of a plug may be switched at once; an empty gang is the whole plug."""
service_status = _table("service_status", ServiceStatus, compared=("state", "reasons", "version"))
inverter_availability = _table("inverter_availability", Availability, compared=("state",))
battery_availability = _table("battery_availability", Availability, compared=("state",))
"""Whether a device answered; only changes, with the reason of that moment, for reasons vary with every attempt."""
setting_change = _table("setting_change", SettingChange)
"""A setting is a device of its own, `main:output_priority`."""
alert_sent = _table("alert_sent", AlertSent, key="event")
"""Several alerts may be decided on at once."""

EVENTS = (plug_action, service_status, inverter_availability, battery_availability, setting_change, alert_sent)
"""Events, which people look up: purged by the age of a row, without a roll-up that outlives it."""

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("topic", Text(), primary_key=True),
    Column("digest", Text(), primary_key=True),  # of the whole payload: duplicates are one row
    Column("at", BigInteger(), nullable=False, index=True),
    Column("reason", Text(), nullable=False),
    Column("size", BigInteger(), nullable=False),
    Column("payload", LargeBinary(), nullable=False),
    Column("holds_at", BigInteger(), index=True),
    sqlite_with_rowid=False,
)
"""Messages that could not be recorded: when received, why, and the beginning of the payload.

holds_at is the time of a valid message that was too far ahead of our clock.
"""

undated_message = Table(
    "undated_message",
    metadata,
    Column("boot", Text(), primary_key=True),
    Column("uptime_ms", BigInteger(), primary_key=True, autoincrement=False),
    Column("topic", Text(), primary_key=True),
    Column("digest", Text(), primary_key=True),  # both gangs of a plug are switched at once, on one topic
    Column("payload", LargeBinary(), nullable=False),
    sqlite_with_rowid=False,
)
"""Messages measured while their host's clock was not set, with the time since its boot."""

boot_clock = Table(
    "boot_clock",
    metadata,
    Column("boot", Text(), primary_key=True),
    Column("started", BigInteger(), nullable=False),
    sqlite_with_rowid=False,
)
"""When a host was booted, by its clock once that was set."""

compressed_hour = Table(
    "compressed_hour",
    metadata,
    Column("source", Text(), primary_key=True),
    Column("device", Text(), primary_key=True),
    Column("at", BigInteger(), primary_key=True),
    Column("last", BigInteger(), nullable=False),
    Column("n", Integer(), nullable=False),
    Column("data", LargeBinary(), nullable=False),
    Column("format", Integer(), nullable=False, server_default="1"),
    Index("ix_compressed_hour_at", "source", "at"),
)
"""Older readings, compressed: one hour of a device from `at`, the time of its last row, the number of rows.

format is the version of `data`, negative if a bad disk has damaged it. An hour in an unknown version is left as it is,
as is a damaged one.
"""
