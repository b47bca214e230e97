"""What is kept of the messages that come, and how it is kept up from a real broker."""

import asyncio
import threading
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.broker_mirror import BrokerMirror
from shared.broker_state import SECTIONS, STATE_TOPICS, BrokerState, messages
from shared.bus import Bus
from shared.conditions.broker import STOPPED
from shared.health import Health
from shared.messages import BatteryInfo, Grid, GridState, InverterState, Message, OutageSchedule, PlugInfo, PlugState
from shared.settings import MqttSettings
from shared.topics import BATTERY_INFO, GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE, PLUG_STATE, TOPICS, Topic
from tests.support.broker import Broker
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, until

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
BY_TOPIC = {section.topic: section for section in SECTIONS}


def keep(state: BrokerState, topic: Topic[Any], name: str, message: Message, now: datetime = NOW) -> BrokerState:
    return BY_TOPIC[topic].updated(state, name, message, now)


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


@pytest.mark.parametrize(
    ("known_s", "comes_s", "expected_s"),
    [
        pytest.param(-10, -5, -5, id="newer"),
        pytest.param(-5, -10, -5, id="the-past-catching-up"),
        pytest.param(-5, -5, -5, id="the-same-again"),
        pytest.param(86400, -5, -5, id="a-clock-was-a-day-ahead"),
        pytest.param(10, -5, 10, id="another-clock-a-little-ahead"),
    ],
)
def test_the_newest_that_can_be_true_is_kept(known_s: int, comes_s: int, expected_s: int) -> None:
    state = BrokerState()
    for second in (known_s, comes_s):
        state = keep(state, INVERTER_STATE, "main", InverterState(at=seconds(second)))
        state = keep(state, GRID_STATE, "", GridState(at=seconds(second), since=NOW, state=Grid.ON))
    assert state.inverters["main"].at == seconds(expected_s)
    assert state.grid is not None
    assert state.grid.at == seconds(expected_s)


def test_what_is_no_reading_is_replaced_by_whatever_comes_later() -> None:
    state = keep(BrokerState(), OUTAGE_SCHEDULE, "", OutageSchedule(at=NOW, queue="5.2"))
    state = keep(state, OUTAGE_SCHEDULE, "", OutageSchedule(at=seconds(-60), queue="1.1"))
    assert state.schedule is not None
    assert state.schedule.queue == "1.1"


def test_a_snapshot_does_not_change_afterwards() -> None:
    before = keep(BrokerState(), PLUG_STATE, "boiler", PlugState(at=NOW, name="Boiler"))
    after = keep(before, PLUG_STATE, "desk", PlugState(at=NOW, name=""))
    assert set(before.plugs) == {"boiler"}
    assert BY_TOPIC[PLUG_STATE].removed(after, "boiler").plugs.keys() == {"desk"}
    assert BY_TOPIC[PLUG_STATE].removed(before, "desk") is before
    assert [after.plug_name(device) for device in ("boiler", "desk", "other")] == ["Boiler", "desk", "other"]


def test_a_battery_has_the_name_of_its_owner() -> None:
    state = keep(BrokerState(), BATTERY_INFO, "c1", BatteryInfo(at=NOW, address="C8:47", name="Cellar"))
    assert [state.battery_name(device) for device in ("c1", "c2")] == ["Cellar", "c2"]


@pytest.mark.parametrize(
    ("gang", "named", "shown"),
    [
        pytest.param("switch_1", "Lamp", "Lamp", id="as-its-owner-calls-it"),
        pytest.param("switch_1", "switch_1", "1", id="nobody-has-named-it"),
        pytest.param("switch_12", "", "12", id="named-nothing"),
        pytest.param("switch_2", None, "2", id="not-listed"),
        pytest.param("switch", "switch", "switch", id="the-only-one"),
        pytest.param("usb_1", None, "usb_1", id="another-code"),
    ],
)
def test_a_gang_has_the_name_of_its_owner_else_its_number(gang: str, named: str | None, shown: str) -> None:
    rule = {"enabled": True, "protected": False, "follows_grid": True, "priority": 1}
    gangs = {} if named is None else {gang: named}
    info = PlugInfo.model_validate({"at": NOW, "name": "Strip", "gangs": gangs} | rule)
    assert BrokerState(plug_infos={"strip": info}).gang_name("strip", gang) == shown


def test_every_retained_topic_has_its_field() -> None:
    assert set(STATE_TOPICS) == {topic for topic in TOPICS if topic.retain}
    assert len(SECTIONS) == len(fields(BrokerState)) - 2  # connected and listening_since come from the mirror


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.topic.template)
def test_a_section_reads_what_it_has_put(section: Any) -> None:
    name = "x" if "{name}" in section.topic.template else ""
    message = section.topic.payload.model_construct(at=NOW)
    state = section.updated(BrokerState(), name, message, NOW)
    assert list(messages(state)) == [(section.topic.named(name), message)]
    assert section.removed(state, name) == BrokerState()


def a_bus(broker: Broker, service: str) -> Bus:
    settings = MqttSettings(
        _env_file=None, mqtt_host="127.0.0.1", mqtt_port=broker.port, mqtt_secrets_dir=broker.secrets_dir
    )
    return Bus(settings, service, Health())


async def test_the_mirror_follows_the_broker(broker: Broker) -> None:
    changes: list[tuple[str, Message | None]] = []
    bus = a_bus(broker, "bot")
    topics = (GRID_STATE, INVERTER_STATE)
    mirror = BrokerMirror(
        bus, topics=topics, on_change=lambda topic, name, message: changes.append((topic.named(name), message))
    )
    assert mirror.snapshot() == BrokerState(listening_since=mirror.snapshot().listening_since)
    now = datetime.now(UTC).replace(microsecond=0)
    reading, late = InverterState(at=now), InverterState(at=now - timedelta(minutes=1))
    with Viewer(broker, "poller") as poller:
        task = asyncio.create_task(bus.run())
        await until(lambda: mirror.snapshot().connected)
        for message in (reading, late):
            poller.client.publish("inverter/main/state", message.model_dump_json(), qos=1, retain=True)
        await until(lambda: "main" in mirror.snapshot().inverters)
        poller.client.publish("inverter/main/state", b"", qos=1, retain=True)
        await until(lambda: not mirror.snapshot().inverters)
        await bus.close(STOPPED())
        await task
    assert changes == [("inverter/main/state", reading), ("inverter/main/state", None)]
    assert not mirror.snapshot().connected


async def test_live_only_skips_what_is_retained(broker: Broker) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    retained, live = (GridState(at=now, since=now, state=state) for state in (Grid.OFF, Grid.ON))
    seen: list[Message | None] = []
    bus = a_bus(broker, "tuya")
    mirror = BrokerMirror(
        bus, topics=[GRID_STATE], live_only=[GRID_STATE], on_change=lambda *change: seen.append(change[2])
    )
    with Viewer(broker, "poller") as poller:
        poller.client.publish("grid/state", retained.model_dump_json(), qos=1, retain=True).wait_for_publish(PATIENCE_S)
        task = asyncio.create_task(bus.run())
        await bus.connected.wait()
        assert await bus.retained(PLUG_STATE, "none") is None  # answered, so what is retained has come before
        poller.client.publish("grid/state", live.model_dump_json(), qos=1, retain=True)
        await until(lambda: mirror.snapshot().grid)
        task.cancel()
        await asyncio.wait([task])
    assert seen == [live]


def test_any_thread_may_read_while_messages_come() -> None:
    """What a thread reads is whole: names and readings of one moment."""
    section, state = BY_TOPIC[INVERTER_STATE], [BrokerState()]
    torn: list[BrokerState] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            seen = state[0]
            if sorted(seen.inverters) != [str(number) for number in range(len(seen.inverters))]:
                torn.append(seen)

    thread = threading.Thread(target=read)
    thread.start()
    for turn in range(2000):
        state[0] = section.updated(state[0], str(turn % 10), InverterState(at=seconds(turn / 10)), seconds(turn / 10))
    ended.set()
    thread.join()
    assert torn == []
