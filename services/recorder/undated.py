"""Messages of an unset clock: dated at once if the time of their boot is known, otherwise kept apart until it is.

Once the clock is set, any status of a service on the same host shows when that host was booted.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select

from services.recorder import future_rows
from services.recorder.rows import MAX_AHEAD, UndatedMessageError, to_dead_letter, to_row
from services.recorder.store import Store
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions import clock as conditions
from shared.errors import BadMessageError
from shared.history.tables import boot_clock, from_ms, to_ms, undated_message
from shared.messages import ClockStamp, Message, ServiceStatus
from shared.trusted_time import STEP, is_unset, restate, unset_start

MAX_COUNT = 100_000
"""About four days of a home, or 100 MB, whatever a host with a never-set clock sends; the oldest go first."""
CHUNK = 200

message_of = undated_message.c


class Dating:
    """What the recorder knows about the boots of all hosts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        rows = store.run(lambda connection: connection.execute(select(boot_clock)).all())
        self._started = {row.boot: from_ms(row.started) for row in rows}
        self._learnt: dict[str, datetime] = {}
        self._ahead: dict[str, datetime] = {}
        self.has_news = False
        """Whether a boot became known since `step` was last called."""

    def date(self, message: Message) -> Message:
        """Return a message with its true times. Raises UndatedMessageError if they are not known yet."""
        if isinstance(message, ServiceStatus):
            if message.clock and message.clock.trusted:
                self._learn(message, message.clock)
                return message
            if message.since is None:  # a will is as old as the connection that it ends
                message = self._clock.stamp(message.model_copy(update={"at": self._clock.now()}))
        if message.clock is None:
            return message
        started = self._started.get(message.clock.boot)
        if started is None:
            raise UndatedMessageError(message.clock)
        return restate(message, started)

    def persist(self) -> None:
        """Save what was learnt about boots, before the messages that it was learnt from are acknowledged."""
        if self._learnt:
            self._store.run(self._save)
            self._learnt.clear()

    def step(self) -> bool:
        """Do some of what is due; return whether there was any."""
        self.has_news = False
        return self.set_future_aside() or self.record_dated() or self.drop_surplus()

    def record_dated(self) -> bool:
        """Record some of the messages whose boot has become known; return whether there were any."""
        known = select(undated_message).where(message_of.boot.in_(select(boot_clock.c.boot))).limit(CHUNK)
        waiting = self._store.run(lambda connection: connection.execute(known).all())
        if not waiting:
            return False
        rows = []
        for one in waiting:
            try:
                rows.append(to_row(one.topic, bytes(one.payload), date=self._dating(one)))
            except BadMessageError as error:  # an older version accepted it
                rows.append(to_dead_letter(one.topic, bytes(one.payload), error, self._clock.now()))
        refused = self._store.write(rows)
        lost = [(waiting[index], BadMessageError(reason)) for index, reason in refused.items()]
        self._store.write([to_dead_letter(one.topic, bytes(one.payload), why, self._clock.now()) for one, why in lost])
        self._store.run(lambda connection: _remove(connection, waiting))
        return True

    def set_future_aside(self) -> bool:
        """Set aside some rows that are ahead of our clock; return whether there were any.

        Only if the kernel has synchronised it: otherwise our own clock may be wrong.
        """
        now = self._clock.now()
        if not (self._clock.trusted and self._clock.track.synchronised):
            return False
        self._forget([boot for boot, started in self._started.items() if started > now + MAX_AHEAD])
        return future_rows.set_aside(self._store, now, self._ahead)

    def drop_surplus(self) -> bool:
        """Delete some messages beyond the limit; return whether there were any."""
        return self._store.run(lambda connection: _drop_surplus(connection, self._clock.track.boot))

    def reason(self) -> Reason | None:
        """Return what to report about messages without a time."""
        waiting, undated = self._store.run(lambda connection: _counts(connection, self._clock.track.boot))
        if waiting:
            return conditions.waiting(count=waiting)
        return conditions.undated(count=undated) if undated else None

    def _learn(self, status: ServiceStatus, clock: ClockStamp) -> None:
        if is_unset(status.at):
            return  # a set clock cannot show such a time
        started = status.at - timedelta(seconds=clock.uptime_s)
        known = self._started.get(clock.boot)
        if self._clock.trusted and status.at > self._clock.now() + MAX_AHEAD:
            return  # one of the two clocks is wrong
        if known and known - started > MAX_AHEAD:
            self._ahead[clock.boot] = known
        if known is None or abs(started - known) > STEP:
            self._started[clock.boot] = self._learnt[clock.boot] = started
            self.has_news = True

    def _forget(self, boots: Sequence[str]) -> None:
        """Remember boots that began in the future as those of a clock that was ahead."""
        for boot in boots:
            self._ahead[boot] = self._started.pop(boot)
        if boots:
            self._store.run(
                lambda connection: connection.execute(delete(boot_clock).where(boot_clock.c.boot.in_(boots)))
            )

    def _save(self, connection: Connection) -> None:
        for boot, started in self._learnt.items():
            connection.execute(delete(boot_clock).where(boot_clock.c.boot == boot))
            connection.execute(insert(boot_clock), {"boot": boot, "started": to_ms(started)})

    def _dating(self, row: Row[Any]) -> Callable[[Message], Message]:
        """Return how to date a waiting message; a will was registered long before it arrived."""
        stamp = ClockStamp(boot=row.boot, uptime_s=row.uptime_ms / 1000)
        known = {"clock": stamp, "at": unset_start(row.boot) + timedelta(seconds=stamp.uptime_s)}
        return lambda message: restate(message.model_copy(update=known), self._started[row.boot])


def _drop_surplus(connection: Connection, boot: str) -> bool:
    """Delete some messages beyond the limit, the oldest of other boots first; return whether there were any."""
    surplus = (connection.execute(select(func.count()).select_from(undated_message)).scalar() or 0) - MAX_COUNT
    if surplus <= 0:
        return False
    oldest = select(undated_message).order_by(message_of.boot == boot, message_of.uptime_ms).limit(min(surplus, CHUNK))
    _remove(connection, connection.execute(oldest).all())
    return True


def _remove(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        this = and_(*(column == getattr(one, column.name) for column in undated_message.primary_key))
        connection.execute(delete(undated_message).where(this))


def _counts(connection: Connection, boot: str) -> tuple[int, int]:
    """Return how many messages wait for the clock of this boot, and how many are of other boots."""
    query = select(message_of.boot, func.count()).group_by(message_of.boot)
    counts = {row[0]: row[1] for row in connection.execute(query)}
    waiting = counts.pop(boot, 0)
    return waiting, sum(counts.values())
