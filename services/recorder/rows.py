"""Payloads to rows, pure."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table

from shared.errors import BadMessageError
from shared.history.tables import grid_state, inverter_state, to_ms
from shared.messages import Message
from shared.topics import GRID_STATE, INVERTER_STATE, Topic

Row = tuple[Any, ...]
RECORDED: tuple[tuple[Topic[Any], Table], ...] = ((INVERTER_STATE, inverter_state), (GRID_STATE, grid_state))
"""What is recorded, and where."""
UNNAMED = "grid"
"""The device of a topic that has no device in its name."""


def to_row(topic: str, payload: bytes) -> tuple[Table, Row]:
    """Return the table that a message belongs to and its row, or raise BadMessageError with one sentence."""
    for recorded, table in RECORDED:
        name = recorded.name_in(topic)
        if name is not None:
            return table, _row(table, name or UNNAMED, recorded.parse(payload))
    raise BadMessageError("nobody records this topic")


def _row(table: Table, device: str, message: Message) -> Row:
    fields = message.__dict__
    return device, *(_plain(fields[column]) for column in _columns(table))


@cache
def _columns(table: Table) -> list[str]:
    """The message's fields in the order of the table; the device comes before them."""
    return [column.name for column in table.columns][1:]


def _plain(value: Any) -> Any:
    convert = CONVERTERS.get(type(value))
    return convert(value) if convert else value


CONVERTERS: dict[type, Callable[[Any], Any]] = {
    datetime: to_ms,
    tuple: lambda texts: json.dumps(texts, ensure_ascii=False),
}
