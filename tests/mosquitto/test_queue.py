"""What waits for a recorder that is away is bounded below the memory that the broker may have."""

import re
import socket
import threading
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.broker import ROOT, Broker
from tests.support.waiting import PATIENCE_S, eventually

pytestmark = pytest.mark.processes

LIMITS_MIB = {
    "deploy/systemd/easun-mosquitto.service": r"MemoryMax=(\d+)M",
    "docker-compose.yml": r"mem_limit: (\d+)m  # the broker",
}


def setting(name: str) -> int:
    found = re.search(rf"^{name} (\d+)$", (ROOT / "mosquitto/mosquitto.conf").read_text(), re.M)
    assert found
    return int(found[1])


def client(broker: Broker, account: str) -> mqtt.Client:
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=account, protocol=mqtt.MQTTv5)
    made.username_pw_set(account, (broker.secrets_dir / account).read_text().strip())
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    made.connect("127.0.0.1", broker.port, properties=properties)
    made.loop_start()
    return made


def text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


def packet(kind: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, low = divmod(rest, 128)
        length += bytes([low | (128 if rest else 0)])
        if not rest:
            return bytes([kind]) + length + body


def publish_many(broker: Broker, topic: str, payload: bytes, count: int) -> bytes:
    """Publish at the pace of the broker, which paho cannot, and return every kind of PUBACK that came."""
    password = (broker.secrets_dir / "poller").read_text().strip()
    connect = text("MQTT") + b"\x05\xc2\x00\x3c\x00" + text("test-flood") + text("poller") + text(password)
    answers = set()
    with socket.create_connection(("127.0.0.1", broker.port), 60) as link, link.makefile("rb") as read:
        link.sendall(packet(0x10, connect))
        head = read.read(2)
        read.read(head[1])
        for start in range(0, count, 500):
            ids = range(1, min(500, count - start) + 1)
            link.sendall(b"".join(packet(0x32, text(topic) + n.to_bytes(2, "big") + b"\x00" + payload) for n in ids))
            for _ in ids:
                head = read.read(2)
                answers.add(head[:1] + read.read(head[1])[2:])
    return b"".join(sorted(answers))


def resident_mib(broker: Broker) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{broker.pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def test_a_full_queue_fits_into_the_memory_of_the_broker(broker: Broker) -> None:
    """At the worst size of a message, where both bounds are reached at once; and the broker says what it does."""
    recorder, subscribed = client(broker, "recorder"), threading.Event()
    recorder.on_subscribe = lambda *_: subscribed.set()
    recorder.subscribe("inverter/+/state", qos=1)
    assert subscribed.wait(PATIENCE_S)
    recorder.disconnect()
    recorder.loop_stop()
    count, size = setting("max_queued_messages"), setting("max_queued_bytes")
    answers = publish_many(broker, "inverter/main/state", b"x" * (size // count), count + 1000)
    assert answers == b"\x40", "every one is acknowledged without a reason code: a publisher cannot tell"
    dropped = "Outgoing messages are being dropped for client recorder"
    eventually(lambda: dropped in broker.log.read_text(), "the bound is reached")
    for file, pattern in LIMITS_MIB.items():
        found = re.search(pattern, (ROOT / file).read_text())
        assert found, file
        assert resident_mib(broker) < 0.9 * int(found[1]), file
