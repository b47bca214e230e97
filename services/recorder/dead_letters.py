"""Upkeep of dead letters: those that were only early are recorded once their time has come, old ones are purged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from services.recorder.rows import MAX_AHEAD, to_row
from services.recorder.store import Store
from shared.errors import BadMessageError
from shared.history.tables import dead_letter, to_ms

KEEP_DAYS = 90
MAX_COUNT = 10_000
"""At 16 kB each at most 160 MB, whatever a broken device sends."""
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
    """Delete what is recorded now; never retry the rest."""
    for one in letters:
        this = and_(letter.topic == one.topic, letter.digest == one.digest)
        done = delete(dead_letter) if one in recorded else update(dead_letter).values(holds_at=None)
        connection.execute(done.where(this))


def purge(connection: Connection, cutoff: int | None) -> bool:
    """Delete some from before the cutoff, if there is one, or too many; return whether there were any."""
    newest_surplus = select(letter.at).order_by(letter.at.desc()).offset(MAX_COUNT).limit(1).scalar_subquery()
    old = letter.at <= newest_surplus
    if cutoff is not None:
        old = or_(old, letter.at < cutoff)
    found = connection.execute(select(letter.topic, letter.digest).where(old).limit(CHUNK)).all()
    for topic, digest in found:
        connection.execute(delete(dead_letter).where(letter.topic == topic, letter.digest == digest))
    return bool(found)
