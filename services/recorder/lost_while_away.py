"""Which readings are lost because the recorder was away and the broker did not keep them.

The broker itself provides the proof. Published messages wait for the recorder, and the last one of each topic is also
retained, so after a reconnect the retained reading of a device is the last one that has waited. If it is later, the
broker had no room for those in between, or had forgotten the recorder. The availability shows whether the device
answered all the time. A device or service that was off, or a restarted broker, leaves no such gap.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, Table

from services.recorder.mending import SHOWN_FOR
from services.recorder.retention import note, set_note
from services.recorder.rows import Row
from services.recorder.store import Store
from shared.conditions import Reason, storage
from shared.history.readings import ends
from shared.history.tables import battery_availability, battery_state, from_ms, inverter_availability, inverter_state
from shared.messages import Contact, Moment
from shared.trusted_time import elapsed

READINGS_OF = {inverter_availability: inverter_state, battery_availability: battery_state}
LEAST = timedelta(minutes=5)
"""A killed broker has forgotten its last minute, which the services send again."""
NOTE = "lost_while_away"


class Loss(BaseModel):
    """The time of missing readings, as noted in the database."""

    model_config = ConfigDict(frozen=True)

    since: Moment
    until: Moment

    @property
    def length(self) -> timedelta:
        """How long that is."""
        return self.until - self.since

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Return what is noted, None where another version or a bad disk has left something else."""
        with suppress(ValidationError):
            return cls.model_validate_json(text)
        return None

    def overlaps(self, other: Self) -> bool:
        """Whether both have a time in common."""
        return self.since <= other.until and other.since <= self.until


class LostWhileAway:
    """Compares the retained readings with those that have waited, in order of arrival."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._newest: dict[tuple[Table, str], int] = {}
        self._holes: dict[tuple[Table, str], Loss] = {}
        self._loss: Loss | None = None
        self._has_news = False
        store.run(self._load)

    def see(self, table: Table, row: Row, *, retained: bool) -> None:
        """Note a recorded message; retained: the broker sent it as the retained one."""
        device = row[0]
        if table in READINGS_OF.values():
            self._see_reading((table, device), row[1], retained=retained)
        elif retained and table in READINGS_OF:
            values = dict(zip(table.columns.keys(), row, strict=True))
            hole = self._holes.pop((READINGS_OF[table], device), None)
            if hole and values["state"] == Contact.ONLINE:  # otherwise it is unknown how long it had answered
                self._add(Loss(since=max(hole.since, from_ms(values["since"])), until=hole.until))

    def persist(self) -> None:
        """Save what was found, before the messages that prove it are acknowledged."""
        if self._loss and self._has_news:
            text = self._loss.model_dump_json()
            self._store.run(lambda connection: set_note(connection, NOTE, text))
            self._has_news = False

    def reason(self, now: datetime) -> Reason | None:
        """Return what to report, for a week."""
        if self._loss is None:
            return None
        age = elapsed(self._loss.until, now)
        if age and age > SHOWN_FOR:
            return None
        return storage.lost_while_away(since=self._loss.since, until=self._loss.until, length=self._loss.length)

    def _see_reading(self, device: tuple[Table, str], at: int, *, retained: bool) -> None:
        before = self._newest.get(device, at)
        hole = Loss(since=from_ms(before), until=from_ms(at))
        if retained and hole.length >= LEAST:
            self._holes[device] = hole
        self._newest[device] = max(before, at)

    def _add(self, loss: Loss) -> None:
        if loss.length < LEAST:
            return
        if self._loss and self._loss.overlaps(loss):  # what another device lost at the same time
            loss = Loss(since=min(loss.since, self._loss.since), until=max(loss.until, self._loss.until))
        self._loss, self._has_news = loss, True

    def _load(self, connection: Connection) -> None:
        for table in READINGS_OF.values():
            self._newest |= {(table, device): at for device, at in ends(connection, table, "max").items()}
        self._loss = Loss.from_json(note(connection, NOTE) or "")
