"""The broker as services see it: publish, subscribe, acknowledge, and a status that tells the truth.

Whatever waits for the broker lives in our outbox, so it survives every connection; see link.py for a single one.
"""

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.conditions import Reason, broker
from shared.errors import BadMessageError, ConfigError
from shared.health import Health
from shared.link import WINDOW, Address, Delivery, Link, RefusedError, UntrustedError, matches
from shared.messages import Message, ServiceHealth, ServiceStatus
from shared.outbox import Outbox, Parcel
from shared.settings import MqttSettings
from shared.topics import SERVICE_STATUS, M, Topic
from shared.version import program_version

log = logging.getLogger("bus")

RETRY_FIRST_S = 0.3
RETRY_MOST_S = 5.0
STEADY_S = 10.0
TWIN_AFTER = 4
"""So many connections in a row that did not last STEADY_S are no accident."""
GRACE_S = 8.0
"""A broker that came back without our session has lost the others' too. What is published before they subscribed again
would pass them by, so it waits a little longer than anybody's longest retry."""
ANSWER_S = 3.0
"""How long an answer of the broker is waited for that usually takes milliseconds."""

Handler = Callable[[Delivery], None]


class Bus:
    """One service's connection to the broker, kept up by `run`.

    session_s is how long the broker keeps our subscriptions, and what arrives for them, while we are away; 0 means
    that it forgets us with the connection. A tool that borrows a service's account takes a client_id of its own and
    announce=False: no birth, no will, no status. So does every instance of a service but the first.
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
        self._settings = settings
        self._client_id = client_id or "-".join(filter(None, ("easun", service, settings.instance)))
        self._status_topic = self._prefixed(SERVICE_STATUS.named(service))
        self._user = settings.mqtt_username or service
        self._health = health
        self._session_s = session_s
        self._announces = announce and not settings.instance
        self._outbox = Outbox(settings.mqtt_outbox)
        self._handlers: dict[str, Handler] = {}
        self._shares: dict[str, str] = {}
        self._forgotten: set[str] = set()
        self._said_last: dict[str, Parcel] = {}
        self._link: Link | None = None
        self._status_id = 0
        self._status_taken = asyncio.Event()
        self._all_taken = asyncio.Event()
        self._all_taken.set()
        self._met_before = False
        self._held: asyncio.TimerHandle | None = None
        self._closing = False
        health.changed = self.send_status

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        """Send a message, or keep it until the broker is there. Order is kept; see Outbox for the bounds."""
        parcel = Parcel(self._prefixed(topic.named(name)), _encode(message), topic.retain)
        self._outbox.put(parcel)
        self._all_taken.clear()
        if parcel.retain:
            self._said_last[parcel.topic] = parcel
        self._say_what_was_dropped()
        self._pump()

    def subscribe(self, topic: Topic[M], handler: Callable[[str, M], None]) -> None:
        """Hand every message of a topic to `handler(device name, message)`. Call it before `run`.

        A message that will not parse is said and left out. An exception in a handler is a bug and ends `run`. What the
        broker keeps comes once after every start, whether or not it remembers our session.
        """

        def receive(delivery: Delivery) -> None:
            delivery.ack()
            name = topic.name_in(delivery.topic)
            if name is not None and (message := self._parsed(topic, delivery)):
                handler(name, message)

        self.collect(topic, receive)
        self._forgotten.add(topic.filter)

    def collect(self, topic: Topic[Any], handler: Handler, *, share: str = "") -> None:
        """Hand every raw message of a topic to `handler`, who must acknowledge each. Call it before `run`.

        With `share` the broker deals the messages out among all clients that name the same share.
        """
        self._handlers[topic.filter] = handler
        if share:
            self._shares[topic.filter] = share

    async def retained(self, topic: Topic[M], name: str = "") -> M | None:
        """Return the message that the broker keeps on a topic, or None where it keeps none that can be read.

        Mosquitto answers in order, so what it keeps comes before the acknowledgement of a status sent afterwards; where
        that does not come, the connection broke meanwhile, and the question is asked again. Needs a bus that announces.
        """
        if not self._announces:
            raise ValueError("without a status of ours nothing says that the broker has answered")
        found: list[M] = []

        def first(delivery: Delivery) -> None:
            delivery.ack()
            with suppress(BadMessageError):
                if delivery.retained and delivery.payload:
                    found.append(topic.parse(delivery.payload))

        concrete = topic.named(name)
        self._handlers[concrete] = first
        try:
            while not await self._asked(concrete):
                await self.connected.wait()
        finally:
            del self._handlers[concrete]
            if self._link:
                self._link.unsubscribe(self._prefixed(concrete))
        return found[0] if found else None

    async def _asked(self, topic: str) -> bool:
        """Subscribe so that the broker brings what it keeps; return whether it has answered."""
        if self._link:
            self._link.subscribe(self._prefixed(topic), retained_again=True)
        self.send_status()
        return await self._status_answer()

    def send_status(self) -> None:
        """Tell the status topic how we fare. It overtakes what waits, for it is about now."""
        self._announce(self._health.status(datetime.now(UTC)))

    async def flush(self, patience_s: float = 5.0) -> None:
        """Wait until the broker has everything, or the patience is over."""
        try:
            await asyncio.wait_for(self._all_taken.wait(), patience_s)
        except TimeoutError:
            log.warning("%d messages did not reach the broker in time.", len(self._outbox))

    async def close(self, reason: Reason) -> None:
        """Say goodbye in our own words, so that the will need not speak, and disconnect."""
        self._closing = True
        if self._link:
            await self.flush()
        self._announce(_offline(reason, since=datetime.now(UTC)))
        await self._status_answer()
        if self._link:
            await self._link.disconnect()

    async def run(self) -> None:
        """Stay connected until `close`. Raises ConfigError where we are refused, and whatever a handler raised."""
        delay, short_ones = RETRY_FIRST_S, 0
        while not self._closing:
            began = time.monotonic()
            try:
                await self._live()
                steady = time.monotonic() - began > STEADY_S
                delay, short_ones = (RETRY_FIRST_S, 0) if steady else (delay, short_ones + 1)
                self._say_interrupted(short_ones)
            except UntrustedError as error:  # passing: a certificate is renewed, a clock is set
                self._health.problem("broker", f"{self._untrusted()} ({error}). Trying again.")
            except (OSError, UnicodeError) as error:  # the latter is a host name that cannot be one
                running = "is Mosquitto running" + (", and with TLS at this port" if self._settings.mqtt_tls else "")
                self._health.problem(
                    "broker", f"No broker at {self._where} ({_reason(error)}): {running}? Trying again."
                )
            if not self._closing:
                await asyncio.sleep(delay * random.uniform(0.7, 1.0))
                delay = min(delay * 2, RETRY_MOST_S)

    # what the link tells us

    def on_connected(self, link: Link, *, session_present: bool) -> None:
        """Subscribe to everything anew, for nobody knows what the broker remembers."""
        self._link = link
        self._health.solved("broker")
        for topic in self._handlers:
            self._subscribe(link, topic)
        self.send_status()
        if self._met_before and self._session_s and not session_present:
            self._hold()
        self._met_before = True
        self._repeat_state()
        self.connected.set()
        asyncio.get_running_loop().call_soon(self._pump)

    def on_acknowledged(self, packet_id: int, *, allowed: bool) -> None:
        """Forget what the broker has taken, and send what waits."""
        if packet_id == self._status_id:
            self._status_taken.set()
        parcel = self._outbox.acknowledged(packet_id)
        if parcel and allowed:
            self._health.solved(f"acl {parcel.topic}")
        elif parcel:
            self._health.problem(
                f"acl {parcel.topic}", f"The broker does not let this account write {parcel.topic}: see mosquitto/acl."
            )
        if not len(self._outbox):
            self._all_taken.set()
            self._outbox.dropped = 0
            self._health.solved("outbox")
        asyncio.get_running_loop().call_soon(self._pump)  # not within paho's callback

    def on_delivery(self, delivery: Delivery) -> None:
        """Find whom a message is for."""
        delivery = replace(delivery, topic=delivery.topic.removeprefix(self._settings.mqtt_topic_prefix))
        handler = self._handlers.get(delivery.topic) or next(self._matching(delivery.topic), None)
        if handler:
            handler(delivery)
        else:
            delivery.ack()

    # details

    def _subscribe(self, link: Link, topic: str) -> None:
        filter_, share = self._prefixed(topic), self._shares.get(topic)
        is_new_to_us = topic in self._forgotten and not self._met_before
        if share:
            link.unsubscribe(filter_)  # the session may remember the time before it was shared
            filter_ = f"$share/{share}/{filter_}"
        link.subscribe(filter_, retained_again=is_new_to_us or not self._session_s)

    def _repeat_state(self) -> None:
        """Say our state again: a broker that was killed remembers an older one, or none."""
        for topic, parcel in self._said_last.items():
            if not self._outbox.holds(topic):
                self._outbox.put(parcel)

    def _say_what_was_dropped(self) -> None:
        if self._outbox.dropped:
            self._health.problem(
                "outbox", "The broker has been away for too long: the oldest messages were dropped (MQTT_OUTBOX)."
            )

    async def _live(self) -> None:
        """Be connected once."""
        link = Link(self._address(), self._will(), self)
        steady = asyncio.get_running_loop().call_later(STEADY_S, self._health.solved, "twin")
        try:
            await link.live()
            if self._link is None:
                raise ConnectionError("it does not answer as an MQTT broker does")
        except RefusedError:
            raise ConfigError(
                f'The broker at {self._where} refuses the user "{self._user}": check MQTT_PASSWORD, '
                f"or {self._settings.mqtt_secrets_dir / self._user}, against the broker's password file."
            ) from None
        finally:
            steady.cancel()
            self._link = None
            self.connected.clear()
            self._outbox.take_back()

    def _address(self) -> Address:
        password = self._settings.password_for(self._user)
        return Address(
            host=self._settings.mqtt_host,
            port=self._settings.mqtt_port,
            client_id=f"{self._prefixed(self._client_id)}-{_mark(password)}",
            user=self._user,
            password=password,
            session_s=self._session_s,
            tls=self._settings.tls_context(),
        )

    def _untrusted(self) -> str:
        vouches = self._settings.mqtt_ca_file or "the authorities that this system trusts"
        return (
            f"The broker at {self._where} shows a certificate that is not good for {self._settings.mqtt_host} "
            f"by {vouches}: check MQTT_CA_FILE and MQTT_HOST"
        )

    def _will(self) -> Parcel | None:
        status = _offline(broker.VANISHED(), since=None)
        return Parcel(self._status_topic, _encode(status), retain=True) if self._announces else None

    def _say_interrupted(self, short_ones: int) -> None:
        """Two clients with one id throw each other out for ever; Mosquitto 2.0 does not say so."""
        if self._closing:
            return
        log.warning("The connection to the broker is gone; connecting again.")
        if short_ones >= TWIN_AFTER:
            self._health.problem(
                "twin", f"The broker ends every connection at once: does another {self._client_id} run somewhere?"
            )

    def _matching(self, topic: str) -> Iterator[Handler]:
        return (handler for filter_, handler in self._handlers.items() if matches(filter_, topic))

    def _parsed(self, topic: Topic[M], delivery: Delivery) -> M | None:
        if not delivery.payload:  # a retained message was cleared
            return None
        try:
            message = topic.parse(delivery.payload)
        except BadMessageError as error:
            self._health.problem(delivery.topic, f"A message on {delivery.topic} is left out: {error}.")
            return None
        self._health.solved(delivery.topic)
        return message

    def _announce(self, status: ServiceStatus) -> None:
        if self._link and self._announces:
            self._status_taken.clear()
            self._status_id = self._link.send(Parcel(self._status_topic, _encode(status), retain=True))

    async def _status_answer(self) -> bool:
        """Wait until the broker has our last status; return whether it has."""
        if self._link and self._announces:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._status_taken.wait()
                return True
        return False

    def _hold(self) -> None:
        log.info("The broker has forgotten its sessions; publishing goes on in %.0f s, when all are back.", GRACE_S)
        if self._held:
            self._held.cancel()
        self._held = asyncio.get_running_loop().call_later(GRACE_S, self._release)

    def _release(self) -> None:
        self._held = None
        self._pump()

    def _pump(self) -> None:
        while self._link and self.connected.is_set() and not self._held and self._outbox.under_way < WINDOW:
            parcel = self._outbox.next()
            if parcel is None:
                return
            self._outbox.sent(self._link.send(parcel), parcel)

    def _prefixed(self, topic: str) -> str:
        return self._settings.mqtt_topic_prefix + topic

    @property
    def _where(self) -> str:
        return f"{self._settings.mqtt_host}:{self._settings.mqtt_port}"


def _offline(reason: Reason, *, since: datetime | None) -> ServiceStatus:
    return ServiceStatus(
        at=datetime.now(UTC), state=ServiceHealth.OFFLINE, since=since, reasons=(reason,), version=program_version()
    )


def _mark(password: str) -> str:
    """Return what only those who know the password can guess.

    The broker lets any account connect with any client id, which throws out whoever has it and forgets their session.
    """
    return hashlib.sha256(f"easun client {password}".encode()).hexdigest()[:10]


def _encode(message: Message) -> bytes:
    return message.model_dump_json().encode()


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
