"""The broker: birth and will, publish, subscribe, acknowledge. The only importer of paho.

Each connection is a paho client of its own, driven by the event loop without a thread: whatever waits for the broker
lives in our outbox, an acknowledgement of an earlier connection falls on nobody, and an exception in a handler ends
`run` instead of a network thread that nobody watches.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from shared.errors import BadMessageError, ConfigError
from shared.health import Health
from shared.messages import Message, ServiceHealth, ServiceStatus
from shared.outbox import Outbox, Parcel
from shared.settings import MqttSettings
from shared.topics import SERVICE_STATUS, M, Topic
from shared.version import program_version

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

log = logging.getLogger("bus")

KEEPALIVE_S = 10
CONNECT_TIMEOUT_S = 5
FAREWELL_S = 2
RETAINED_S = 5
RETRY_FIRST_S = 0.3
RETRY_MOST_S = 5.0
STEADY_S = 10.0
TWIN_AFTER = 4
"""So many connections in a row that did not last STEADY_S are no accident."""
GRACE_S = 8.0
"""A broker that came back without our session has lost the others' too. What is published before they subscribed again
would pass them by, so it waits a little longer than anybody's longest retry."""
WINDOW = 20
"""Messages under way at once, which is Mosquitto's own default."""
RECEIVE_MAXIMUM = 500
"""Messages that the broker sends ahead of our acknowledgements."""
BAD_CREDENTIALS = (134, 135)
SESSION_TAKEN_OVER = 142
NOT_AUTHORIZED = 135


@dataclass(frozen=True)
class Delivery:
    """A raw message, `retained` where it is older than our subscription.

    Until `ack` is called the broker keeps it, and brings it again after a broken connection.
    """

    topic: str
    payload: bytes
    retained: bool
    ack: Callable[[], None] = field(repr=False, compare=False)


Handler = Callable[[Delivery], None]


class Bus:
    """One service's connection to the broker, kept up for ever by `run`.

    session_s is how long the broker keeps our subscriptions, and what arrives for them, while we are away; 0 means
    that it forgets us with the connection. A tool that borrows a service's account takes a client_id of its own and
    announce=False: no birth, no will, no status.
    """

    def __init__(
        self,
        settings: MqttSettings,
        service: str,
        health: Health,
        *,
        session_s: int = 0,
        client_id: str | None = None,
        announce: bool = True,
    ) -> None:
        self.connected = asyncio.Event()
        self._announced = asyncio.Event()
        self._announced.set()
        self._last_status = 0
        self._drained = asyncio.Event()
        self._drained.set()
        self._client_id = client_id or f"easun-{service}"
        self._speaks_for_service = announce
        self._settings = settings
        self._service = service
        self._health = health
        self._session_s = session_s
        self._outbox = Outbox(settings.mqtt_outbox)
        self._handlers: dict[str, Handler] = {}
        self._client: mqtt.Client | None = None
        self._closed: asyncio.Future[None] | None = None
        self._met_before = False
        self._held = False
        self._closing = False
        health.changed = self.send_status

    # what a service calls

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        """Send a message, or keep it until the broker is there. Order is kept; see Outbox for the bounds."""
        self._outbox.put(Parcel(self._prefixed(topic.named(name)), _encode(message), topic.retain))
        self._drained.clear()
        self._pump()

    def subscribe(self, topic: Topic[M], handler: Callable[[str, M], None]) -> None:
        """Hand every message of a topic to `handler(device name, message)`. Call it before `run`.

        A message that will not parse is said and left out. An exception in a handler is a bug and ends `run`.
        """

        def receive(delivery: Delivery) -> None:
            self._receive(topic, handler, delivery)

        self.collect(topic, receive)

    def collect(self, topic: Topic[Any], handler: Handler) -> None:
        """Hand every raw message of a topic to `handler`, who must acknowledge each. Call it before `run`."""
        self._handlers[topic.filter] = handler

    async def retained(self, topic: Topic[M], name: str = "") -> M | None:
        """Return the message that the broker keeps on a topic, or None where it keeps none that can be read.

        Mosquitto answers in order, so what it keeps comes before the acknowledgement of a status sent afterwards.
        """
        found: list[M] = []

        def first(delivery: Delivery) -> None:
            delivery.ack()
            if delivery.retained and (message := self._parsed(topic, delivery)):
                found.append(message)

        concrete = topic.named(name)
        self._handlers[concrete] = first
        self._subscribe(concrete)
        self.send_status()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._announced.wait(), RETAINED_S)
        del self._handlers[concrete]
        if self._client:
            self._client.unsubscribe(self._prefixed(concrete))
        return found[0] if found else None

    def send_status(self) -> None:
        """Tell the status topic how we fare. It overtakes what waits, for it is about now."""
        self._announce(self._health.status(datetime.now(UTC)))

    async def flush(self, patience_s: float = 5.0) -> None:
        """Wait until the broker has everything, or the patience is over."""
        try:
            await asyncio.wait_for(self._drained.wait(), patience_s)
        except TimeoutError:
            log.warning("%d messages did not reach the broker in time.", len(self._outbox))

    async def close(self, status: ServiceHealth, reason: str) -> None:
        """Say goodbye in our own words, so that the will need not speak, and disconnect."""
        self._closing = True
        if self._client:
            await self.flush()
        now = datetime.now(UTC)
        self._announce(ServiceStatus(at=now, state=status, since=now, reason=reason, version=program_version()))
        # closing a socket with something unread in it resets the connection, and the broker would miss our last words
        with suppress(TimeoutError):
            await asyncio.wait_for(self._announced.wait(), FAREWELL_S)
        if self._client and self._closed:
            self._client.loop_read()
            self._client.disconnect()
            await asyncio.wait([self._closed], timeout=FAREWELL_S)

    async def run(self) -> None:
        """Stay connected until `close`. Raises ConfigError where we are refused, and whatever a handler raised."""
        delay, short_ones = RETRY_FIRST_S, 0
        while True:
            began = time.monotonic()
            try:
                await self._connection()
                if self._closing:
                    return
                log.warning("The connection to the broker is gone; connecting again.")
                lasted = time.monotonic() - began > STEADY_S
                delay, short_ones = (RETRY_FIRST_S, 0) if lasted else (delay, short_ones + 1)
                self._suspect_a_twin(short_ones)
            except OSError as error:
                self._health.problem(
                    "broker", f"No broker at {self._where} ({_reason(error)}): is Mosquitto running? Trying again."
                )
            await asyncio.sleep(delay * random.uniform(0.7, 1.0))
            delay = min(delay * 2, RETRY_MOST_S)

    def _suspect_a_twin(self, short_ones: int) -> None:
        """Two clients with one id throw each other out for ever; Mosquitto 2.0 does not say so."""
        if short_ones >= TWIN_AFTER:
            self._health.problem(
                "twin", f"The broker ends every connection at once: does another {self._client_id} run somewhere?"
            )

    # one connection

    async def _connection(self) -> None:
        loop = asyncio.get_running_loop()
        self._closed = closed = loop.create_future()
        client = self._new_client(loop)
        try:
            await asyncio.to_thread(self._connect, client)
            self._client = client
            began = time.monotonic()
            while not closed.done():
                client.loop_misc()
                if time.monotonic() - began > STEADY_S:
                    self._health.solved("twin")
                await asyncio.wait([closed], timeout=1)
            closed.result()
        finally:
            self._client = None
            self.connected.clear()
            self._outbox.take_back()

    def _connect(self, client: mqtt.Client) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._session_s
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect(
            self._settings.mqtt_host,
            self._settings.mqtt_port,
            keepalive=KEEPALIVE_S,
            clean_start=self._session_s == 0,
            properties=properties,
        )

    def _new_client(self, loop: asyncio.AbstractEventLoop) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._prefixed(self._client_id),
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(WINDOW + 5)  # a status may overtake a full window
        client.username_pw_set(self._user, self._settings.password_for(self._user))
        if self._speaks_for_service:
            client.will_set(self._status_topic, _encode(_will()), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        self._drive_by(loop, client)
        return client

    def _drive_by(self, loop: asyncio.AbstractEventLoop, client: mqtt.Client) -> None:
        """Let the event loop call paho when its socket is ready. `connect` runs in a thread, hence the detours."""

        def guarded(step: Callable[[], Any]) -> None:
            try:
                step()
            except Exception as error:  # paho hands on what a handler of ours raised: let it end `run`
                self._end(error)

        def opened(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(loop.add_reader, sock, guarded, client.loop_read)

        def closing(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            if sock.fileno() >= 0:
                loop.remove_reader(sock)
                loop.remove_writer(sock)

        def wants_to_write(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(lambda: sock.fileno() >= 0 and loop.add_writer(sock, guarded, client.loop_write))

        def wrote(_client: mqtt.Client, _userdata: Any, sock: "SocketLike") -> None:
            loop.call_soon_threadsafe(lambda: sock.fileno() >= 0 and loop.remove_writer(sock))

        client.on_socket_open = opened
        client.on_socket_close = closing
        client.on_socket_register_write = wants_to_write
        client.on_socket_unregister_write = wrote

    def _end(self, error: Exception | None = None) -> None:
        if self._closed is None or self._closed.done():
            return
        if error:
            self._closed.set_exception(error)
        else:
            self._closed.set_result(None)

    # what paho calls

    def _on_connect(
        self, client: mqtt.Client, _userdata: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            refused = reason.value in BAD_CREDENTIALS
            self._end(self._refused() if refused else ConnectionError(f"it said: {reason}"))
            return
        self._client = client
        self._health.solved("broker")
        for topic in self._handlers:
            self._subscribe(topic)
        self.send_status()
        if self._met_before and self._session_s and not flags.session_present:
            self._hold()
        self._met_before = True
        self.connected.set()
        asyncio.get_running_loop().call_soon(self._pump)

    def _refused(self) -> ConfigError:
        return ConfigError(
            f'The broker at {self._where} refuses the user "{self._user}": check MQTT_PASSWORD, '
            f"or {self._settings.mqtt_secrets_dir / self._user}, against the broker's password file."
        )

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.value == SESSION_TAKEN_OVER:
            self._end(
                ConfigError(f"Another {self._service} has connected to this broker; two would fight, so this one ends.")
            )
        self._end()

    def _on_publish(self, _client: Any, _userdata: Any, packet_id: int, reason: ReasonCode, _properties: Any) -> None:
        if packet_id == self._last_status:
            self._announced.set()
        parcel = self._outbox.acknowledged(packet_id)
        if not len(self._outbox):
            self._drained.set()
        if parcel and reason.value == NOT_AUTHORIZED:
            self._health.problem(
                f"acl {parcel.topic}", f"The broker does not let this account write {parcel.topic}: see mosquitto/acl."
            )
        # paho holds a lock here that publishing takes too
        asyncio.get_running_loop().call_soon(self._pump)

    def _on_message(self, client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        def ack() -> None:
            if client is self._client:
                client.ack(message.mid, message.qos)

        delivery = Delivery(
            message.topic.removeprefix(self._settings.mqtt_topic_prefix), bytes(message.payload), message.retain, ack
        )
        handler = self._handlers.get(delivery.topic) or self._matching(delivery.topic)
        if handler:
            handler(delivery)
        else:
            ack()

    # details

    def _matching(self, topic: str) -> Handler | None:
        matches = (handler for filter_, handler in self._handlers.items() if mqtt.topic_matches_sub(filter_, topic))
        return next(matches, None)

    def _receive(self, topic: Topic[M], handler: Callable[[str, M], None], delivery: Delivery) -> None:
        delivery.ack()
        name = topic.name_in(delivery.topic)
        if name is not None and (message := self._parsed(topic, delivery)):
            handler(name, message)

    def _parsed(self, topic: Topic[M], delivery: Delivery) -> M | None:
        if not delivery.payload:  # a retained message was cleared
            return None
        try:
            message = topic.parse(delivery.payload)
        except BadMessageError as error:
            self._health.problem(
                delivery.topic, f"A message on {delivery.topic} is left out, for it cannot be read ({error})."
            )
            return None
        self._health.solved(delivery.topic)
        return message

    def _subscribe(self, topic: str) -> None:
        if self._client:
            # after a reconnect only a subscription that is new to the broker brings the retained messages again
            options = SubscribeOptions(qos=1, retainHandling=1 if self._session_s else 0)
            self._client.subscribe(self._prefixed(topic), options=options)

    def _announce(self, status: ServiceStatus) -> None:
        if self._client and self._speaks_for_service:
            self._announced.clear()
            self._last_status = self._client.publish(self._status_topic, _encode(status), qos=1, retain=True).mid

    def _hold(self) -> None:
        log.info("The broker has forgotten its sessions; publishing goes on in %.0f s, when all are back.", GRACE_S)
        self._held = True
        asyncio.get_running_loop().call_later(GRACE_S, self._release)

    def _release(self) -> None:
        self._held = False
        self._pump()

    def _pump(self) -> None:
        while self._client and self.connected.is_set() and not self._held and self._outbox.under_way < WINDOW:
            parcel = self._outbox.next()
            if parcel is None:
                return
            sent = self._client.publish(parcel.topic, parcel.payload, qos=1, retain=parcel.retain)
            self._outbox.sent(sent.mid, parcel)

    def _prefixed(self, topic: str) -> str:
        return self._settings.mqtt_topic_prefix + topic

    @property
    def _status_topic(self) -> str:
        return self._prefixed(SERVICE_STATUS.named(self._service))

    @property
    def _user(self) -> str:
        return self._settings.mqtt_username or self._service

    @property
    def _where(self) -> str:
        return f"{self._settings.mqtt_host}:{self._settings.mqtt_port}"


def _will() -> ServiceStatus:
    return ServiceStatus(
        at=datetime.now(UTC),
        state=ServiceHealth.OFFLINE,
        since=None,
        reason="The service broke off without a word: it was killed, or its network or host is gone.",
        version=program_version(),
    )


def _encode(message: Message) -> bytes:
    return message.model_dump_json().encode()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
