"""The bus against a real Mosquitto."""

import asyncio
import gc
import os
import subprocess
import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.bus import Bus, Delivery
from shared.bus.paho_client import READ_AHEAD, BufferedSocket
from shared.bus.twin import SAME_AGE_S
from shared.clock import utc_now
from shared.conditions import broker as conditions
from shared.errors import ConfigError, TwinError
from shared.health import LAPSES_S, Health
from shared.messages import Grid, GridState, ProcessStamp, ReplayRequest, ServiceHealth, ServiceStatus
from shared.settings import MqttSettings
from shared.topics import GRID_STATE, PLUG_SET, REPLAY_REQUEST
from tests.support.broker import ROOT, Broker
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.processes

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
MQTT = pytest.mark.parametrize("mqtt5", [True, False], ids=["mqtt-5", "mqtt-3"])


def settings(broker: Broker, **changes: Any) -> MqttSettings:
    at: dict[str, Any] = {"mqtt_host": "127.0.0.1", "mqtt_port": broker.port, "mqtt_secrets_dir": broker.secrets_dir}
    return MqttSettings(_env_file=None, **at | changes)


def grid(number: int) -> GridState:
    return GridState(at=START + timedelta(seconds=number), since=START, state=Grid.ON, voltage_v=float(number))


def numbers(viewer: Viewer) -> list[int]:
    return [int(payload["voltage_v"]) for payload in viewer.on("grid/state")]


def texts(health: Health) -> str:
    """Return why the service is degraded."""
    return " ".join(reason.text for reason in health.status(START).reasons)


@asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(bus.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_state_is_retained_and_the_birth_says_online(broker: Broker, viewer: Viewer) -> None:
    bus = Bus(settings(broker), "poller", Health())
    async with running(bus):
        bus.publish(GRID_STATE, grid(1))
        await until(lambda: viewer.on("grid/state"))
        status = await asyncio.to_thread(viewer.wait_for, "service/poller/status", state="online")
    assert status["reasons"] == []
    with Viewer(broker) as newcomer:
        assert (await asyncio.to_thread(newcomer.last, "grid/state"))["voltage_v"] == 1


async def test_the_will_says_offline_when_nobody_else_can(broker: Broker, viewer: Viewer) -> None:
    bus = Bus(settings(broker), "poller", Health())
    async with running(bus):
        await bus.connected.wait()
        assert bus._connection
        bus._connection._client.socket().close()  # type: ignore[union-attr]
        gone = await asyncio.to_thread(viewer.wait_for, "service/poller/status", state="offline")
    assert [reason["code"] for reason in gone["reasons"]] == ["service.vanished"]
    assert gone["since"] is None


async def test_a_goodbye_says_why(broker: Broker, viewer: Viewer) -> None:
    bus = Bus(settings(broker), "poller", Health())
    async with running(bus):
        await bus.connected.wait()
        await bus.close(conditions.STOPPED())
        gone = await asyncio.to_thread(viewer.wait_for, "service/poller/status", state="offline")
    assert [reason["text"] for reason in gone["reasons"]] == ["Stopped."]


async def test_publishes_wait_for_a_broker_that_is_away_and_keep_their_order(broker: Broker) -> None:
    broker.stop()
    health = Health()
    bus = Bus(settings(broker), "poller", health)
    async with running(bus):
        for number in range(100):
            bus.publish(GRID_STATE, grid(number))
        await until(lambda: health.status(START).state is ServiceHealth.DEGRADED)
        assert "No broker at" in texts(health)
        broker.start()
        with Viewer(broker) as viewer:
            await until(lambda: 99 in numbers(viewer))
        assert health.status(START).state is ServiceHealth.ONLINE


@MQTT
async def test_nothing_is_lost_or_disordered_when_the_broker_is_killed(broker: Broker, mqtt5: bool) -> None:
    """A durable subscriber gets every message, whenever the broker dies and although it had saved nothing."""
    received: list[int] = []

    def take(delivery: Delivery) -> None:
        received.append(int(GRID_STATE.parse(delivery.payload).voltage_v or 0))
        delivery.ack()

    publisher = Bus(settings(broker), "poller", Health(), session_s=3600)
    subscriber = Bus(settings(broker), "recorder", Health(), session_s=3600, mqtt5=mqtt5)
    subscriber.collect(GRID_STATE, take)
    async with running(publisher), running(subscriber):
        await asyncio.gather(publisher.connected.wait(), subscriber.connected.wait())
        for number in range(300):
            publisher.publish(GRID_STATE, grid(number))
            if number in (100, 200):
                await asyncio.to_thread(broker.kill)
                await asyncio.to_thread(broker.start)
            await asyncio.sleep(0.002)
        await until(lambda: 299 in received)
    assert list(dict.fromkeys(received)) == list(range(300))


async def test_what_a_killed_broker_may_have_lost_is_published_again_for_the_recorder_alone(broker: Broker) -> None:
    again: list[Delivery] = []
    heard: list[str] = []
    publisher = Bus(settings(broker), "poller", Health())
    recorder = Bus(settings(broker), "recorder", Health(), mqtt5=False)
    recorder.collect(GRID_STATE.replay, again.append)
    other = Bus(settings(broker), "bot", Health())
    other.subscribe(GRID_STATE, lambda _name, message: heard.append(message.at.isoformat()))
    async with running(publisher), running(recorder), running(other):
        await asyncio.gather(*(bus.connected.wait() for bus in (publisher, recorder, other)))
        for number in range(5):
            publisher.publish(GRID_STATE, grid(number))
        await publisher.flush()
        await until(lambda: len(heard) == 5)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await until(lambda: len(again) >= 5)
    assert [GRID_STATE.parse(one.payload).voltage_v for one in again[:5]] == [0, 1, 2, 3, 4]
    assert {(one.topic, one.retained) for one in again} == {("replay/grid/state", False)}
    assert set(heard[5:]) <= {heard[4]}  # the newest, which is retained


def recorder_of(broker: Broker, again: list[Delivery]) -> Bus:
    """Return the bus of a recorder, which asks for what it has missed."""
    recorder = Bus(settings(broker), "recorder", Health(), session_s=3600, mqtt5=False)
    recorder.collect(GRID_STATE.replay, again.append)
    recorder.on_new_session(lambda: recorder.publish(REPLAY_REQUEST, ReplayRequest(at=utc_now())))
    return recorder


async def test_a_recorder_that_the_broker_has_forgotten_gets_what_was_published_lately(
    broker: Broker, viewer: Viewer
) -> None:
    """Its session has expired, as where the clock leaps, and whoever publishes was connected all the while."""
    again: list[Delivery] = []
    publisher = Bus(settings(broker), "poller", Health(), session_s=3600)
    async with running(publisher):
        for number in range(5):
            publisher.publish(GRID_STATE, grid(number))
        await publisher.flush()
        async with running(recorder_of(broker, again)):
            await until(lambda: len(again) == 5)
        recorder = recorder_of(broker, again)
        async with running(recorder):  # it has a session now
            await recorder.connected.wait()
            await recorder.flush()
            await asyncio.to_thread(viewer.wait_for, "service/recorder/status", state="online")
    assert [GRID_STATE.parse(one.payload).voltage_v for one in again[:5]] == [0, 1, 2, 3, 4]
    assert len(viewer.on("replay/request")) == 1


async def test_so_does_one_whose_broker_came_back_without_its_session(broker: Broker) -> None:
    """Broker and poller were killed together, and the poller was back first."""
    again: list[Delivery] = []
    recorder = recorder_of(broker, again)
    async with running(recorder):
        await recorder.connected.wait()
        await recorder.flush()
    await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)
    publisher = Bus(settings(broker), "poller", Health())
    async with running(publisher):
        for number in range(5):
            publisher.publish(GRID_STATE, grid(number))
        await publisher.flush()
        async with running(recorder):
            await until(lambda: len(again) == 5)
    assert [GRID_STATE.parse(one.payload).voltage_v for one in again] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("mqtt5_before", [True, False], ids=["session-of-5", "session-of-3"])
@MQTT
async def test_what_was_not_acknowledged_comes_again(broker: Broker, mqtt5: bool, mqtt5_before: bool) -> None:
    first: list[bytes] = []
    again: list[bytes] = []
    publisher = Bus(settings(broker), "poller", Health())
    async with running(publisher):
        before = Bus(settings(broker), "recorder", Health(), session_s=3600, mqtt5=mqtt5_before)
        before.collect(GRID_STATE, lambda delivery: first.append(delivery.payload))
        async with running(before):
            await before.wait_for_retained()  # by then it is subscribed
            publisher.publish(GRID_STATE, grid(7))
            await until(lambda: first)
        after = Bus(settings(broker), "recorder", Health(), session_s=3600, mqtt5=mqtt5)
        after.collect(GRID_STATE, lambda delivery: None if delivery.retained else again.append(delivery.payload))
        async with running(after):
            await until(lambda: again)
    assert again == first


async def test_a_pause_keeps_messages_in_the_network(broker: Broker) -> None:
    received: list[Delivery] = []
    publisher = Bus(settings(broker), "poller", Health())
    subscriber = Bus(settings(broker), "recorder", Health(), mqtt5=False)
    subscriber.collect(GRID_STATE, received.append)
    async with running(publisher), running(subscriber):
        await asyncio.gather(publisher.connected.wait(), subscriber.connected.wait())
        publisher.publish(GRID_STATE, grid(0))
        await until(lambda: received)
        subscriber.pause_receiving()
        for number in range(1, 300):
            publisher.publish(GRID_STATE, grid(number))
        await publisher.flush()
        assert len(received) == 1
        subscriber.resume_receiving()
        await until(lambda: len(received) == 300)


@MQTT
async def test_a_flood_leaves_time_for_everything_else(broker: Broker, mqtt5: bool) -> None:
    """Whoever handles messages more slowly than they come must acknowledge them all the same, or the broker leaves."""
    turn, seen = 0, list[int]()

    async def take_turns() -> None:
        nonlocal turn
        while len(seen) < 40:
            turn += 1
            await asyncio.sleep(0)

    def handle(delivery: Delivery) -> None:
        seen.append(turn)
        delivery.ack()
        time.sleep(0.001)

    subscriber = Bus(settings(broker), "recorder", Health(), mqtt5=mqtt5)
    subscriber.collect(GRID_STATE, handle)
    with Viewer(broker, "poller") as flood:
        async with running(subscriber):
            await subscriber.connected.wait()
            for _ in range(40):
                flood.client.publish("grid/state", b" " * (READ_AHEAD // 4), qos=1)
            await take_turns()
    assert max(Counter(seen).values()) <= 5


async def test_a_connection_that_has_ended_leaves_nothing_behind(broker: Broker) -> None:
    """Nor has it to wait for the garbage collector, which may not come by for an hour."""
    bus = Bus(settings(broker), "poller", Health())
    async with running(bus):
        await bus.connected.wait()
        assert bus._connection
        client = weakref.ref(bus._connection._client)
        gc.disable()
        try:
            broker.kill()
            await until(lambda: client() is None)
        finally:
            gc.enable()
            broker.start()


async def test_paho_reads_through_our_socket(broker: Broker) -> None:
    """An upgrade of paho may rename what we override."""
    bus = Bus(settings(broker), "poller", Health())
    async with running(bus):
        await bus.connected.wait()
        assert bus._connection
        assert isinstance(bus._connection._client.socket(), BufferedSocket)


async def test_a_handler_that_raises_ends_the_run(broker: Broker) -> None:
    def broken(_name: str, _message: GridState) -> None:
        raise ZeroDivisionError

    bus = Bus(settings(broker), "recorder", Health())
    bus.subscribe(GRID_STATE, broken)
    publisher = Bus(settings(broker), "poller", Health())
    async with running(publisher):
        publisher.publish(GRID_STATE, grid(1))
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(bus.run(), PATIENCE_S)


async def test_a_message_that_does_not_parse_is_reported_and_the_next_one_read(broker: Broker) -> None:
    seen: list[GridState] = []
    health = Health()
    bus = Bus(settings(broker), "recorder", health)
    bus.subscribe(GRID_STATE, lambda _name, message: seen.append(message))
    async with running(bus):
        await bus.connected.wait()
        with Viewer(broker, "poller") as poller:
            poller.client.publish("grid/state", b"{half", qos=1)
            await until(lambda: "grid/state" in texts(health))
            poller.client.publish("grid/state", grid(3).model_dump_json(), qos=1)
            await until(lambda: seen)
    assert health.status(START).state is ServiceHealth.ONLINE


async def test_a_message_that_does_not_parse_is_no_problem_any_more_once_it_is_cleared(broker: Broker) -> None:
    health = Health()
    bus = Bus(settings(broker), "recorder", health)
    bus.subscribe(GRID_STATE, lambda _name, _message: None)
    async with running(bus):
        await bus.connected.wait()
        with Viewer(broker, "poller") as poller:
            poller.client.publish("grid/state", b"{half", qos=1, retain=True)
            await until(lambda: "grid/state" in texts(health))
            poller.client.publish("grid/state", b"", qos=1, retain=True)
            await until(lambda: health.status(START).state is ServiceHealth.ONLINE)


async def test_a_command_that_does_not_parse_is_no_problem_for_ever(broker: Broker) -> None:
    health = Health()
    bus = Bus(settings(broker), "tuya", health)
    bus.subscribe(PLUG_SET, lambda _name, _message: None)
    async with running(bus):
        await bus.connected.wait()
        with Viewer(broker, "dashboard") as dashboard:
            dashboard.client.publish("plug/boiler/set", b"ON", qos=1)
            await until(lambda: "plug/boiler/set" in texts(health))
    health.lapse(time.monotonic() + LAPSES_S)
    assert health.status(START).state is ServiceHealth.ONLINE


@pytest.mark.parametrize("password", ["wrong", "ще гірше"])
async def test_a_wrong_password_is_final_and_not_repeated(broker: Broker, password: str) -> None:
    bus = Bus(settings(broker, mqtt_password=password), "poller", Health())
    with pytest.raises(ConfigError, match='refuses the user "poller"') as refusal:
        await asyncio.wait_for(bus.run(), PATIENCE_S)
    assert password not in str(refusal.value)


async def test_no_password_names_the_file(broker: Broker) -> None:
    (broker.secrets_dir / "poller").unlink()
    with pytest.raises(ConfigError, match="MQTT_PASSWORD"):
        await asyncio.wait_for(Bus(settings(broker), "poller", Health()).run(), 10)


async def test_the_access_list_is_felt(broker: Broker) -> None:
    health = Health()
    bus = Bus(settings(broker), "recorder", health)
    async with running(bus):
        bus.publish(GRID_STATE, grid(1))
        await until(lambda: "does not let this account write grid/state" in texts(health))


async def test_of_two_with_one_id_the_younger_leaves_and_the_older_goes_on(broker: Broker, viewer: Viewer) -> None:
    older = Bus(settings(broker), "poller", Health())
    async with running(older) as first:
        await older.connected.wait()
        await until(lambda: time.monotonic() - older._status._started_s > SAME_AGE_S + 2)  # as published ages lag
        with pytest.raises(TwinError, match="Another easun-poller has been running on the broker"):
            await Bus(settings(broker), "poller", Health()).run()
        await until(older.connected.is_set)
        older.publish(GRID_STATE, grid(1))
        await until(lambda: numbers(viewer) == [1])
        assert not first.done()
        await until(lambda: viewer.on("service/poller/status")[-1]["state"] != "offline")


async def test_a_process_of_ours_that_is_gone_is_no_twin(broker: Broker) -> None:
    """Its last words may come back with a broker that was killed, and they are not the same each time."""
    bus = Bus(settings(broker), "poller", Health())
    async with running(bus) as task:
        await bus.connected.wait()
        gone = ServiceStatus(at=START, state=ServiceHealth.ONLINE, since=START, version="1")
        gone = gone.model_copy(update={"process": ProcessStamp(id="gone", age_s=1e6)})
        for _ in range(3):
            broker.kill()
            broker.start()
            await until(bus.connected.is_set)
            bus._look_for_twin(gone.model_dump_json().encode())
        assert not task.done()


async def test_a_stranger_with_our_name_cannot_take_our_place(broker: Broker, viewer: Viewer) -> None:
    """Any account may connect with any client id: a taken one would end our connection and wipe what waits for us."""
    bus = Bus(settings(broker), "recorder", Health(), session_s=3600)
    said = partial(viewer.on, "service/recorder/status")
    async with running(bus):
        await until(lambda: len(said()) == 1)
        with Viewer(broker, client_id="easun-recorder"):
            bus.send_status()
            await until(lambda: len(said()) >= 2)
        assert {status["state"] for status in said()} == {"online"}


async def test_retained_gives_what_the_broker_keeps_or_none(broker: Broker) -> None:
    bus = Bus(settings(broker), "poller", Health(), session_s=3600)
    async with running(bus):
        await bus.connected.wait()
        assert await bus.retained(GRID_STATE) is None
        bus.publish(GRID_STATE, grid(5))
        await bus.flush()
        assert await bus.retained(GRID_STATE) == grid(5)


async def test_another_programs_topics_keep_their_own_prefix(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("ours-and-theirs") / "state"
    broker = Broker(state, MQTT_TOPIC_PREFIX="home/", HOMEASSISTANT_PREFIX="ha/main")
    broker.start()
    heard: list[tuple[str, bytes]] = []

    def keep(delivery: Delivery) -> None:
        delivery.ack()
        heard.append((delivery.topic, delivery.payload))

    try:
        bus = Bus(settings(broker, mqtt_topic_prefix="home/"), "homeassistant", health := Health())
        bus.collect_foreign("ha/main/status", keep)
        async with running(bus):
            await bus.wait_for_retained()
            bus.publish_foreign("ha/main/device/easun_grid/config", b"{}")
            with Viewer(broker, "hass") as hass:
                hass.client.publish("ha/main/status", '"online"', qos=1)
                await until(lambda: heard)
                hass.client.subscribe("ha/main/#", qos=1)
                await until(lambda: hass.on("ha/main/device/easun_grid/config"))
            bus.publish_foreign("homeassistant/device/easun_grid/config", b"{}")
            await until(lambda: "homeassistant/device" in texts(health))
    finally:
        broker.stop()
    assert heard == [("ha/main/status", b'"online"')]


async def test_a_topic_prefix_goes_in_front_of_everything(tmp_path_factory: pytest.TempPathFactory) -> None:
    broker = Broker(tmp_path_factory.mktemp("broker") / "state", MQTT_TOPIC_PREFIX="home/")
    broker.start()
    try:
        bus = Bus(settings(broker, mqtt_topic_prefix="home/"), "poller", Health())
        with Viewer(broker) as viewer:
            async with running(bus):
                bus.publish(GRID_STATE, grid(1))
                await asyncio.to_thread(viewer.last, "home/grid/state")
                await asyncio.to_thread(viewer.last, "home/service/poller/status")
                assert await bus.retained(GRID_STATE) == grid(1)
    finally:
        broker.stop()


async def test_what_a_broker_has_no_room_for_is_kept_and_published_later(broker: Broker) -> None:
    """Mosquitto never answers so; EMQX, HiveMQ and VerneMQ do. So this peer does, at first."""
    taken: list[bytes] = []
    refusals = iter([True, True])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError):  # Python 3.12 waits for what is not closed
            while True:
                kind, low = await reader.readexactly(2)
                length = low if low < 128 else low - 128 + 128 * (await reader.readexactly(1))[0]
                body = await reader.readexactly(length)
                if kind == 0x10:
                    writer.write(b"\x20\x03\x00\x00\x00")
                elif kind & 0xF0 == 0x30:
                    after_topic = 2 + int.from_bytes(body[:2], "big")
                    refused = next(refusals, False)
                    if not refused:
                        taken.append(body[after_topic + 3 :])
                    writer.write(b"\x40\x03" + body[after_topic : after_topic + 2] + (b"\x97" if refused else b"\x00"))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    health = Health()
    bus = Bus(settings(broker, mqtt_port=server.sockets[0].getsockname()[1]), "poller", health, announce=False)
    async with running(bus):
        await bus.connected.wait()
        bus.publish(GRID_STATE, grid(1))
        bus.publish(GRID_STATE, grid(2))
        await until(lambda: "has no room" in texts(health))
        await until(lambda: len(taken) == 2)
        await bus.flush()
        assert [GRID_STATE.parse(payload).voltage_v for payload in taken] == [1, 2]
        assert health.status(START).state is ServiceHealth.ONLINE
    server.close()


@pytest.mark.parametrize("kills", [1, 6])
async def test_everybody_is_back_before_publishing_resumes(broker: Broker, kills: int) -> None:
    """However often the broker was killed and whether it had saved, a retry is short and nobody is passed by."""
    received: list[int] = []

    def take(delivery: Delivery) -> None:
        received.append(int(GRID_STATE.parse(delivery.payload).voltage_v or 0))
        delivery.ack()

    publisher = Bus(settings(broker), "poller", Health())
    subscriber = Bus(settings(broker), "recorder", Health(), session_s=3600)
    subscriber.collect(GRID_STATE, take)
    async with running(publisher), running(subscriber):
        await asyncio.gather(publisher.connected.wait(), subscriber.connected.wait())
        for number in range(kills):
            await asyncio.to_thread(broker.kill)
            publisher.publish(GRID_STATE, grid(number))
            await asyncio.to_thread(broker.start)
            await asyncio.gather(publisher.connected.wait(), subscriber.connected.wait())
            assert subscriber._retry_pause_s < 1
        await until(lambda: kills - 1 in received)
    assert list(dict.fromkeys(received)) == list(range(kills))


async def test_state_is_republished_to_a_broker_that_remembers_an_older_one(broker: Broker) -> None:
    bus = Bus(settings(broker), "poller", Health(), session_s=3600)
    async with running(bus):
        bus.publish(GRID_STATE, grid(1))
        await bus.flush()
        await asyncio.to_thread(broker.save)
        bus.publish(GRID_STATE, grid(2))
        await bus.flush()
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await until(bus.connected.is_set)
        await bus.flush()
    with Viewer(broker) as newcomer:
        assert (await asyncio.to_thread(newcomer.last, "grid/state"))["voltage_v"] == 2


async def test_retained_is_answered_although_we_died_while_asking(broker: Broker) -> None:
    first = Bus(settings(broker), "poller", Health(), session_s=3600)
    async with running(first):
        await first.connected.wait()
        first.publish(GRID_STATE, grid(5))
        await first.flush()
        assert first._connection
        first._connection.subscribe("grid/state", resend_retained=True)
        await first.retained(GRID_STATE, "another")  # answered, so the subscription is in the session
    second = Bus(settings(broker), "poller", Health(), session_s=3600)
    async with running(second):
        await second.connected.wait()
        assert await second.retained(GRID_STATE) == grid(5)


async def test_retained_garbage_is_none_and_no_lasting_problem(broker: Broker) -> None:
    with Viewer(broker, "poller") as poller:
        poller.client.publish("grid/state", b"{half", qos=1, retain=True).wait_for_publish(PATIENCE_S)
    health = Health()
    bus = Bus(settings(broker), "poller", health)
    async with running(bus):
        await bus.connected.wait()
        assert await bus.retained(GRID_STATE) is None
    assert health.status(START).state is ServiceHealth.ONLINE


async def test_something_that_is_no_broker_is_reported(broker: Broker) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    health = Health()
    port = server.sockets[0].getsockname()[1]
    async with server, running(Bus(settings(broker, mqtt_port=port), "poller", health)):
        await until(lambda: "no MQTT broker" in texts(health))


async def test_dropped_messages_are_reported(broker: Broker) -> None:
    broker.stop()
    health = Health()
    bus = Bus(settings(broker, mqtt_outbox=100), "poller", health)
    for number in range(150):
        bus.publish(GRID_STATE, grid(number))
    assert "MQTT_OUTBOX" in texts(health)
    broker.start()
    async with running(bus):
        await bus.flush()
    assert "MQTT_OUTBOX" not in texts(health)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"MQTT_PASSWORD_VIEWER": "a:b"}, "MQTT_PASSWORD_VIEWER may hold no colon"),
        ({"MQTT_PASSWORD_VIEWER": " a"}, "no blank at its ends"),
        ({"MQTT_TOPIC_PREFIX": "a&b/"}, 'MQTT_TOPIC_PREFIX "a&b/" may hold'),
        ({"MQTT_STATE_DIR": "/proc/mosquitto"}, "cannot write /proc/mosquitto"),
    ],
)
def test_the_broker_refuses_what_it_could_not_keep(tmp_path: Path, setting: dict[str, str], sentence: str) -> None:
    env = os.environ | {"MQTT_STATE_DIR": str(tmp_path)} | setting
    done = subprocess.run([ROOT / "mosquitto/start.sh"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, sentence in done.stderr) == (78, True), done.stderr


@pytest.mark.parametrize("password", ["a b", "$7$abc$d", "\\", "'\"`", "%s #x", "їжак", "x" * 300])
def test_any_other_password_is_let_in(tmp_path: Path, password: str) -> None:
    broker = Broker(tmp_path / "state", MQTT_PASSWORD_VIEWER=password)
    broker.start()
    try:
        with Viewer(broker):
            assert (broker.secrets_dir / "viewer").read_text().strip() == password
    finally:
        broker.stop()
