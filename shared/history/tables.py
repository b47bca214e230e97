"""The tables, whose columns are the fields of the messages: one row a message, keyed by device and `at`.

Moments are integers, milliseconds since 1970 UTC. A new field of a message needs a new migration; a test says so.
"""

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


def _column(name: str, field: FieldInfo) -> Column[Any]:
    return Column(name, _column_type(name, _bare(field.annotation)), nullable=not field.is_required())


def _table(name: str, message: type[Message]) -> Table:
    fields = {key: field for key, field in message.model_fields.items() if key not in ("at", "v")}
    return Table(
        name,
        metadata,
        Column("device", Text(), primary_key=True),
        Column("at", BigInteger(), primary_key=True),
        *(_column(key, field) for key, field in fields.items()),
        info={"message": message},
        sqlite_with_rowid=False,
    )


inverter_state = _table("inverter_state", InverterState)
grid_state = _table("grid_state", GridState)
