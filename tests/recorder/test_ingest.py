"""A batch into a real file: whatever comes is a row or a dead letter, and nothing is acknowledged before."""

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.recorder.ingest import _retry, commit_batch, report_faults, run_upkeep, serve
from services.recorder.rows import RECORDED
from services.recorder.settings import RecorderSettings
from services.recorder.store import Store, open_store, set_aside
from services.recorder.undated import Dating
from services.recorder.upkeep import Upkeep
from shared.bus import Delivery
from shared.clock import Clock
from shared.conditions import Reason, storage
from shared.errors import DamagedError, StorageError
from shared.health import LAPSES_S, Health
from shared.messages import (
    ActionOutcome,
    Grid,
    GridState,
    InverterState,
    Message,
    OutageSchedule,
    PlugAction,
    PlugState,
    ServiceHealth,
    ServiceStatus,
    Via,
)
from shared.topics import GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE, PLUG_ACTION, PLUG_STATE, SERVICE_STATUS
from tests.support.living import living
from tests.support.recorded import ask
from tests.support.small_broker import Post, SmallBroker
from tests.support.waiting import until

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
MAIN = INVERTER_STATE.named("main")
PROTECTED = Reason.sentence("protected")


def wire(message: Message) -> bytes:
    return message.model_dump_json().encode()


def delivery(topic: str, payload: bytes) -> Delivery:
    return Delivery(topic, payload, retained=False, ack=lambda: None)


def reading(second: int) -> Delivery:
    return delivery(MAIN, wire(InverterState(at=NOW + timedelta(seconds=second), load_power_w=second)))


async def test_what_the_broker_has_is_recorded_once_and_the_last_batch_at_the_end(
    small_broker: SmallBroker, path: Path
) -> None:
    settings = RecorderSettings(_env_file=None, db_path=path, batch_seconds=0.05, **small_broker.settings)
    now = datetime.now(UTC)
    small_broker.publish(MAIN, InverterState(at=now, load_power_w=1))
    async with living("recorder", settings, serve, small_broker, mqtt5=False):
        await until(lambda: ask(path, "SELECT load_power_w FROM inverter_state") == [(1,)])
        for second in (0, 1, 2):
            small_broker.publish(MAIN, InverterState(at=now + timedelta(seconds=second), load_power_w=1 + second))
        small_broker.route(Post(MAIN, b"no reading"))
        await until(lambda: small_broker.on("service/recorder/status")[-1]["state"] == ServiceHealth.DEGRADED)
    assert ask(path, "SELECT load_power_w FROM inverter_state ORDER BY at") == [(1,), (2,), (3,)]
    assert ask(path, "SELECT topic, payload FROM dead_letter") == [(MAIN, b"no reading")]


def test_a_bad_message_is_kept_aside_with_its_reason(store: Store, path: Path) -> None:
    faults = commit_batch(
        [reading(1), delivery("inverter/x/state", b"\xff"), reading(2), delivery(MAIN, b"")], store, NOW
    )
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(1,), (2,)]
    ((topic, reason, payload),) = ask(path, "SELECT topic, reason, payload FROM dead_letter")
    assert (topic, payload) == ("inverter/x/state", b"\xff")
    assert {topic: cause and cause.text for topic, cause in faults.items()} == {MAIN: None, "inverter/x/state": reason}


def test_a_bad_message_that_is_cleared_is_no_problem_any_more(store: Store) -> None:
    bad = [delivery("inverter/x/state", b"\xff")]
    cleared = [delivery("inverter/x/state", b"")]
    assert commit_batch(bad, store, NOW)["inverter/x/state"]
    assert commit_batch(cleared, store, NOW) == commit_batch(bad + cleared, store, NOW) == {"inverter/x/state": None}
    assert commit_batch(cleared + bad, store, NOW)["inverter/x/state"]


def test_a_row_that_the_database_refuses_is_kept_aside_too(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON inverter_state WHEN NEW.load_power_w = 2 "
            "BEGIN SELECT RAISE(ABORT, 'not two'); END"
        )
    commit_batch([reading(1), reading(2), reading(3)], store, NOW)
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(1,), (3,)]
    assert ask(path, "SELECT reason FROM dead_letter") == [("not two",)]


def test_the_same_bad_message_again_and_again_is_one_row(store: Store, path: Path) -> None:
    for _ in range(3):
        commit_batch([delivery(MAIN, b"nonsense")] * 5, store, NOW)
    assert ask(path, "SELECT count(*) FROM dead_letter") == [(1,)]


@settings(max_examples=60)
@given(
    topic=st.sampled_from([topic.named("x") for topic, _ in RECORDED])
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20),
    payload=st.binary(min_size=1, max_size=200)
    | st.sampled_from(["at", "since", "state", "windows"]).map(lambda name: f'{{"{name}":1e400}}'.encode()),
)
def test_any_payload_on_any_topic_is_a_row_or_a_dead_letter(
    store: Store, path: Path, topic: str, payload: bytes
) -> None:
    before = ask(path, "SELECT count(*) FROM dead_letter")[0][0]
    faults = commit_batch([delivery(topic, payload)], store, NOW)
    after = ask(path, "SELECT count(*) FROM dead_letter")[0][0]
    assert faults[topic]
    assert after - before in (0, 1)
    assert ask(path, "SELECT count(*) FROM inverter_state") == [(0,)]


def grid(second: int, state: Grid, since: int) -> Delivery:
    at, began = NOW + timedelta(seconds=second), NOW + timedelta(seconds=since)
    return delivery(GRID_STATE.named(), wire(GridState(at=at, since=began, state=state, voltage_v=230.0 + second)))


def test_a_lasting_grid_state_is_a_row_a_minute(store: Store, path: Path) -> None:
    batch = [grid(second, Grid.ON, 0) for second in range(0, 180, 5)]
    commit_batch([*batch, grid(180, Grid.OFF, 178), grid(185, Grid.OFF, 178), grid(190, Grid.ON, 190)], store, NOW)
    commit_batch(batch, store, NOW)  # the broker brings it again
    first = "(SELECT min(at) FROM grid_state)"
    stored = ask(path, f"SELECT (at - {first}) / 1000, state FROM grid_state ORDER BY at")
    assert stored == [(0, "on"), (60, "on"), (120, "on"), (180, "off"), (190, "on")]


def test_late_rows_fall_into_place(store: Store, path: Path) -> None:
    commit_batch([grid(600, Grid.ON, 0)], store, NOW)
    commit_batch([grid(300, Grid.OFF, 290), grid(305, Grid.OFF, 290)], store, NOW)
    assert ask(path, "SELECT state FROM grid_state ORDER BY at") == [("off",), ("on",)]


def test_a_plan_is_a_row_a_version(store: Store, path: Path) -> None:
    plan = OutageSchedule(at=NOW, queue="1.1", fetched_at=NOW)
    later = {"at": NOW + timedelta(minutes=5), "fetched_at": NOW + timedelta(minutes=5)}
    stale = {"at": NOW + timedelta(days=1), "stale": True}
    for message in (plan, plan.model_copy(update=later), plan.model_copy(update=stale)):
        commit_batch([delivery(OUTAGE_SCHEDULE.named(), wire(message))], store, message.at)
    assert ask(path, "SELECT stale FROM outage_schedule ORDER BY at") == [(0,), (1,)]


def test_a_service_is_a_row_a_change_and_its_will_holds_from_now(store: Store, path: Path) -> None:
    begun = ServiceStatus(at=NOW, state=ServiceHealth.ONLINE, since=NOW, version="1")
    will = ServiceStatus(at=NOW, state=ServiceHealth.OFFLINE, since=None, version="1")
    repeat = begun.model_copy(update={"at": NOW + timedelta(seconds=30)})
    topic = SERVICE_STATUS.named("bms")
    for number, message in enumerate((begun, repeat, will, will)):
        commit_batch([delivery(topic, wire(message))], store, NOW + timedelta(minutes=number))
    stored = ask(path, "SELECT (at - min(at) OVER ()) / 1000, state FROM service_status ORDER BY at")
    assert stored == [(0, "online"), (120, "offline")]


def test_a_plug_is_a_row_a_change_and_an_action_is_always_one(store: Store, path: Path) -> None:
    state = PlugState(at=NOW, name="Boiler", on=True, gangs={"1": True, "2": None}, confirmed=True, switched_by="grid")
    later = NOW + timedelta(seconds=30)
    off = state.model_copy(update={"at": later, "on": False, "switched_by": "device", "via": Via.LOCAL})
    for message in (state, state.model_copy(update={"at": NOW + timedelta(seconds=10)}), off):
        commit_batch([delivery(PLUG_STATE.named("boiler"), wire(message))], store, NOW)
    action = PlugAction(at=NOW, on=False, gang="1", by="grid", outcome=ActionOutcome.DONE, transition_id="t1")
    other = action.model_copy(update={"gang": "2", "outcome": ActionOutcome.REFUSED, "reason": PROTECTED})
    for done in (action, other, action, action.model_copy(update={"at": later})):
        commit_batch([delivery(PLUG_ACTION.named("boiler"), wire(done))], store, NOW)
    states = ask(path, 'SELECT device, name, "on", gangs, confirmed, switched_by, via FROM plug_state ORDER BY at')
    gangs = '{"1":true,"2":null}'
    assert states == [
        ("boiler", "Boiler", 1, gangs, 1, "grid", None),
        ("boiler", "Boiler", 0, gangs, 1, "device", "local"),
    ]
    actions = ask(path, "SELECT gang, outcome, reason, transition_id FROM plug_action ORDER BY at, gang")
    assert actions == [
        ("1", "done", None, "t1"),
        ("2", "refused", PROTECTED.model_dump_json(), "t1"),
        ("1", "done", None, "t1"),
    ]


def test_a_clock_that_jumps_back_costs_nothing(store: Store, path: Path) -> None:
    commit_batch([reading(second) for second in (100, 105, 40, 45, 100)], store, NOW)
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(40,), (45,), (100,), (105,)]


def spoil(path: Path, *, start: int, end: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[start:end] = b"x" * len(data[start:end])
    path.write_bytes(data)


async def test_a_damaged_database_is_set_aside_and_a_new_one_begun(path: Path) -> None:
    open_store(path).close()
    spoil(path, start=0, end=100)
    health = Health()
    store = await _retry(lambda: open_store(path), health)
    commit_batch([reading(1)], store, NOW)
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(1,)]
    (old,) = path.parent.glob("easun.damaged-*Z.db")
    assert old.read_bytes().startswith(b"xxx")
    assert [reason.params["name"] for reason in health.status(NOW).reasons] == [old.name]
    assert health.status(NOW).state is ServiceHealth.DEGRADED


async def test_a_database_damaged_while_running_is_set_aside(store: Store, path: Path) -> None:
    await asyncio.to_thread(commit_batch, [reading(number) for number in range(0, -3000, -1)], store, NOW)
    store.close()
    spoil(path, start=4096)
    health = Health()
    await _retry(lambda: commit_batch([reading(400)], store, NOW), health)
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(400,)]
    assert len(list(path.parent.glob("easun.damaged-*Z.db"))) == 1


def test_a_new_database_of_another_recorder_is_not_set_aside(path: Path) -> None:
    open_store(path).close()
    spoil(path, start=0, end=100)
    with pytest.raises(DamagedError) as caught:
        open_store(path)
    assert set_aside(caught.value, NOW)
    open_store(path).close()
    assert set_aside(caught.value, NOW) is None
    assert path.exists()


def test_what_fails_is_not_half_kept(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            commit_batch([reading(1)], store, NOW)
        other.execute("ROLLBACK")
    commit_batch([reading(1)], store, NOW)
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(1,)]


def test_a_topic_is_well_again_after_a_good_message() -> None:
    health = Health()
    cause = storage.NOT_RECORDED()
    report_faults({MAIN: cause}, health)
    assert health.status(NOW).reasons == (storage.rejected(topic=MAIN, cause=cause),)
    report_faults({MAIN: None}, health)
    assert health.status(NOW).reasons == ()


def test_an_unreadable_event_is_reported_for_a_while_and_a_state_until_it_is_replaced() -> None:
    health = Health()
    cause = storage.NOT_RECORDED()
    report_faults({MAIN: cause, "plug/boiler/action": cause, "home7/plug/boiler/action": cause}, health)
    health.lapse(time.monotonic() + LAPSES_S)
    assert health.status(NOW).reasons == (storage.rejected(topic=MAIN, cause=cause),)


async def test_damage_that_upkeep_meets_is_set_aside(store: Store, path: Path) -> None:
    health = Health()
    commit_batch([reading(number) for number in range(0, -3000, -1)], store, NOW)
    ((page,),) = ask(path, "SELECT pageno FROM dbstat WHERE name = 'rollup_due' ORDER BY pageno LIMIT 1")
    store.close()
    spoil(path, start=(page - 1) * 4096, end=page * 4096)
    upkeep, dating = Upkeep(store, ZoneInfo("Europe/Kyiv"), 400, clock=lambda: 0.0), Dating(store, Clock())
    await _retry(lambda: run_upkeep(upkeep, health, NOW, dating, trusted=True), health)
    assert len(list(path.parent.glob("easun.damaged-*Z.db"))) == 1
    assert [reason.code for reason in health.status(NOW).reasons] == ["storage.set_aside"]
    assert ask(path, "SELECT count(*) FROM inverter_state") == [(0,)]
