"""What is done beside the recording, and what its failures are called."""

import asyncio
import logging
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.recorder import caretaker
from services.recorder.caretaker import Caretaker
from services.recorder.nightly_backup import Backups
from services.recorder.rows import to_row
from services.recorder.store import Store
from shared.clock import Clock
from shared.health import Health
from shared.history import engine
from shared.messages import InverterState, ServiceHealth
from shared.topics import INVERTER_STATE
from tests.support.damaged import KYIV
from tests.support.waiting import until


async def test_a_busy_database_only_delays_the_backup(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before_the_night = InverterState(at=datetime.now(UTC) - timedelta(days=2))
    store.write([to_row(INVERTER_STATE.named("main"), before_the_night.model_dump_json().encode())])
    monkeypatch.setattr(engine, "WRITING", ("PRAGMA busy_timeout=20", *engine.WRITING[1:]))
    monkeypatch.setattr(caretaker, "LOOK_S", 0.02)
    caplog.set_level(logging.INFO, "recorder")
    health, backups = Health(), Backups(path, path.parent / "backups")
    work = asyncio.create_task(Caretaker(path, backups, KYIV, health, Clock(always_trusted=True)).run())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await until(lambda: "has to wait" in caplog.text)
        assert health.status(datetime.now(UTC)).state is ServiceHealth.ONLINE, "the recording is not touched by it"
    await until(backups.newest)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
