"""Compresses older readings, one hour of a device into a row, to a tenth of their size, without loss."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, tuple_

from services.recorder.hour_check import mark_damaged
from services.recorder.ledger import lock_upkeep
from services.recorder.retention import vacuum
from services.recorder.store import Store
from shared.history.compression import FORMAT, Sample, compress, decompress, intact
from shared.history.derived import HOUR_MS, SOURCES
from shared.history.readings import ends
from shared.history.tables import compressed_hour

DEVICES = 8
"""How many devices are compressed in one transaction, an hour of each: it takes about a tenth of a second."""


class Compressor:
    """Compresses some hours at a time. It searches once for what is due; a kill loses nothing that matters."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due: list[tuple[Table, int, Sequence[str]]] = []

    @property
    def has_work(self) -> bool:
        """Whether it knows hours that are due."""
        return bool(self._due)

    def work(self, cutoff: int) -> bool:
        """Compress an hour of some devices that ended by the cutoff; return whether there was any."""
        if not self._due:
            self._due = self._store.run(lambda connection: _due(connection, cutoff))
        if not self._due:
            return False
        table, start, devices = self._due.pop()
        self._store.run(lambda connection: _compress_hour(connection, table, start, devices))
        return True


def _due(connection: Connection, cutoff: int) -> list[tuple[Table, int, Sequence[str]]]:
    """Return the oldest hour of every device that has one which ended by the cutoff, some devices at a time."""
    found: list[tuple[Table, int, Sequence[str]]] = []
    for source in SOURCES.values():
        hours: dict[int, list[str]] = {}
        oldest = {device: _hour(at) for device, at in ends(connection, source.raw, "min").items()}
        while left_alone := _left_alone(connection, source.raw, oldest):
            for device in left_alone:
                at = _first_since(connection, source.raw, device, oldest.pop(device) + HOUR_MS)
                if at is not None:
                    oldest[device] = _hour(at)
        for device, start in oldest.items():
            hours.setdefault(start, []).append(device)
        for start, devices in hours.items():
            if start + HOUR_MS <= cutoff:
                found += [(source.raw, start, devices[i : i + DEVICES]) for i in range(0, len(devices), DEVICES)]
    return found


def _hour(at: int) -> int:
    return at // HOUR_MS * HOUR_MS


def _left_alone(connection: Connection, table: Table, hours: Mapping[str, int]) -> list[str]:
    """Return the devices whose hour is damaged or in an unknown format: late readings for it stay rows."""
    hour = compressed_hour.c
    query = select(hour.device).where(
        hour.source == table.name, tuple_(hour.device, hour.at).in_(list(hours.items())), hour.format != FORMAT
    )
    return list(connection.execute(query).scalars())


def _first_since(connection: Connection, table: Table, device: str, since: int) -> int | None:
    query = select(func.min(table.c.at)).where(table.c.device == device, table.c.at >= since)
    return connection.execute(query).scalar()


def _compress_hour(connection: Connection, table: Table, start: int, devices: Sequence[str]) -> None:
    lock_upkeep(connection)
    names = [column.name for column in table.columns if column.name not in ("device", "at")]
    hour, device, at = compressed_hour.c, table.c.device, table.c.at
    these = (hour.source == table.name, hour.device.in_(devices), hour.at == start)
    before = {row.device: row.data for row in connection.execute(select(hour.device, hour.data).where(*these))}
    damaged = [name for name, data in before.items() if not intact(data)]
    if damaged:
        mark_damaged(connection, [(table.name, name, start) for name in damaged])
        devices = [name for name in devices if name not in damaged]
    moved = delete(table).where(device.in_(devices), at >= start, at < start + HOUR_MS)
    # RETURNING, so that a row inserted meanwhile is never deleted unseen
    rows = connection.execute(moved.returning(device, at, *(table.c[name] for name in names))).all()
    by_device = groupby(sorted(rows, key=itemgetter(0, 1)), key=itemgetter(0))
    hours = [
        {"source": table.name, "device": name, "at": start}
        | _compressed([row[1:] for row in group], before.get(name), names)
        for name, group in by_device
    ]
    if not hours:  # another recorder was faster
        return
    if before:
        connection.execute(delete(compressed_hour).where(*these, hour.device.in_([one["device"] for one in hours])))
    connection.execute(insert(compressed_hour), hours)
    vacuum(connection)


def _compressed(rows: Sequence[Sample], before: bytes | None, names: Sequence[str]) -> dict[str, Any]:
    """Return an hour's columns; of two samples with the same time the one compressed earlier stays."""
    by_time = {sample[0]: sample for sample in (*rows, *(decompress(before, names) if before else ()))}
    samples = [by_time[time] for time in sorted(by_time)]
    return {"last": samples[-1][0], "n": len(samples), "data": compress(names, samples), "format": FORMAT}
