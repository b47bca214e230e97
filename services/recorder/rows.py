"""Payloads to rows, pure."""

from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Table

from shared.errors import BadMessageError
from shared.history.tables import grid_state, inverter_state
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
