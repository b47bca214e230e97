"""A single connection to the broker, from CONNECT until it ends.

The event loop drives paho; there is no network thread. An exception in a handler therefore comes out of `run` instead
of ending a thread unnoticed. Every connection is a new paho client, so late events of an earlier one, such as an
acknowledgement, cannot affect it.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from shared.bus.address import BrokerAddress
from shared.bus.outbox import OutgoingMessage
from shared.bus.paho_client import BufferedSocket, PahoClient
from shared.conditions import Reason
from shared.conditions import broker as conditions

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

KEEPALIVE_S = 10
CONNECT_TIMEOUT_S = 5
DISCONNECT_TIMEOUT_S = 2
MAX_IN_FLIGHT = 20
"""Messages in flight at once; Mosquitto's default."""
RECEIVE_MAXIMUM = 500
"""Messages that the broker may send before we acknowledge."""
LAST_READS = 3
"""Reads before we disconnect; a flood may have no end."""
PAUSE_MOST_S = 5.0
"""The longest pause in reading: without an answer to its ping, paho considers the broker dead."""
BAD_CREDENTIALS = (134, 135)
NOT_AUTHORIZED = 135
QUOTA_EXCEEDED = 151


class BadCredentialsError(Exception):
    """The broker rejects our user or password."""


class BrokerAnswerError(OSError):
    """Something answers at the broker's address, but not as our broker would."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


class BadCertificateError(OSError):
    """The broker's certificate cannot be verified."""


@dataclass(slots=True)  # not frozen, which would double its cost
class Delivery:
    """A raw message; `retained` means that it was published before we subscribed.

    Until `ack` is called, the broker keeps it and delivers it again after a lost connection.
    """

    topic: str
    payload: bytes
    retained: bool
    ack: Callable[[], None] = field(repr=False, compare=False)


class ConnectionEvents(Protocol):
    """Receives the events of a connection. An exception ends the connection and comes out of `run`."""

    def on_connected(self, connection: "Connection", *, session_present: bool) -> None:
        """The broker has accepted us; session_present: it still has our subscriptions."""

    def on_acknowledged(self, packet_id: int, *, allowed: bool) -> None:
        """The broker has acknowledged a message; not allowed: it discarded it, because we may not write there."""

    def on_no_room(self, packet_id: int) -> None:
        """The broker discarded a message because it has no room for it."""

    def on_delivery(self, delivery: Delivery) -> None:
        """A message has arrived."""


def matches(filter_: str, topic: str) -> bool:
    """Whether a topic matches a filter with + and #."""
    return bool(mqtt.topic_matches_sub(filter_, topic))


class Connection:
    """A single connection to the broker."""

    def __init__(self, address: BrokerAddress, will: OutgoingMessage | None, events: ConnectionEvents) -> None:
        self._address = address
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._paused: asyncio.TimerHandle | None = None
        self._client = PahoClient(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            protocol=mqtt.MQTTv5 if address.mqtt5 else mqtt.MQTTv311,
            clean_session=None if address.mqtt5 else address.session_s == 0,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.max_inflight_messages_set(MAX_IN_FLIGHT + 5)  # leaves room for a status
        self._client.username_pw_set(address.user, address.password)
        if address.tls:
            self._client.tls_set_context(address.tls)
        if will:
            self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._attach_to_loop()

    async def run(self) -> None:
        """Connect, and return when the connection has ended.

        Raises OSError when no connection can be made (BadCertificateError and BrokerAnswerError among them), or
        BadCredentialsError.
        """
        try:
            await asyncio.to_thread(self._connect)
        except ssl.SSLCertVerificationError as error:
            raise BadCertificateError(error.verify_message.rstrip(".")) from None
        except ssl.SSLError as error:
            raise BrokerAnswerError(conditions.no_tls(detail=str(error.reason))) from None
        try:
            while not self._closed.done():
                self._client.loop_misc()
                await asyncio.wait([self._closed], timeout=1)
            self._closed.result()
        finally:
            self._release()

    def publish(self, message: OutgoingMessage) -> int:
        """Publish a message and return the packet id under which it will be acknowledged."""
        return self._client.publish(message.topic, message.payload, qos=1, retain=message.retain).mid

    def subscribe(self, topic: str, *, resend_retained: bool) -> None:
        """Subscribe; without resend_retained, retained messages come only if the subscription is new to the broker.

        MQTT 3.1.1 has no such choice: they always come.
        """
        if self._address.mqtt5:
            options = SubscribeOptions(qos=1, retainHandling=0 if resend_retained else 1)
            self._client.subscribe(topic, options=options)
        else:
            self._client.subscribe(topic, qos=1)

    def unsubscribe(self, topic: str) -> None:
        """Cancel a subscription."""
        self._client.unsubscribe(topic)

    def pause_reading(self) -> None:
        """Leave what arrives in the network until `resume_reading`, but not for long."""
        sock = self._client.socket()
        if sock and not self._paused:
            self._loop.remove_reader(sock)
            self._paused = self._loop.call_later(PAUSE_MOST_S, self.resume_reading)

    def resume_reading(self) -> None:
        """Read again, beginning with what is buffered already."""
        if self._paused:
            self._paused.cancel()
            self._paused = None
            if sock := self._client.socket():
                self._loop.add_reader(sock, self._call_guarded, self._read)
                self._loop.call_soon(self._call_guarded, self._read_buffered)

    async def disconnect(self) -> None:
        """Disconnect cleanly, so that the broker does not publish our will.

        Closing a socket with unread data resets the connection and loses what we sent last, so we read first.
        """
        for _ in range(LAST_READS):
            self._read()
            sock = self._client.socket()
            if self._paused or not isinstance(sock, BufferedSocket) or sock.is_drained:
                break
        self._client.disconnect()
        await asyncio.wait([self._closed], timeout=DISCONNECT_TIMEOUT_S)

    def _connect(self) -> None:
        connect = partial(self._client.connect, self._address.host, self._address.port, keepalive=KEEPALIVE_S)
        if self._address.mqtt5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = self._address.session_s
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            connect(clean_start=self._address.session_s == 0, properties=properties)
        else:
            connect()

    def _read(self) -> None:
        """Read what has arrived, at most what the socket reads ahead, so that everything else gets its turn."""
        if isinstance(sock := self._client.socket(), BufferedSocket):
            sock.next_round()
            self._client.loop_read()
            self._read_buffered()

    def _read_buffered(self) -> None:
        """Read what has been read ahead; `loop_read` takes one packet at a time."""
        while not self._paused and isinstance(sock := self._client.socket(), BufferedSocket):
            if not sock.buffered():
                if sock.pending():
                    self._loop.call_soon(self._call_guarded, self._read)
                return
            self._client.loop_read()

    def _write(self) -> None:
        """Send what is waiting, which may be hundreds of acknowledgements."""
        sock = self._client.socket()
        if isinstance(sock, BufferedSocket):
            sock.cork(corked=True)
            self._client.loop_write()
            sock.cork(corked=False)

    def _attach_to_loop(self) -> None:
        """Make the event loop call paho when its socket is ready. `connect` runs in a thread, so schedule safely."""
        client, loop = self._client, self._loop

        def on_open(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(loop.add_reader, sock, self._call_guarded, self._read)

        def on_close(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            if sock.fileno() >= 0:
                loop.remove_reader(sock)
                loop.remove_writer(sock)

        def on_register_write(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            write = self._write
            loop.call_soon_threadsafe(lambda: sock.fileno() >= 0 and loop.add_writer(sock, self._call_guarded, write))

        def on_unregister_write(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(lambda: sock.fileno() >= 0 and loop.remove_writer(sock))

        client.on_socket_open = on_open
        client.on_socket_close = on_close
        client.on_socket_register_write = on_register_write
        client.on_socket_unregister_write = on_unregister_write

    def _call_guarded(self, step: Callable[[], Any]) -> None:
        try:
            step()
        except Exception as error:  # paho passes on what our handler raised: it comes out of `run`
            self._end(error)

    def _end(self, error: Exception | None = None) -> None:
        if self._paused:
            self._paused.cancel()
        if self._closed.done():
            return
        if error:
            self._closed.set_exception(error)
        else:
            self._closed.set_result(None)

    def _release(self) -> None:
        """Close what is still open, and let paho's client forget us, so that neither waits for the garbage collector.

        If connections break again and again, the bytes that they had read ahead would add up.
        """
        client = self._client
        if (sock := client.socket()) and sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
            sock.close()
        client.on_connect = client.on_disconnect = client.on_publish = client.on_message = None
        client.on_socket_open = client.on_socket_close = None
        client.on_socket_register_write = client.on_socket_unregister_write = None

    def _on_connect(self, _client: Any, _userdata: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            refused = reason.value in BAD_CREDENTIALS
            self._end(
                BadCredentialsError()
                if refused
                else BrokerAnswerError(conditions.refused_connection(answer=str(reason)))
            )
        else:
            self._events.on_connected(self, session_present=flags.session_present)

    def _on_disconnect(self, *_: Any) -> None:
        self._end()

    def _on_publish(self, _client: Any, _userdata: Any, packet_id: int, reason: ReasonCode, _properties: Any) -> None:
        if reason.value == QUOTA_EXCEEDED:
            self._events.on_no_room(packet_id)
        else:
            self._events.on_acknowledged(packet_id, allowed=reason.value != NOT_AUTHORIZED)

    def _on_message(self, _client: Any, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        ack = partial(self._acknowledge, message.mid, message.qos)
        self._events.on_delivery(Delivery(message.topic, bytes(message.payload), message.retain, ack))

    def _acknowledge(self, packet_id: int, qos: int) -> None:
        if not self._closed.done():
            self._client.ack(packet_id, qos)
