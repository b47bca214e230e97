"""A payload of any type with every field set, so that nothing of its schema goes unseen."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, BaseModel

AT = datetime(2026, 11, 23, 18, 2, 11, 250_000, tzinfo=UTC)
BY_NAME: Mapping[str, Any] = {
    "end": AT + timedelta(hours=3),
    "time_zone": "Europe/Kyiv",
    "v": None,
    "params": {"bit": 27},
    "chance": 0.5,
}
"""What must be more than of the right type."""


def sample(kind: type[BaseModel]) -> Any:
    """Return an object of a model in which every field says something."""
    fields = {name: _value(name, field.annotation) for name, field in kind.model_fields.items()}
    return kind.model_validate({name: value for name, value in fields.items() if value is not None})


def _value(name: str, kind: Any) -> Any:
    if name in BY_NAME:
        return BY_NAME[name]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _value(name, arguments[0])
    if origin in (Union, types.UnionType):
        return _value(name, next(one for one in arguments if one is not type(None)))
    if origin in (tuple, list, frozenset, set):
        return origin((_value(name, arguments[0]),))
    if origin is dict:
        return {_value("key", arguments[0]): _value(name, arguments[1])}
    return _plain(kind)


def _plain(kind: Any) -> Any:
    if kind is AwareDatetime:
        return AT
    if issubclass(kind, BaseModel):
        return sample(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        made: Any = kind
        return made(**{one.name: _value(one.name, hints[one.name]) for one in fields(kind) if one.init})
    if issubclass(kind, Enum):
        return next(iter(kind))
    plain = {datetime: AT, date: AT.date(), time: AT.time(), bool: True, int: 3, float: 2.5, str: "x"}
    return plain[kind]
