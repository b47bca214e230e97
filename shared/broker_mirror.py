"""Keeps a BrokerState up to date from the bus."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.broker_state import SECTIONS, STATE_TOPICS, BrokerState, Section, state_by_clock
from shared.bus import Bus, Delivery
from shared.messages import Message
from shared.topics import M, Topic
from shared.trusted_time import ClockChange, by_clock

OnChange = Callable[[Topic[Any], str, Message | None], None]
"""Called with the topic, the device's name and the new message, or None if the message was removed."""


def _ignore(_topic: Topic[Any], _name: str, _message: Message | None) -> None:
    """Do nothing on a change."""


class BrokerMirror:
    """Subscribes to the state topics and keeps their newest messages. Create it before `Bus.run`.

    The event loop replaces the state as a whole, so any thread may read it. A cleared retained message, of a device
    that was removed, removes the entry. Of `live_only` topics, retained messages are skipped: for whoever must act on
    live news only.

    Times are by our clock, even while it is not set: the age of what was measured here is still right. They are
    converted whenever it is set. Until then our place in the schedule is unknown, so there is no schedule.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        topics: Collection[Topic[Any]] = STATE_TOPICS,
        live_only: Collection[Topic[Any]] = (),
        on_change: OnChange = _ignore,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock or bus.clock.now
        self._on_change = on_change
        self._received = self._state = BrokerState(listening_since=self._clock())
        bus.clock.on_change(self._on_clock_change)
        for section in SECTIONS:
            if section.topic in topics:
                self._follow(section, live_only=section.topic in live_only)

    def snapshot(self) -> BrokerState:
        """Return the present state."""
        state = replace(self._state, connected=self._bus.connected.is_set())
        return state if self._bus.clock.trusted else replace(state, schedule=None)

    def _follow(self, section: Section[M], *, live_only: bool) -> None:
        def update(name: str, message: M) -> None:
            dated = by_clock(message, self._bus.clock.track)
            state = section.updated(self._state, name, dated, self._clock())
            if state is not self._state:
                self._received = section.replaced(self._received, name, message)
            self._replace(state, section.topic, name, dated)

        def update_live(name: str, message: M, delivery: Delivery) -> None:
            delivery.ack()
            if not delivery.retained:
                update(name, message)

        def remove(name: str) -> None:
            self._received = section.removed(self._received, name)
            self._replace(section.removed(self._state, name), section.topic, name, None)

        if live_only:
            self._bus.collect_parsed(section.topic, update_live)
        else:
            self._bus.subscribe(section.topic, update, on_cleared=remove)

    def _on_clock_change(self, change: ClockChange) -> None:
        began = change.moved(self._received.listening_since)
        self._received = replace(self._received, listening_since=began)
        self._state = state_by_clock(self._received, self._bus.clock.track)

    def _replace(self, state: BrokerState, topic: Topic[Any], name: str, message: Message | None) -> None:
        if state is not self._state:
            self._state = state
            self._on_change(topic, name, message)
