"""Compresses older readings, one hour of a device at a time, to a tenth of their size without loss."""

from sqlalchemy import Connection, Table, delete, func, insert, select

from shared.history.compression import FORMAT, compress, decompress
from shared.history.derived import HOUR_MS, SOURCES
from shared.history.readings import ALWAYS, distinct
from shared.history.tables import compressed_hour


def compress_next_hour(connection: Connection, cutoff: int) -> bool:
    """Compress one hour of a device that ended by `cutoff`; return whether there was any."""
    for source in SOURCES.values():
        for device in distinct(connection, source.raw.c.device):
            oldest = _oldest(connection, source.raw, device)
            if oldest is not None and oldest // HOUR_MS * HOUR_MS + HOUR_MS <= cutoff:
                _compress_hour(connection, source.raw, device, oldest // HOUR_MS * HOUR_MS)
                return True
    return False


def _oldest(connection: Connection, table: Table, device: str) -> int | None:
    """Return the time of the oldest row outside of hours whose format we do not know."""
    hour, at, since = compressed_hour.c, table.c.at, ALWAYS[0]
    while True:
        oldest = connection.execute(select(func.min(at)).where(table.c.device == device, at >= since)).scalar()
        start = None if oldest is None else oldest // HOUR_MS * HOUR_MS
        here = (hour.source == table.name, hour.device == device, hour.at == start, hour.format > FORMAT)
        if start is None or not connection.execute(select(hour.at).where(*here)).first():
            return oldest
        since = start + HOUR_MS


def _compress_hour(connection: Connection, table: Table, device: str, start: int) -> None:
    names = [column.name for column in table.columns if column.name not in ("device", "at")]
    hour, at = compressed_hour.c, table.c.at
    this = (hour.source == table.name, hour.device == device, hour.at == start)
    before = connection.execute(select(hour.data).where(*this)).scalar()
    moved = delete(table).where(table.c.device == device, at >= start, at < start + HOUR_MS)
    # RETURNING, so that a row inserted meanwhile is never deleted unseen
    rows = connection.execute(moved.returning(at, *(table.c[name] for name in names))).all()
    # of two samples with the same time the one compressed earlier stays
    by_time = {sample[0]: sample for sample in (*rows, *(decompress(before, names) if before else ()))}
    samples = [by_time[time] for time in sorted(by_time)]
    connection.execute(delete(compressed_hour).where(*this))
    values = {"source": table.name, "device": device, "at": start, "last": samples[-1][0], "n": len(samples)}
    connection.execute(insert(compressed_hour), values | {"data": compress(names, samples), "format": FORMAT})


def unknown_hours(connection: Connection) -> int:
    """Return how many hours were compressed by a newer version, in a format that this one cannot read."""
    return connection.execute(select(func.count()).where(compressed_hour.c.format > FORMAT)).scalar_one()
