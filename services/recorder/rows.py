"""Converts payloads into rows. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Any

from sqlalchemy import Table

from shared.conditions import Reason, storage
from shared.errors import BadMessageError
from shared.history.homes import PART, SEPARATOR, in_home
from shared.history.tables import (
    alert_sent,
    battery_availability,
    battery_state,
    dead_letter,
    grid_state,
    inverter_availability,
    inverter_state,
    outage_schedule,
    plug_action,
    plug_state,
    service_status,
    setting_change,
    to_ms,
    undated_message,
)
from shared.messages import ClockStamp, Message, ServiceStatus, iso
from shared.topics import (
    ALERT_SENT,
    BATTERY_AVAILABILITY,
    BATTERY_STATE,
    GRID_STATE,
    INVERTER_AVAILABILITY,
    INVERTER_STATE,
    OUTAGE_SCHEDULE,
    PLUG_ACTION,
    PLUG_STATE,
    SERVICE_STATUS,
    SETTING_CHANGE,
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
    (INVERTER_AVAILABILITY, inverter_availability),
    (BATTERY_AVAILABILITY, battery_availability),
    (SETTING_CHANGE, setting_change),
    (ALERT_SENT, alert_sent),
)
"""The recorded topics and their tables."""
MAX_PAYLOAD = 256 * 1024
"""In bytes; our longest messages are much shorter."""
MAX_DEAD_LETTER = 16 * 1024
"""How many bytes of a dead letter are kept."""
MAX_AHEAD = timedelta(minutes=10)
"""A message from further in the future would appear in charts early and remain the latest for too long."""


def as_it_is(message: Message) -> Message:
    """Return a message whose time is not corrected."""
    return message


class UndatedMessageError(Exception):
    """A valid message of a host with an unset clock, of a boot whose time is unknown."""

    def __init__(self, stamp: ClockStamp) -> None:
        super().__init__(stamp.boot)
        self.stamp = stamp


class EarlyMessageError(BadMessageError):
    """A valid message whose time is too far ahead of our clock."""

    def __init__(self, reason: Reason, at: datetime) -> None:
        super().__init__(reason)
        self.at = at


def to_row(
    topic: str, payload: bytes, now: datetime | None = None, date: Callable[[Message], Message] = as_it_is
) -> tuple[Table, Row]:
    """Return the table of a message and its row, or raise BadMessageError.

    `date` corrects the time of a message, or raises UndatedMessageError. Without `now` any time is accepted.
    """
    if len(payload) > MAX_PAYLOAD:
        raise BadMessageError(storage.too_long(size=len(payload), most=MAX_PAYLOAD))
    found = _destination(topic)
    if found is None:
        raise BadMessageError(storage.NOT_RECORDED())
    recorded, table, device = found
    message = date(recorded.parse(payload))
    return table, _row(table, device, _check_time(message, now) if now else message)


def is_state(topic: str) -> bool:
    """Whether messages of a topic are recorded and retained, so that an unreadable one stays until it is replaced."""
    found = _destination(topic)
    return found is not None and found[0].retain


@lru_cache(maxsize=20_000)
def _destination(topic: str) -> tuple[Topic[Any], Table, str] | None:
    """Return the declared topic, the table and the device of a topic, or None if it is not recorded.

    With many homes, each has its topics below its name.
    """
    found = _destination_in_home(topic)
    if found:
        return found
    home, _, rest = topic.partition("/")
    found = _destination_in_home(rest)
    return found and (*found[:2], in_home(home, found[2]))


def _destination_in_home(topic: str) -> tuple[Topic[Any], Table, str] | None:
    for recorded, table in RECORDED:
        name = recorded.name_in(topic)
        if name is not None:
            return recorded, table, name.replace(SEPARATOR, PART) or unnamed_device(recorded)
    return None


def name_on_topic(topic: Topic[Any], device: str) -> str:
    """Return the name in a topic of a device in the database."""
    if "{" not in topic.template:
        return "" if device == unnamed_device(topic) else device
    return device.replace(PART, SEPARATOR) if topic is SETTING_CHANGE else device


def unnamed_device(topic: Topic[Any]) -> str:
    """Return the device recorded for a topic without one in its name: `grid` or `outage`."""
    return topic.template.partition("/")[0]


def to_dead_letter(topic: str, payload: bytes, error: Exception, now: datetime) -> tuple[Table, Row]:
    """Return the dead-letter row of a message that could not be recorded, with its time if it was only early."""
    digest, reason = sha256(payload).hexdigest(), str(error).replace("\0", "")
    early = to_ms(error.at) if isinstance(error, EarlyMessageError) and len(payload) <= MAX_DEAD_LETTER else None
    return dead_letter, (topic, digest, to_ms(now), reason, len(payload), payload[:MAX_DEAD_LETTER], early)


def to_undated(topic: str, payload: bytes, stamp: ClockStamp) -> tuple[Table, Row]:
    """Return the row of a message that waits for its time."""
    return undated_message, (stamp.boot, round(stamp.uptime_s * 1000), topic, sha256(payload).hexdigest(), payload)


def _check_time(message: Message, now: datetime) -> Message:
    """Return the message, a will with the time it was received; raise EarlyMessageError if it is too far ahead."""
    if isinstance(message, ServiceStatus) and message.since is None:  # a will, registered long before it was published
        return message.model_copy(update={"at": now})
    if message.at - now > MAX_AHEAD:
        raise EarlyMessageError(storage.too_early(at=iso(message.at), now=iso(now)), message.at)
    return message


def _row(table: Table, device: str, message: Message) -> Row:
    """Return the values in column order, converting only those that need conversion."""
    pick, conversions = _extractor(table)
    values = [device, *pick(message.__dict__)]
    for index, convert in conversions:
        values[index] = convert(values[index])
    return tuple(values)


@cache
def _extractor(table: Table) -> tuple[Callable[[Any], tuple[Any, ...]], list[tuple[int, Callable[[Any], Any]]]]:
    fields = [column.name for column in table.columns if column.name != "device"]
    conversions = [
        (index, column.info["convert"]) for index, column in enumerate(table.columns) if column.info.get("convert")
    ]
    return itemgetter(*fields), conversions
