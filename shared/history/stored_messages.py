"""Converts a row back to its message."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, TypeAdapter
from sqlalchemy import RowMapping

from shared.history.tables import NOT_RECORDED, bare_type, from_ms, is_mixed
from shared.topics import M


def message_of(kind: type[M], row: RowMapping) -> M:
    """Return the message of a row; fields that are not recorded have their defaults."""
    given = {
        name: _value(field.annotation, row[name])
        for name, field in kind.model_fields.items()
        if name not in NOT_RECORDED and row[name] is not None and (row[name] != "" or field.is_required())
    }
    return kind.model_validate({"at": from_ms(row["at"])} | given)


def _value(annotation: Any, value: Any) -> Any:
    if is_mixed(annotation):
        return TypeAdapter(annotation).validate_json(value)
    kind = bare_type(annotation)
    if issubclass(kind, datetime | AwareDatetime):
        return from_ms(value)
    return value if issubclass(kind, str | int | float) else TypeAdapter(annotation).validate_json(value)
