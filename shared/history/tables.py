"""The tables, whose columns are the fields of the messages: one row a message, keyed by device and `at`.

Moments are integers, milliseconds since 1970 UTC. A new field of a message needs a new migration; a test says so.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo
from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from shared.messages import GridState, InverterState, Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

metadata = MetaData()


def to_ms(at: datetime) -> int:
    """Return a moment as the database keeps it."""
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the moment that the database keeps as `ms`."""
    return EPOCH + ms * MILLISECOND


def to_json(texts: tuple[str, ...]) -> str:
    """Return texts as the database keeps them."""
    return json.dumps(texts, ensure_ascii=False)


def _bare(annotation: Any) -> Any:
    """Take off None and Annotated, and turn a container into its kind: `tuple[str, ...] | None` is a tuple."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(kind for kind in get_args(annotation) if kind is not type(None)))
    return get_origin(annotation) or annotation


def _column_type(name: str, kind: Any) -> TypeEngine[Any]:
    if issubclass(kind, datetime | AwareDatetime):
        return BigInteger()
    if issubclass(kind, int):
        return BigInteger() if name.endswith("_bits") else Integer()  # 32 bits without a sign
    return Float() if issubclass(kind, float) else Text()


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    """How a field becomes what the driver takes, for the few that do not already."""
    if issubclass(kind, datetime | AwareDatetime):
        return to_ms
    return to_json if issubclass(kind, tuple) else None


def _column(name: str, field: FieldInfo) -> Column[Any]:
    kind = _bare(field.annotation)
    return Column(name, _column_type(name, kind), nullable=not field.is_required(), info={"convert": _converter(kind)})


def _table(name: str, message: type[Message]) -> Table:
    fields = {key: field for key, field in message.model_fields.items() if key not in ("at", "v")}
    return Table(
        name,
        metadata,
        Column("device", Text(), primary_key=True),
        Column("at", BigInteger(), primary_key=True, info={"convert": to_ms}),
        *(_column(key, field) for key, field in fields.items()),
        sqlite_with_rowid=False,
    )


inverter_state = _table("inverter_state", InverterState)
grid_state = _table("grid_state", GridState)
