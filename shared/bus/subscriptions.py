"""The subscriptions of a bus: the handler of each topic filter, and how to subscribe to it."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.bus.connection import Connection, Delivery, matches

Handler = Callable[[Delivery], None]

MAX_REMEMBERED = 10_000
"""Topics whose handler is remembered; a home has about twenty."""


@dataclass(frozen=True)
class Subscription:
    """A handler; share names a shared subscription; replay_retained asks for retained messages at every start.

    foreign: the filter is another program's, so it gets no topic prefix.
    """

    handler: Handler
    share: str = ""
    replay_retained: bool = False
    foreign: bool = False


class Subscriptions:
    """The subscriptions by topic filter, including the topic prefix."""

    def __init__(self, prefix: str, *, durable: bool) -> None:
        self._prefix = prefix
        self._durable = durable
        self._by_filter: dict[str, Subscription] = {}
        self._handlers: dict[str, Handler | None] = {}

    def add(self, filter_: str, subscription: Subscription) -> None:
        """Add a subscription; it takes effect with the next connection."""
        self._by_filter[filter_ if subscription.foreign else self._prefix + filter_] = subscription
        self._handlers.clear()

    def remove(self, filter_: str) -> None:
        """Remove a subscription locally; the caller unsubscribes at the broker."""
        del self._by_filter[self._prefix + filter_]
        self._handlers.clear()

    def subscribe_all(self, connection: Connection, *, first_connection: bool) -> None:
        """Subscribe to everything again, because the broker may have lost the session."""
        for filter_, subscription in self._by_filter.items():
            self._subscribe(connection, filter_, subscription, first_connection=first_connection)

    def handler_for(self, topic: str) -> Handler | None:
        """Return the handler of a topic: that of this exact topic, otherwise that of the first matching filter."""
        if topic not in self._handlers:
            if len(self._handlers) >= MAX_REMEMBERED:
                self._handlers.clear()
            self._handlers[topic] = self._find_handler(topic)
        return self._handlers[topic]

    def _find_handler(self, topic: str) -> Handler | None:
        exact = self._by_filter.get(topic)
        if exact:
            return exact.handler
        return next((one.handler for filter_, one in self._by_filter.items() if matches(filter_, topic)), None)

    def _subscribe(
        self, connection: Connection, filter_: str, subscription: Subscription, *, first_connection: bool
    ) -> None:
        full = filter_
        if subscription.share:
            connection.unsubscribe(full)  # an older session may have it unshared
            full = f"$share/{subscription.share}/{full}"
        replay = subscription.replay_retained and first_connection
        connection.subscribe(full, resend_retained=replay or not self._durable)
