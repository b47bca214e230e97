"""Payloads to rows, pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from operator import itemgetter
from typing import Any

from sqlalchemy import Table

from shared.errors import BadMessageError
from shared.history.tables import (
    battery_state,
    dead_letter,
    grid_state,
    inverter_state,
    outage_schedule,
    plug_action,
    plug_state,
    service_status,
    to_ms,
)
from shared.messages import Message, ServiceStatus, iso
from shared.topics import (
    BATTERY_STATE,
    GRID_STATE,
    INVERTER_STATE,
    OUTAGE_SCHEDULE,
    PLUG_ACTION,
    PLUG_STATE,
    SERVICE_STATUS,
    Topic,
)

Row = tuple[Any, ...]
RECORDED: tuple[tuple[Topic[Any], Table], ...] = (
    (INVERTER_STATE, inverter_state),
    (GRID_STATE, grid_state),
    (BATTERY_STATE, battery_state),
    (OUTAGE_SCHEDULE, outage_schedule),
    (PLUG_STATE, plug_state),
    (PLUG_ACTION, plug_action),
    (SERVICE_STATUS, service_status),
)
"""What is recorded, and where."""
LONGEST = 256 * 1024
"""No message of ours is nearly as long, in bytes."""
KEPT = 16 * 1024
"""So much of a dead letter is kept, in bytes."""
FUTURE = timedelta(minutes=10)
"""A message from further ahead of our clock would stand in charts before its time, and last forever as the latest."""


class EarlyMessageError(BadMessageError):
    """A message with which nothing is wrong, except that it holds at a moment our clock is far from."""

    def __init__(self, reason: str, at: datetime) -> None:
        super().__init__(reason)
        self.at = at


def to_row(topic: str, payload: bytes, now: datetime | None = None) -> tuple[Table, Row]:
    """Return the table that a message belongs to and its row, or raise BadMessageError with one sentence.

    Without `now` any moment is believed.
    """
    if len(payload) > LONGEST:
        raise BadMessageError(f"it has {len(payload)} bytes, and {LONGEST} are the most that is read")
    for recorded, table in RECORDED:
        name = recorded.name_in(topic)
        if name is not None:
            message = recorded.parse(payload)
            return table, _row(table, name or unnamed(recorded), _timely(message, now) if now else message)
    raise BadMessageError("nobody records this topic")


def unnamed(topic: Topic[Any]) -> str:
    """Return the device of a topic that has no device in its name: `grid` or `outage`."""
    return topic.template.partition("/")[0]


def to_dead_letter(topic: str, payload: bytes, error: Exception, now: datetime) -> tuple[Table, Row]:
    """Return the row that keeps a message which could not be recorded, and its moment where it only came too early."""
    digest, reason = sha256(payload).hexdigest(), str(error).replace("\0", "")
    early = to_ms(error.at) if isinstance(error, EarlyMessageError) and len(payload) <= KEPT else None
    return dead_letter, (topic, digest, to_ms(now), reason, len(payload), payload[:KEPT], early)


def _timely(message: Message, now: datetime) -> Message:
    """Return the message with the moment at which it holds."""
    if isinstance(message, ServiceStatus) and message.since is None:  # a will, written long before it was spoken
        return message.model_copy(update={"at": now})
    if message.at - now > FUTURE:
        reason = f"at: {iso(message.at)} is more than 10 minutes ahead of this clock ({iso(now)})"
        raise EarlyMessageError(reason, message.at)
    return message


def _row(table: Table, device: str, message: Message) -> Row:
    """Return the values in the order of the columns; only the few that need it are touched one by one."""
    take, conversions = _plan(table)
    values = [device, *take(message.__dict__)]
    for index, convert in conversions:
        values[index] = convert(values[index])
    return tuple(values)


@cache
def _plan(table: Table) -> tuple[Callable[[Any], tuple[Any, ...]], list[tuple[int, Callable[[Any], Any]]]]:
    fields = [column.name for column in table.columns if column.name != "device"]
    conversions = [
        (index, column.info["convert"]) for index, column in enumerate(table.columns) if column.info.get("convert")
    ]
    return itemgetter(*fields), conversions
