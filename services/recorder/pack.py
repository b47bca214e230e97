"""Older readings, packed an hour at a time: a tenth of the bytes, and every one of them stays."""

from sqlalchemy import Connection, Table, delete, func, insert, select

from shared.history.derived import HOUR_MS, SOURCES
from shared.history.packing import pack, unpack
from shared.history.readings import distinct
from shared.history.tables import packed


def pack_hour(connection: Connection, cutoff: int) -> bool:
    """Pack one hour of a device that was over at `cutoff`; return whether there was any."""
    for source in SOURCES.values():
        for device in distinct(connection, source.raw.c.device):
            oldest = connection.execute(select(func.min(source.raw.c.at)).where(source.raw.c.device == device)).scalar()
            if oldest is not None and oldest // HOUR_MS * HOUR_MS + HOUR_MS <= cutoff:
                _pack(connection, source.raw, device, oldest // HOUR_MS * HOUR_MS)
                return True
    return False


def _pack(connection: Connection, table: Table, device: str, hour: int) -> None:
    names = [column.name for column in table.columns if column.name not in ("device", "at")]
    at, here = table.c.at, (packed.c.source == table.name, packed.c.device == device, packed.c.at == hour)
    before = connection.execute(select(packed.c.data).where(*here)).scalar()
    taken = delete(table).where(table.c.device == device, at >= hour, at < hour + HOUR_MS)
    # what the deletion itself returns, so that nothing that comes meanwhile is deleted unseen
    rows = connection.execute(taken.returning(at, *(table.c[name] for name in names))).all()
    # a reading that was there already stays as it is
    by_moment = {reading[0]: reading for reading in (*rows, *(unpack(before, names) if before else ()))}
    told = [by_moment[moment] for moment in sorted(by_moment)]
    connection.execute(delete(packed).where(*here))
    values = {"source": table.name, "device": device, "at": hour, "last": told[-1][0], "n": len(told)}
    connection.execute(insert(packed), values | {"data": pack(names, told)})
