"""Dead letters after the fact: those that only came too early are recorded in their time, the old ones go."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from services.recorder.rows import FUTURE, to_row
from services.recorder.store import Store
from shared.errors import BadMessageError
from shared.history.tables import dead_letter, to_ms

KEPT_FOR = timedelta(days=90)
MOST = 10_000
"""With 16 kB each no more than 160 MB, whatever a broken device says."""
AT_ONCE = 200

letter = dead_letter.c


def bring_back(store: Store, now: datetime) -> bool:
    """Record some of those whose moment our clock has reached; return whether there were any."""
    early = select(dead_letter).where(letter.holds_at <= to_ms(now + FUTURE)).limit(AT_ONCE)
    letters = store.run(lambda connection: connection.execute(early).all())
    if not letters:
        return False
    good, rows = [], []
    for one in letters:
        try:
            rows.append(to_row(one.topic, bytes(one.payload), now))
            good.append(one)
        except BadMessageError:  # this version reads it otherwise than the one that kept it
            continue
    refused = store.write(rows)
    recorded = [one for index, one in enumerate(good) if index not in refused]
    store.run(lambda connection: _settle(connection, letters, recorded))
    return True


def _settle(connection: Connection, letters: Sequence[Row[Any]], recorded: Sequence[Row[Any]]) -> None:
    """Take away what is recorded now; what is not will not be tried again."""
    for one in letters:
        here = and_(letter.topic == one.topic, letter.digest == one.digest)
        done = delete(dead_letter) if one in recorded else update(dead_letter).values(holds_at=None)
        connection.execute(done.where(here))


def throw_away(connection: Connection, now: datetime) -> bool:
    """Delete some that are too old or too many; return whether there were any."""
    newest_too_many = select(letter.at).order_by(letter.at.desc()).offset(MOST).limit(1).scalar_subquery()
    old = or_(letter.at < to_ms(now - KEPT_FOR), letter.at <= newest_too_many)
    found = connection.execute(select(letter.topic, letter.digest).where(old).limit(AT_ONCE)).all()
    for topic, digest in found:
        connection.execute(delete(dead_letter).where(letter.topic == topic, letter.digest == digest))
    return bool(found)
