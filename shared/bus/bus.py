"""The broker as services see it: publish, subscribe, acknowledge. It reconnects by itself.

Unacknowledged messages wait in the outbox and survive lost connections; connection.py is a single connection. The
latest acknowledged messages are published again after a lost connection, because the broker may have been killed before
saving them, and when the recorder asks for them, because the broker has kept nothing for it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shared.backoff import Backoff
from shared.bus.address import broker_address
from shared.bus.connection import (
    MAX_IN_FLIGHT,
    BadCertificateError,
    BadCredentialsError,
    BrokerAnswerError,
    Connection,
    Delivery,
)
from shared.bus.outbox import Outbox, OutgoingMessage
from shared.bus.recent import Recent
from shared.bus.status import StatusPublisher
from shared.bus.subscriptions import Handler, Subscription, Subscriptions
from shared.clock import Clock, this_clock
from shared.conditions import Reason
from shared.conditions import broker as conditions
from shared.conditions.system import os_reason
from shared.errors import BadMessageError, ConfigError, TwinError
from shared.health import Health
from shared.settings import MqttSettings
from shared.topics import REPLAY_REQUEST, SERVICE_STATUS, M, Topic
from shared.trusted_time import ClockChange, by_clock

log = logging.getLogger("bus")

RETRY_FIRST_S = 0.3
RETRY_FACTOR = 1.2
"""Pauses grow to about a sixth of the broker's absence so far: after a restart all are back within a second."""
RETRY_MOST_S = 5.0
RETRY_JITTER = (0.7, 1.0)
NO_ROOM_FIRST_S = 0.5
NO_ROOM_MOST_S = 30.0
STABLE_AFTER_S = 10.0
DUPLICATE_CLIENT_AFTER = 4
"""This many connections in a row that are shorter than STABLE_AFTER_S are no coincidence."""
RESUBSCRIBE_MARGIN_S = 1.5
"""Messages published before the other services have subscribed again would miss them, or wait in the memory of a broker
that may be killed again. So publishing resumes after the others' longest retry, as long as ours, and their subscribing.
"""


class Bus:
    """A service's connection to the broker, maintained by `run`.

    session_s is how long the broker keeps our subscriptions, and the messages for them, while we are disconnected; with
    0 the session ends with the connection. A tool that uses a service's account takes its own client_id and
    announce=False: no birth, no will, no status. So do all instances of a service except the first.

    mqtt5=False, for a service that receives a lot, halves the cost of a message in paho. It gives up what BrokerAddress
    says, and the broker's reason if it refuses one of our messages.

    While the clock of this machine is not set, every message is stamped so that its time can be corrected later.
    Received messages have the times of their sender; `by_clock` converts them to our clock.
    """

    def __init__(
        self,
        settings: MqttSettings,
        service: str,
        health: Health,
        *,
        session_s: int = 0,
        mqtt5: bool = True,
        client_id: str | None = None,
        announce: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.connected = asyncio.Event()
        self.clock = clock or this_clock()
        self._settings = settings
        self._client_id = client_id or "-".join(filter(None, ("easun", service, settings.instance)))
        self._user = settings.mqtt_username or service
        self._health = health
        self._session_s = session_s
        self._mqtt5 = mqtt5
        self._status = StatusPublisher(
            self._prefixed(SERVICE_STATUS.named(service)), enabled=announce and not settings.instance
        )
        self._outbox = Outbox(settings.mqtt_outbox)
        self._recent = Recent()
        self._outbox_empty = asyncio.Event()
        self._outbox_empty.set()
        self._subscriptions = Subscriptions(settings.mqtt_topic_prefix, durable=session_s > 0)
        self._last_published: dict[str, OutgoingMessage] = {}
        self._connection: Connection | None = None
        self._had_session = False
        self._reconnect_listeners: list[Callable[[], None]] = []
        self._new_session_listeners: list[Callable[[], None]] = []
        self._twin_may_show = False
        self._publishing_paused: asyncio.TimerHandle | None = None
        self._retry_pause_s = 0.0
        self._no_room_backoff = Backoff(NO_ROOM_FIRST_S, NO_ROOM_MOST_S)
        self._closing = False
        health.changed = self.send_status
        self.clock.on_change(health.on_clock_change)
        self.clock.on_change(self._on_clock_change)

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        """Publish a message, now or once the broker is connected. Order is kept; see Outbox for the limit."""
        payload = self.clock.stamp(message).model_dump_json().encode()
        replay_topic = self._prefixed(topic.replay.named(name)) if topic.replayed else ""
        self._put(OutgoingMessage(self._prefixed(topic.named(name)), payload, topic.retain, replay_topic=replay_topic))

    def clear(self, topic: Topic[Any], name: str = "") -> None:
        """Remove the retained message of a device that is no longer there."""
        self._put(OutgoingMessage(self._prefixed(topic.named(name)), b"", retain=True))

    def publish_foreign(self, topic: str, payload: bytes) -> None:
        """Publish for another program, retained, on its own topic without our prefix."""
        self._put(OutgoingMessage(topic, payload, retain=True))

    def _put(self, outgoing: OutgoingMessage) -> None:
        self._outbox.put(outgoing)
        self._outbox_empty.clear()
        if outgoing.retain:
            self._last_published[outgoing.topic] = outgoing
        self._report_dropped()
        self._send_waiting()

    def subscribe(
        self,
        topic: Topic[M],
        handler: Callable[[str, M], None],
        *,
        on_cleared: Callable[[str], None] | None = None,
    ) -> None:
        """Call `handler(device name, message)` for every message of a topic. Call this before `run`.

        An unreadable message is reported and skipped; `on_cleared(device name)` is called when a retained message is
        cleared. An exception in a handler is a bug and ends `run`. Retained messages arrive once after every start,
        whether or not the broker still has our session.
        """

        def acknowledge_first(name: str, message: M, delivery: Delivery) -> None:
            delivery.ack()
            handler(name, message)

        self._add_parsed(topic, acknowledge_first, on_cleared, replay_retained=True)

    def collect_parsed(self, topic: Topic[M], handler: Callable[[str, M, Delivery], None]) -> None:
        """Call `handler(device name, message, delivery)` for every message of a topic; the handler acknowledges it.

        An unreadable message is reported and skipped. Call this before `run`.
        """
        self._add_parsed(topic, handler, None, replay_retained=False)

    def collect(self, topic: Topic[Any], handler: Handler, *, share: str = "", of_homes: bool = False) -> None:
        """Call `handler` with every raw message of a topic; it must acknowledge each. Call this before `run`.

        With `share` the broker distributes the messages among all clients that use the same share; with `of_homes` the
        topic is that of every home, below its name.
        """
        filter_ = f"+/{topic.filter}" if of_homes else topic.filter
        self._subscriptions.add(filter_, Subscription(handler, share))

    def collect_foreign(self, filter_: str, handler: Handler) -> None:
        """Call `handler` with every raw message of another program's topic; it must acknowledge each."""
        self._subscriptions.add(filter_, Subscription(handler, replay_retained=True, foreign=True))

    def on_reconnect(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every reconnect, before anything is delivered."""
        self._reconnect_listeners.append(listener)

    def on_new_session(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the broker has kept nothing for us: it does not know us, or no longer."""
        self._new_session_listeners.append(listener)

    def pause_receiving(self) -> None:
        """Receive nothing for a while: messages wait at the broker or in the network. A pause of 5 s ends by itself.

        Mosquitto 2.0 sends everything that is queued, however little of it is acknowledged.
        """
        if self._connection:
            self._connection.pause_reading()

    def resume_receiving(self) -> None:
        """Receive again."""
        if self._connection:
            self._connection.resume_reading()

    async def retained(self, topic: Topic[M], name: str = "") -> M | None:
        """Return the retained message of a topic by our clock, or None if there is none or it is unreadable.

        Not for a topic that we subscribe to. Mosquitto answers in order, so a retained message arrives before the
        acknowledgement of a status sent later. If that does not come, the connection broke meanwhile and we ask again.
        Needs a bus that announces.
        """
        if not self._status.enabled:
            raise ValueError("a bus that does not announce cannot tell when the broker has answered")
        found: list[M] = []

        def receive(delivery: Delivery) -> None:
            delivery.ack()
            with suppress(BadMessageError):
                if delivery.retained and delivery.payload:
                    found.append(topic.parse(delivery.payload))

        concrete = topic.named(name)
        self._subscriptions.add(concrete, Subscription(receive))
        try:
            while not await self._has_answered(concrete):
                await self.connected.wait()
        finally:
            self._subscriptions.remove(concrete)
            if self._connection:
                self._connection.unsubscribe(self._prefixed(concrete))
        return by_clock(found[0], self.clock.track) if found else None

    async def wait_for_retained(self) -> None:
        """Wait until all retained messages of our subscriptions have arrived; see `retained`."""
        await self.connected.wait()
        while not await self._has_answered():
            await self.connected.wait()

    def send_status(self) -> None:
        """Publish the service's status. It overtakes waiting messages, because it describes the moment."""
        at, clock = self.clock.status()
        self._status.publish(self._connection, self._health.status(at).model_copy(update={"clock": clock}))

    async def flush(self, patience_s: float = 5.0) -> None:
        """Wait until the broker has acknowledged everything, but at most patience_s."""
        try:
            async with asyncio.timeout(patience_s):
                await self._outbox_empty.wait()
        except TimeoutError:
            log.warning("%d messages did not reach the broker in time.", len(self._outbox))

    async def close(self, reason: Reason) -> None:
        """Publish an offline status with the reason, instead of leaving it to the will, and disconnect."""
        self._closing = True
        if self._connection:
            await self.flush()
        self._status.publish_offline(self._connection, reason, *self.clock.status())
        await self._status.wait_acknowledged(self._connection)
        if self._connection:
            await self._connection.disconnect()

    async def run(self) -> None:
        """Stay connected until `close`.

        Raises ConfigError for bad credentials, TwinError for an older twin, and whatever a handler raised.
        """
        self.subscribe(REPLAY_REQUEST, lambda *_: self._replay())
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S, factor=RETRY_FACTOR, jitter=RETRY_JITTER)
        short_connections = 0
        while not self._closing:
            began = time.monotonic()
            try:
                await self._connect_once()
                short_connections = 0 if time.monotonic() - began > STABLE_AFTER_S else short_connections + 1
                if short_connections < DUPLICATE_CLIENT_AFTER:
                    backoff.reset()
                self._report_interrupted(short_connections)
            except BadCertificateError as error:  # passing: a certificate may be renewed, a clock set
                self._health.report("broker", self._bad_certificate(str(error)))
            except (OSError, UnicodeError) as error:  # the latter for an impossible host name
                short_connections = 0  # the broker is down, not only our connection
                self._health.report("broker", self._unreachable(error))
            if not self._closing:
                self._retry_pause_s = backoff.next_s()
                await asyncio.sleep(self._retry_pause_s)

    # events of the connection

    def on_connected(self, connection: Connection, *, session_present: bool) -> None:
        """Subscribe, publish the status and the last state, and resume publishing."""
        self._connection = connection
        self._health.report("broker", None)
        self._subscriptions.subscribe_all(connection, first_connection=not self._had_session)
        self._twin_may_show = self._had_session and self._status.enabled
        if self._twin_may_show:
            connection.subscribe(self._status.topic, resend_retained=True)  # before our own status replaces it
        self.send_status()
        if self._had_session:
            log.info("Connected to the broker again.")
            for listener in self._reconnect_listeners:
                listener()
            if self._session_s and not session_present:
                log.info("The broker lost its sessions.")
            self._pause_publishing(RESUBSCRIBE_MARGIN_S + min(2 * self._retry_pause_s, RETRY_MOST_S))
            self._replay()
        if self._session_s and not session_present:
            for listener in self._new_session_listeners:
                listener()
        self._had_session = True
        self._republish_state()
        if len(self._outbox):
            self._outbox_empty.clear()
        self.connected.set()
        asyncio.get_running_loop().call_soon(self._send_waiting)

    def on_acknowledged(self, packet_id: int, *, allowed: bool) -> None:
        """Remove an acknowledged message from the outbox and send waiting ones."""
        self._status.on_acknowledged(packet_id)
        message = self._outbox.acknowledged(packet_id)
        if message:
            refused = None if allowed else conditions.not_allowed(topic=message.topic)
            self._health.report(f"acl {message.topic}", refused)
            self._health.report("quota", None)
            self._no_room_backoff.reset()
            if allowed:
                self._recent.add(message)
        if not len(self._outbox):
            self._outbox_empty.set()
            self._outbox.dropped = 0
            self._health.report("outbox", None)
        asyncio.get_running_loop().call_soon(self._send_waiting)  # not within paho's callback

    def on_no_room(self, packet_id: int) -> None:
        """Keep a message that the broker has no room for, and retry later. Mosquitto never reports that; others do."""
        self._status.on_acknowledged(packet_id)
        self._outbox.refused(packet_id)
        self._health.report("quota", conditions.NO_ROOM())
        if not self._publishing_paused:
            self._pause_publishing(self._no_room_backoff.next_s())

    def on_delivery(self, delivery: Delivery) -> None:
        """Dispatch a message to its handler."""
        if self._twin_may_show and delivery.retained and delivery.topic == self._status.topic:
            self._twin_may_show = False  # once per connection
            self._look_for_twin(delivery.payload)
        handler = self._subscriptions.handler_for(delivery.topic)
        delivery.topic = delivery.topic.removeprefix(self._settings.mqtt_topic_prefix)
        if handler:
            handler(delivery)
        else:
            delivery.ack()

    def _look_for_twin(self, payload: bytes) -> None:
        """Raise TwinError if an older process of this service is connected under our client id."""
        with suppress(BadMessageError):
            if self._status.must_leave(SERVICE_STATUS.parse(payload)):
                raise TwinError(conditions.older_twin(client=self._client_id, where=self._where))

    def _on_clock_change(self, change: ClockChange) -> None:
        """Announce at once whether our times can be trusted: others wait for that to correct earlier times."""
        trusted = "is set" if change.trusted else "is not set any more"
        log.info("This machine's clock was moved by %.0f s; it %s.", change.by.total_seconds(), trusted)
        self.send_status()

    # connecting

    async def _connect_once(self) -> None:
        """Connect, and return when the connection has ended."""
        address = broker_address(
            self._settings,
            user=self._user,
            client_id=self._client_id,
            session_s=self._session_s,
            mqtt5=self._mqtt5,
        )
        connection = Connection(address, self._status.will(), self)
        stable = asyncio.get_running_loop().call_later(STABLE_AFTER_S, self._health.report, "twin", None)
        try:
            await connection.run()
            if self._connection is None:
                raise BrokerAnswerError(conditions.NOT_MQTT())
        except BadCredentialsError:
            file = str(self._settings.mqtt_secrets_dir / self._user)
            raise ConfigError(conditions.wrong_password(where=self._where, user=self._user, file=file)) from None
        finally:
            stable.cancel()
            if self._connection:
                self._recent.on_lost()
            self._connection = None
            self.connected.clear()
            self._outbox.requeue_in_flight()

    def _bad_certificate(self, detail: str) -> Reason:
        host, file = self._settings.mqtt_host, self._settings.mqtt_ca_file
        if file:
            return conditions.certificate(where=self._where, host=host, authority=str(file), detail=detail)
        return conditions.certificate_of_system(where=self._where, host=host, detail=detail)

    def _unreachable(self, error: Exception) -> Reason:
        unreachable = conditions.unreachable_tls if self._settings.mqtt_tls else conditions.unreachable
        return unreachable(
            where=self._where, cause=error.reason if isinstance(error, BrokerAnswerError) else os_reason(error)
        )

    def _report_interrupted(self, short_connections: int) -> None:
        """Report a lost connection, and a suspected duplicate client id, which Mosquitto 2.0 does not mention."""
        if self._closing:
            return
        log.warning("The connection to the broker is gone; connecting again.")
        if short_connections >= DUPLICATE_CLIENT_AFTER:
            self._health.report("twin", conditions.twin(client=self._client_id))

    # receiving

    def _add_parsed(
        self,
        topic: Topic[M],
        handler: Callable[[str, M, Delivery], None],
        on_cleared: Callable[[str], None] | None,
        *,
        replay_retained: bool,
    ) -> None:
        def receive(delivery: Delivery) -> None:
            name = topic.name_in(delivery.topic)
            message = self._parse(topic, delivery) if name is not None and delivery.payload else None
            if name is not None and message is not None:
                handler(name, message, delivery)
                return
            delivery.ack()
            if name is not None and not delivery.payload:
                self._health.report_topic(delivery.topic, None)
                if on_cleared:
                    on_cleared(name)

        self._subscriptions.add(topic.filter, Subscription(receive, replay_retained=replay_retained))

    def _parse(self, topic: Topic[M], delivery: Delivery) -> M | None:
        try:
            message = topic.parse(delivery.payload)
        except BadMessageError as error:
            reason = conditions.bad_message(topic=delivery.topic, fault=error.reason)
            self._health.report_topic(delivery.topic, reason, is_over=not topic.retain)
            return None
        self._health.report_topic(delivery.topic, None)
        return message

    async def _has_answered(self, topic: str = "") -> bool:
        """Return whether the broker has answered; with a topic, first subscribe to its retained message."""
        if self._connection and topic:
            self._connection.subscribe(self._prefixed(topic), resend_retained=True)
        self.send_status()
        return await self._status.wait_acknowledged(self._connection)

    # publishing

    def _republish_state(self) -> None:
        """Publish the last state again: a killed broker remembers an older one, or none."""
        for topic, message in self._last_published.items():
            if not self._outbox.is_waiting(topic):
                self._outbox.put(message)

    def _replay(self) -> None:
        """Publish again what was acknowledged lately."""
        self._outbox.put_replays(self._recent.take_all())
        if len(self._outbox):
            self._outbox_empty.clear()
        self._send_waiting()

    def _report_dropped(self) -> None:
        if self._outbox.dropped:
            self._health.report("outbox", conditions.OUTBOX_FULL())

    def _pause_publishing(self, pause_s: float) -> None:
        if self._publishing_paused:
            self._publishing_paused.cancel()
        self._publishing_paused = asyncio.get_running_loop().call_later(pause_s, self._resume_publishing)

    def _resume_publishing(self) -> None:
        self._publishing_paused = None
        self._outbox.requeue_refused()
        self._send_waiting()

    def _send_waiting(self) -> None:
        while (connection := self._connection) and self._can_send():
            message = self._outbox.next()
            if message is None:
                return
            self._outbox.sent(connection.publish(message), message)

    def _can_send(self) -> bool:
        return self.connected.is_set() and not self._publishing_paused and self._outbox.in_flight < MAX_IN_FLIGHT

    def _prefixed(self, topic: str) -> str:
        return self._settings.mqtt_topic_prefix + topic

    @property
    def _where(self) -> str:
        return f"{self._settings.mqtt_host}:{self._settings.mqtt_port}"
