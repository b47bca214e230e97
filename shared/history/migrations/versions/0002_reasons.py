"""Reasons instead of sentences: every fault, warning, alarm and cause as {code, params, text}.

Version 0.1 stored English sentences. Those that are the text of a condition get its code, the others the code `text`.
Compressed hours are rewritten where they hold any. Their table is now called `compressed_hour`.

Revision ID: 0005
"""

import json
import zlib
from functools import cache
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.conditions import Reason

revision = "0005"
down_revision = "0004"

LISTS = (
    ("inverter_state", ("faults", "warnings")),
    ("battery_state", ("alarms", "health_reasons")),
)
"""Columns with a JSON list of sentences."""
RENAMED = (
    ("outage_schedule", "problem", "reason"),
    ("plug_action", "why", "reason"),
    ("plug_state", "problem", "reason"),
    ("service_status", "reason", "reasons"),
)
"""Columns with one sentence or NULL."""


def upgrade() -> None:
    """Convert the columns, then the compressed hours."""
    for table, before, after in RENAMED:
        op.execute(f'ALTER TABLE {table} RENAME COLUMN "{before}" TO "{after}"')
        _convert(table, after, _reasons if after == "reasons" else _reason)
    for table, columns in LISTS:
        for column in columns:
            _convert(table, column, _list)
    op.rename_table("packed", "compressed_hour")
    for table, columns in LISTS:
        _convert_hours(table, columns)


def _convert(table: str, column: str, convert: Any) -> None:
    """Convert the distinct values of a column, of which there are few."""
    connection, target = op.get_bind(), sa.table(table, sa.column(column, sa.Text()))
    value = target.c[column]
    for (before,) in connection.execute(sa.select(value).distinct()).all():
        after = convert(before)
        if after != before:
            connection.execute(sa.update(target).where(value.is_not_distinct_from(before)).values({column: after}))


def _convert_hours(source: str, columns: tuple[str, ...]) -> None:
    names = ("source", "device", "at")
    hour = sa.table("compressed_hour", *map(sa.column, names), sa.column("data", sa.LargeBinary()))
    connection = op.get_bind()
    keys = connection.execute(
        sa.select(hour.c.device, hour.c.at).where(hour.c.source == source).order_by(hour.c.device, hour.c.at)
    ).all()
    for device, at in keys:
        this = (hour.c.source == source, hour.c.device == device, hour.c.at == at)
        before = json.loads(zlib.decompress(connection.execute(sa.select(hour.c.data).where(*this)).scalar_one()))
        after = before | {name: _column(before[name]) for name in columns if name in before}
        if after != before:
            data = zlib.compress(json.dumps(after, ensure_ascii=False, separators=(",", ":")).encode())
            connection.execute(sa.update(hour).where(*this).values(data=data))


def _column(values: Any) -> Any:
    """Convert a column of a compressed hour: a list, or its one value where that is constant."""
    return [_list(value) for value in values] if isinstance(values, list) else _list(values)


@cache
def _list(before: str | None) -> str | None:
    if before in (None, "[]"):
        return before
    return _to_json([_to_reason(sentence) for sentence in json.loads(before)])


@cache
def _reason(before: str | None) -> str | None:
    return None if before is None else _to_json(_to_reason(before))


@cache
def _reasons(before: str | None) -> str:
    return _to_json([] if before is None else [_to_reason(before)])


def _to_reason(sentence: str) -> dict[str, Any]:
    return Reason.sentence(sentence).model_dump(mode="json")


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
