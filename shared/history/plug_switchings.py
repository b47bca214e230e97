"""When plugs were really switched."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from shared.history.homes import home_of, of_home, split_name
from shared.history.queries import Database, rows_of
from shared.history.tables import from_ms, plug_action, to_ms
from shared.messages import ActionOutcome


class Switching(NamedTuple):
    """A plug that was switched on or off, as a whole or one of its gangs."""

    plug: str
    at: datetime
    on: bool


def switchings(database: Database, *, start: datetime, end: datetime) -> list[Switching]:
    """Return the successful switchings between two moments in order of time."""
    table, home = plug_action.c, home_of(database)
    when = (table.at >= to_ms(start), table.at < to_ms(end), table.outcome == ActionOutcome.DONE.value)
    query = select(table.device, table.at, table.on).where(*of_home(home, table.device), *when).order_by(table.at)
    named = ((split_name(row.device), row) for row in rows_of(database, query))
    return [Switching(name, from_ms(row.at), bool(row.on)) for (of, name), row in named if of == home]
