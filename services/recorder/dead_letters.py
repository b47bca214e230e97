"""Upkeep of dead letters: early ones are recorded once their time has come, old ones are purged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    delete,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)

from services.recorder.rows import MAX_AHEAD, MAX_DEAD_LETTER, to_row
from services.recorder.store import Store
from shared.errors import BadMessageError
from shared.history.tables import dead_letter, to_ms

KEEP_DAYS = 90


@dataclass(frozen=True)
class Bound:
    """How much of one kind is kept, whatever a broken device sends: the oldest are deleted first."""

    count: int
    bytes: int


JUNK = Bound(10_000, 64_000_000)
"""Letters that can never become a row."""
EARLY = Bound(100_000, 100_000_000)
"""Good messages that wait until our clock is right: about four days of a home."""
CHUNK = 200

letter = dead_letter.c


def record_early(store: Store, now: datetime) -> bool:
    """Record some of the early messages whose time has come; return whether there were any."""
    early = select(dead_letter).where(letter.holds_at <= to_ms(now + MAX_AHEAD)).limit(CHUNK)
    letters = store.run(lambda connection: connection.execute(early).all())
    if not letters:
        return False
    valid, rows = [], []
    for one in letters:
        try:
            rows.append(to_row(one.topic, bytes(one.payload), now))
            valid.append(one)
        except BadMessageError:  # an older version accepted it
            continue
    refused = store.write(rows)
    recorded = [one for index, one in enumerate(valid) if index not in refused]
    store.run(lambda connection: _settle(connection, letters, recorded))
    return True


def _settle(connection: Connection, letters: Sequence[Row[Any]], recorded: Sequence[Row[Any]]) -> None:
    """Delete what has now been recorded; never retry the rest."""
    for one in letters:
        this = and_(letter.topic == one.topic, letter.digest == one.digest)
        done = delete(dead_letter) if one in recorded else update(dead_letter).values(holds_at=None)
        connection.execute(done.where(this))


def purge(connection: Connection, cutoff: int | None) -> bool:
    """Delete some letters that are older than the cutoff, or too many; return whether there were any."""
    wanted = [
        _surplus(connection, letter.holds_at.is_(None), JUNK),
        _surplus(connection, letter.holds_at.is_not(None), EARLY),
    ]
    if cutoff is not None:
        wanted.append(letter.at < cutoff)
    found = connection.execute(select(letter.topic, letter.digest).where(or_(*wanted)).limit(CHUNK)).all()
    for topic, digest in found:
        connection.execute(delete(dead_letter).where(letter.topic == topic, letter.digest == digest))
    return bool(found)


def _surplus(connection: Connection, kind: ColumnElement[bool], bound: Bound) -> ColumnElement[bool]:
    """Return which letters of a kind exceed its bound; counting only needs the lengths of their payloads."""
    kept = case((letter.size < MAX_DEAD_LETTER, letter.size), else_=MAX_DEAD_LETTER)
    count, size = connection.execute(select(func.count(), func.coalesce(func.sum(kept), 0)).where(kind)).one()
    if count <= bound.count and size <= bound.bytes:
        return false()
    so_far = func.sum(kept).over(order_by=(letter.at.desc(), letter.topic, letter.digest)).label("so_far")
    number = func.row_number().over(order_by=(letter.at.desc(), letter.topic, letter.digest)).label("number")
    ranked = select(letter.topic, letter.digest, so_far, number).where(kind).subquery()
    beyond = or_(ranked.c.so_far > bound.bytes, ranked.c.number > bound.count)
    return tuple_(letter.topic, letter.digest).in_(select(ranked.c.topic, ranked.c.digest).where(beyond))
