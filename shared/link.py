"""One connection to the broker, from CONNECT until it ends. The only importer of paho.

paho is driven by the event loop without a thread of its own, so an exception in a handler ends `live` instead of a
network thread that nobody watches; and every connection is a new paho client, so nothing of an earlier one, such as an
acknowledgement that comes too late, can reach into it.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from shared.outbox import Parcel

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

KEEPALIVE_S = 10
CONNECT_TIMEOUT_S = 5
FAREWELL_S = 2
WINDOW = 20
"""Messages under way at once, which is Mosquitto's own default."""
RECEIVE_MAXIMUM = 500
"""Messages that the broker sends ahead of our acknowledgements."""
BAD_CREDENTIALS = (134, 135)
NOT_AUTHORIZED = 135


class RefusedError(Exception):
    """The broker does not know our user or password."""


class UntrustedError(OSError):
    """Whoever answers there cannot prove, or not any more, that it is our broker."""


@dataclass(frozen=True)
class Address:
    """Where the broker is and who we are there; session_s is how long it remembers us after the connection.

    tls says by whom a certificate of the broker must be vouched for; None is a connection that everybody can read.
    """

    host: str
    port: int
    client_id: str
    user: str
    password: str = field(repr=False)
    session_s: int = 0
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Delivery:
    """A raw message, `retained` where it is older than our subscription.

    Until `ack` is called the broker keeps it, and brings it again after a broken connection.
    """

    topic: str
    payload: bytes
    retained: bool
    ack: Callable[[], None] = field(repr=False, compare=False)


class Events(Protocol):
    """Who is told what happens. Whatever it raises ends the connection and comes out of `live`."""

    def on_connected(self, link: "Link", *, session_present: bool) -> None:
        """The broker has let us in, and still knows our subscriptions or not."""

    def on_acknowledged(self, packet_id: int, *, allowed: bool) -> None:
        """The broker has taken a message, or thrown it away because we may not write there."""

    def on_delivery(self, delivery: Delivery) -> None:
        """A message has come."""


def matches(filter_: str, topic: str) -> bool:
    """Whether a topic fits a filter with + and #."""
    return bool(mqtt.topic_matches_sub(filter_, topic))


class Link:
    """One connection."""

    def __init__(self, address: Address, will: Parcel | None, events: Events) -> None:
        self._address = address
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.max_inflight_messages_set(WINDOW + 5)  # a status may overtake a full window
        self._client.username_pw_set(address.user, address.password)
        if address.tls:
            self._client.tls_set_context(address.tls)
        if will:
            self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._drive()

    async def live(self) -> None:
        """Connect, and return when the connection has ended.

        Raises OSError where none comes about, UntrustedError among them, or RefusedError.
        """
        try:
            await asyncio.to_thread(self._connect)
        except ssl.SSLCertVerificationError as error:
            raise UntrustedError(error.verify_message.rstrip(".")) from None
        except ssl.SSLError as error:
            raise ConnectionError(f"it does not speak TLS there as we do: {error.reason}") from None
        while not self._closed.done():
            self._client.loop_misc()
            await asyncio.wait([self._closed], timeout=1)
        self._closed.result()

    def send(self, parcel: Parcel) -> int:
        """Hand a message to the broker and return the packet id under which it will be acknowledged."""
        return self._client.publish(parcel.topic, parcel.payload, qos=1, retain=parcel.retain).mid

    def subscribe(self, topic: str, *, retained_again: bool) -> None:
        """Subscribe; retained messages come again, or only where the subscription is new to the broker."""
        options = SubscribeOptions(qos=1, retainHandling=0 if retained_again else 1)
        self._client.subscribe(topic, options=options)

    def unsubscribe(self, topic: str) -> None:
        """Take a subscription back."""
        self._client.unsubscribe(topic)

    async def disconnect(self) -> None:
        """Take leave, so that the broker does not speak our will.

        A socket that is closed with something unread in it resets the connection, and what we sent last is lost.
        """
        self._read()
        self._client.disconnect()
        await asyncio.wait([self._closed], timeout=FAREWELL_S)

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._address.session_s
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        self._client.connect(
            self._address.host,
            self._address.port,
            keepalive=KEEPALIVE_S,
            clean_start=self._address.session_s == 0,
            properties=properties,
        )

    def _read(self) -> None:
        """Read what is there, and what TLS has read ahead: of that the socket says nothing."""
        self._client.loop_read()
        while isinstance(sock := self._client.socket(), ssl.SSLSocket) and sock.pending():
            self._client.loop_read()

    def _drive(self) -> None:
        """Let the event loop call paho when its socket is ready. `connect` runs in a thread, hence the detours."""
        client, loop = self._client, self._loop

        def opened(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(loop.add_reader, sock, self._guarded, self._read)

        def closing(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            if sock.fileno() >= 0:
                loop.remove_reader(sock)
                loop.remove_writer(sock)

        def wants_to_write(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            write = client.loop_write
            loop.call_soon_threadsafe(lambda: sock.fileno() >= 0 and loop.add_writer(sock, self._guarded, write))

        def wrote(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(lambda: sock.fileno() >= 0 and loop.remove_writer(sock))

        client.on_socket_open = opened
        client.on_socket_close = closing
        client.on_socket_register_write = wants_to_write
        client.on_socket_unregister_write = wrote

    def _guarded(self, step: Callable[[], Any]) -> None:
        try:
            step()
        except Exception as error:  # paho hands on what a handler of ours raised: let it come out of `live`
            self._end(error)

    def _end(self, error: Exception | None = None) -> None:
        if self._closed.done():
            return
        if error:
            self._closed.set_exception(error)
        else:
            self._closed.set_result(None)

    def _on_connect(self, _client: Any, _userdata: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            refused = reason.value in BAD_CREDENTIALS
            self._end(RefusedError() if refused else ConnectionError(f"it said: {reason}"))
        else:
            self._events.on_connected(self, session_present=flags.session_present)

    def _on_disconnect(self, *_: Any) -> None:
        self._end()

    def _on_publish(self, _client: Any, _userdata: Any, packet_id: int, reason: ReasonCode, _properties: Any) -> None:
        self._events.on_acknowledged(packet_id, allowed=reason.value != NOT_AUTHORIZED)

    def _on_message(self, client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        def ack() -> None:
            if not self._closed.done():
                client.ack(message.mid, message.qos)

        self._events.on_delivery(Delivery(message.topic, bytes(message.payload), message.retain, ack))
