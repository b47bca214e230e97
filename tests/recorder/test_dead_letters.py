"""Dead letters after the fact: what only came too early is recorded in its time, and the rest is bounded."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.recorder import dead_letters
from services.recorder.dead_letters import KEEP_DAYS, Bound
from services.recorder.ingest import commit_batch
from services.recorder.rows import MAX_AHEAD
from services.recorder.store import Store, open_store
from services.recorder.upkeep import Upkeep
from shared.bus import Delivery
from shared.history.engine import Place
from shared.messages import InverterState
from shared.topics import INVERTER_STATE
from tests.support.recorded import a_reading_a_day, ask

BEHIND = datetime(2026, 11, 23, 18, tzinfo=UTC)
"""What our clock says at boot, before it has asked anybody."""
TRUE = BEHIND + timedelta(days=40)
MAIN = INVERTER_STATE.named("main")
LEFT = "SELECT count(*) FROM dead_letter"


def reading(at: datetime, load: int = 700) -> bytes:
    return InverterState(at=at, load_power_w=load).model_dump_json().encode()


def delivery(topic: str, payload: bytes) -> Delivery:
    return Delivery(topic, payload, retained=False, ack=lambda: None)


def tend(store: Store, now: datetime) -> None:
    Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(now)


def test_what_came_before_our_clock_was_right_is_recorded_once_it_is(database: Place) -> None:
    store = open_store(database)
    commit_batch([delivery(MAIN, reading(TRUE)), delivery(MAIN, reading(TRUE + timedelta(hours=1)))], store, BEHIND)
    tend(store, BEHIND + timedelta(minutes=1))
    assert ask(database, "SELECT count(*) FROM inverter_state") == [(0,)]
    tend(store, TRUE - MAX_AHEAD)
    assert ask(database, "SELECT load_power_w FROM inverter_state") == [(700,)]
    assert ask(database, LEFT) == [(1,)], "the other one is still ahead"
    assert ask(database, "SELECT count(*) FROM inverter_rollup") == [(3,)], "and it is in the roll-ups"


def test_what_is_wrong_otherwise_stays_aside(database: Place) -> None:
    store = open_store(database)
    commit_batch([delivery(MAIN, b"{"), delivery("inverter/x/state", b'{"at":"2026-11-23T18:00:00"}')], store, BEHIND)
    tend(store, TRUE)
    assert ask(database, LEFT) == [(2,)]


def test_what_the_database_refuses_then_is_tried_once(store: Store, path: Path) -> None:
    commit_batch([delivery(MAIN, reading(TRUE, load)) for load in (1, 2)], store, BEHIND)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON inverter_state WHEN NEW.load_power_w = 2 "
            "BEGIN SELECT RAISE(ABORT, 'not two'); END"
        )
    tend(store, TRUE)
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(1,)]
    assert ask(path, "SELECT count(*), max(holds_at) FROM dead_letter") == [(1, None)]


def test_a_long_message_of_which_a_part_was_cut_off_is_not_tried(database: Place) -> None:
    store = open_store(database)
    long = InverterState(at=TRUE, warnings=("w" * 20_000,)).model_dump_json().encode()
    commit_batch([delivery(MAIN, long)], store, BEHIND)
    tend(store, TRUE)
    assert ask(database, "SELECT count(*), max(holds_at) FROM dead_letter") == [(1, None)]


def test_old_ones_go(database: Place) -> None:
    store = open_store(database)
    commit_batch([delivery(MAIN, b"old")], store, BEHIND)
    commit_batch([delivery(MAIN, b"new")], store, BEHIND + timedelta(days=1))
    over = BEHIND + timedelta(days=KEEP_DAYS, hours=1)
    tend(store, over)
    assert ask(database, LEFT) == [(2,)], "a clock alone deletes nothing"
    store.write(a_reading_a_day(over, days=KEEP_DAYS))
    tend(store, over)
    assert ask(database, "SELECT payload FROM dead_letter") == [(b"new",)]


def test_there_are_never_too_many(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "JUNK", Bound(300, 10**6))
    for second in range(700):
        commit_batch([delivery(MAIN, b"%d" % second)], store, BEHIND + timedelta(seconds=second))
    tend(store, BEHIND + timedelta(hours=1))
    assert ask(path, "SELECT count(*), min(CAST(payload AS TEXT) + 0) FROM dead_letter") == [(300, 400)]


def test_junk_never_pushes_out_what_is_only_early(database: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "JUNK", Bound(20, 10**6))
    monkeypatch.setattr(dead_letters, "EARLY", Bound(50, 10**6))
    store = open_store(database)
    commit_batch(
        [delivery(MAIN, reading(TRUE + timedelta(seconds=number), number)) for number in range(30)], store, BEHIND
    )
    later = BEHIND + timedelta(minutes=1)
    commit_batch([delivery(MAIN, b"junk %d" % number) for number in range(100)], store, later)
    tend(store, later)
    kinds = ask(database, "SELECT holds_at IS NOT NULL, count(*) FROM dead_letter GROUP BY 1 ORDER BY 1")
    assert [count for _, count in kinds] == [20, 30]
    tend(store, TRUE + timedelta(hours=1))
    assert ask(database, "SELECT count(*) FROM inverter_state") == [(30,)]


def test_letters_are_bounded_by_their_size_too(database: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "JUNK", Bound(100, 10_000))
    store = open_store(database)
    for number in range(20):
        commit_batch([delivery(MAIN, b"%04d" % number * 250)], store, BEHIND + timedelta(seconds=number))
    tend(store, BEHIND + timedelta(hours=1))
    assert ask(database, "SELECT count(*) FROM dead_letter") == [(10,)]
