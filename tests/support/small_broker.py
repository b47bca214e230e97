"""An MQTT broker of a few lines, at a real port: it starts in a moment and in the tests' own process.

It retains, acknowledges, publishes wills, and speaks MQTT 5 and 3.1.1 as paho does. It knows no accounts and keeps no
sessions: what depends on those, and what happens to a broker, is tested with Mosquitto.
"""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from struct import pack, unpack_from
from typing import Any

from paho.mqtt.client import topic_matches_sub

from shared.messages import Message

CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PING, DISCONNECT = 1, 3, 8, 10, 12, 14
CONNACK, PUBACK, SUBACK, UNSUBACK, PONG = 2, 4, 9, 11, 13
WITH_WILL, ONLY_NEW_GET_RETAINED = 4, 0x10
MQTT_5 = 5


@dataclass
class Reader:
    """The fields of a packet, in order."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        """Take some bytes."""
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        """Take a number of two bytes."""
        return int(unpack_from(">H", self.take(2))[0])

    def text(self) -> str:
        """Take a text with its length."""
        return self.take(self.number()).decode()

    def skip_properties(self) -> None:
        """Skip what only MQTT 5 has; ours are short."""
        self.take(self.take(1)[0])

    @property
    def rest(self) -> bytes:
        """What has not been taken."""
        return self.data[self.at :]


@dataclass
class Post:
    """A published message."""

    topic: str
    payload: bytes
    retain: bool = False


class Session(socketserver.StreamRequestHandler):
    """The connection of a client."""

    server: "BrokerServer"

    def setup(self) -> None:
        """Begin without subscriptions."""
        super().setup()
        self.filters = set[str]()
        self.properties = b""
        self._will: Post | None = None
        self._sent = 0
        self._writing = threading.Lock()

    def handle(self) -> None:
        """Answer packets until the client says goodbye or is gone, which is when its will is published."""
        with suppress(OSError, IndexError):
            while (kind := self.rfile.read(1)) and kind[0] >> 4 != DISCONNECT:
                self._on_packet(kind[0] >> 4, kind[0] & 15, Reader(self.rfile.read(self._length())))
            if kind:
                self._will = None
        self.server.broker.leave(self, self._will)

    def deliver(self, post: Post, *, retained: bool) -> None:
        """Send a message to the client."""
        self._sent = self._sent % 65535 + 1
        topic = post.topic.encode()
        body = pack(">H", len(topic)) + topic + pack(">H", self._sent) + self.properties + post.payload
        self._send(PUBLISH, body, 2 | retained)

    def _on_packet(self, kind: int, flags: int, packet: Reader) -> None:
        if kind == CONNECT:
            self._connect(packet)
        elif kind == PUBLISH:
            self._publish(packet, is_acknowledged=bool(flags & 6), retain=bool(flags & 1))
        elif kind == SUBSCRIBE:
            self._subscribe(packet)
        elif kind == UNSUBSCRIBE:
            self._unsubscribe(packet)
        elif kind == PING:
            self._send(PONG, b"")

    def _connect(self, packet: Reader) -> None:
        packet.text()
        is_5 = packet.take(1)[0] == MQTT_5
        self.properties = b"\0" if is_5 else b""
        flags = packet.take(1)[0]
        packet.number()
        self._skip_properties(packet)
        packet.text()
        if flags & WITH_WILL:
            self._skip_properties(packet)
            self._will = Post(packet.text(), packet.take(packet.number()), retain=True)
        self._send(CONNACK, b"\0\0" + self.properties)
        self.server.broker.join(self)

    def _publish(self, packet: Reader, *, is_acknowledged: bool, retain: bool) -> None:
        topic = packet.text()
        packet_id = packet.take(2) if is_acknowledged else b""
        self._skip_properties(packet)
        self.server.broker.route(Post(topic, packet.rest, retain))
        if packet_id:
            self._send(PUBACK, packet_id)

    def _subscribe(self, packet: Reader) -> None:
        packet_id = packet.take(2)
        self._skip_properties(packet)
        filters = {}
        while packet.rest:
            filter_ = packet.text()
            filters[filter_.split("/", 2)[2] if filter_.startswith("$share/") else filter_] = packet.take(1)[0]
        self._send(SUBACK, packet_id + self.properties + b"\1" * len(filters))
        self.server.broker.subscribe(self, filters)

    def _unsubscribe(self, packet: Reader) -> None:
        packet_id = packet.take(2)
        self._skip_properties(packet)
        self.filters.discard(packet.text())
        self._send(UNSUBACK, packet_id + self.properties + (b"\0" if self.properties else b""))

    def _skip_properties(self, packet: Reader) -> None:
        if self.properties:
            packet.skip_properties()

    def _length(self) -> int:
        length, factor, more = 0, 1, True
        while more:
            digit = self.rfile.read(1)[0]
            length, factor, more = length + (digit & 127) * factor, factor * 128, digit > 127
        return length

    def _send(self, kind: int, body: bytes, flags: int = 0) -> None:
        length, left = b"", len(body)
        while left > 127:
            length, left = length + bytes([left & 127 | 128]), left >> 7
        with self._writing, suppress(OSError):
            self.wfile.write(bytes([kind << 4 | flags]) + length + bytes([left]) + body)


class BrokerServer(socketserver.ThreadingTCPServer):
    """The server at a port that is free."""

    daemon_threads = True

    def __init__(self, broker: "SmallBroker") -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.broker = broker


@dataclass
class SmallBroker:
    """What is retained, who is there, and all that was published. A test speaks here for the other services."""

    port: int = 0
    retained: dict[str, Post] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    _sessions: list[Session] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def settings(self) -> dict[str, Any]:
        """What leads a service here."""
        return {"mqtt_host": "127.0.0.1", "mqtt_port": self.port, "mqtt_password": "any"}

    def publish(self, topic: str, message: Message, *, retain: bool = True) -> None:
        """Publish as another service does."""
        self.route(Post(topic, message.model_dump_json().encode(), retain))

    def on(self, topic: str) -> list[dict[str, Any]]:
        """Return every message on a topic."""
        with self._lock:
            return [json.loads(post.payload) for post in self.posts if post.topic == topic and post.payload]

    def break_connections(self) -> None:
        """End all connections, as a broker that is restarted; clients may come again at once."""
        with self._lock:
            for session in self._sessions:
                with suppress(OSError):  # the client was first
                    session.connection.shutdown(SHUT_RDWR)

    def join(self, session: Session) -> None:
        """Take a client in."""
        with self._lock:
            self._sessions.append(session)

    def leave(self, session: Session, will: Post | None) -> None:
        """Publish the will of a client that has gone without a word."""
        with self._lock:
            if session in self._sessions:
                self._sessions.remove(session)
        if will:
            self.route(will)

    def route(self, post: Post) -> None:
        """Keep a message, and deliver it to all who want it."""
        with self._lock:
            self.posts.append(post)
            if post.retain:
                self.retained.pop(post.topic, None)
                if post.payload:
                    self.retained[post.topic] = post
            for session in self._sessions:
                if any(topic_matches_sub(one, post.topic) for one in session.filters):
                    session.deliver(post, retained=False)

    def subscribe(self, session: Session, filters: dict[str, int]) -> None:
        """Subscribe a client, and send it what is retained."""
        with self._lock:
            for filter_, options in filters.items():
                is_new = filter_ not in session.filters
                session.filters.add(filter_)
                if is_new or not options & ONLY_NEW_GET_RETAINED:
                    for post in self.retained.values():
                        if topic_matches_sub(filter_, post.topic):
                            session.deliver(post, retained=True)


@contextmanager
def running_small_broker() -> Iterator[SmallBroker]:
    """Run it."""
    broker = SmallBroker()
    with BrokerServer(broker) as server:
        broker.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield broker
        broker.break_connections()
        server.shutdown()
