"""Controls one plug: performs the actions that next_step chooses, and publishes their outcomes."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from services.tuya import reports
from services.tuya.actions import Action, Outcome, Persist, Read, Switch, Wait
from services.tuya.connector import Connector, OpenConnection
from services.tuya.contact import Contact
from services.tuya.control_state import ControlState, Now
from services.tuya.grid_rules import GangStates
from services.tuya.journal import Target, key
from services.tuya.next_step import next_step
from services.tuya.off_on_test import OffOnTest
from services.tuya.outcomes import after
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedStateStore
from shared.bus import Publisher
from shared.clock import utc_now
from shared.conditions import Reason, plugs
from shared.errors import DeviceError, StorageError
from shared.health import Health
from shared.messages import PlugAction, PlugState, Via
from shared.topics import PLUG_ACTION, PLUG_STATE
from shared.trusted_time import ClockChange

log = logging.getLogger("plug")


class PlugController:
    """Brings one plug to its targets, and watches it over the home network."""

    def __init__(
        self,
        plug: Plug,
        store: SharedStateStore,
        connector: Connector,
        bus: Publisher,
        health: Health,
        *,
        check_s: float,
        dry_run: bool = False,
        retries: bool = True,
        on_contact: Callable[[], None] = lambda: None,
        on_tested: Callable[[Plug, OffOnTest], None] = lambda *_: None,
    ) -> None:
        self.plug = plug
        self._store = store
        self._connector = connector
        self._bus = bus
        self._health = health
        self._on_contact = on_contact
        self._on_tested = on_tested
        self._changed = asyncio.Event()
        self._connection: OpenConnection | None = None
        self._state = ControlState(
            plug=plug,
            ways=connector.ways(plug),
            shared=store.shared,
            published=PlugState(at=utc_now(), name=plug.title, protected=plug.protected, dry_run=dry_run),
            check_every_s=check_s,
            dry_run=dry_run,
            retries=retries,
        )

    async def run(self) -> None:
        """Control the plug until cancelled."""
        try:
            if Via.LOCAL not in self._state.ways:  # no later check would publish it
                self._publish()
            while True:
                await self.step()
        finally:
            self._disconnect()

    async def step(self) -> None:
        """Perform one action."""
        self._changed.clear()
        action = next_step(self._current(), _now())
        outcome = await self._perform(action)
        self._update(after(self._current(), action, outcome, _now()))

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self._state = change.moved(self._state)

    def wake(self) -> None:
        """End a wait: the shared state has changed."""
        self._changed.set()

    def ask(self, *, again: bool = False) -> None:
        """Ask the plug whether it would follow an outage; again only if it has not answered."""
        if again and not self._state.unanswered:
            return
        ways = self._connector.ways(self.plug)
        self._state = replace(self._state, asking=ways)
        if not ways:
            self._update(reports.report_unanswered(self._state, plugs.no_way(name=self.plug.title)))
        self.wake()

    @property
    def contact(self) -> Contact:
        """Whether the plug answers, as far as that says something about the network of all plugs."""
        state = self._state
        if state.published.reachable is not False:
            return Contact.UNKNOWN if state.contact is Contact.UNKNOWN else Contact.ANSWERS
        return state.contact if Via.LOCAL in state.ways else Contact.UNKNOWN

    def on_common_trouble(self, reason: Reason | None) -> None:
        """Attribute this plug's silence to a reason that all plugs have in common; None ends that."""
        self._update(reports.report_common_trouble(replace(self._current(), common_trouble=reason), _now()))

    def on_move(self) -> None:
        """Try again at once: the plug has announced another address."""
        self._state = replace(self._state, check_at_s=0.0, retry_at_s=0.0)
        self.wake()

    def refuse(self, reason: Reason) -> None:
        """Publish that a command was refused."""
        self._update(reports.refuse(self._current(), reason, _now()))

    def seen_on(self, within: timedelta) -> set[str]:
        """Return the gangs that the last reading has found on, if it is not older."""
        return {key(self.plug.id, gang) for gang, on in self._state.seen(_now(), within).items() if on}

    def learn(self, reading: GangStates, *, online: bool) -> None:
        """Take over what the account says about the plug, if nothing is known yet."""
        self._update(reports.learn(self._current(), reading, _now(), online=online))

    def drop(self, target: Target, reason: Reason) -> None:
        """Publish that a target was dropped."""
        self._update(reports.drop(self._current(), (target,), reason, _now()))

    def retire(self, *, for_good: bool) -> None:
        """Clear its problems, and for good also what is published: its entry in the list has changed, or is gone."""
        self._update(reports.retire(self._current(), _now(), for_good=for_good))

    def _current(self) -> ControlState:
        return replace(self._state, shared=self._store.shared, ways=self._connector.ways(self.plug))

    async def _perform(self, action: Action) -> Outcome:
        try:
            match action:
                case Wait(seconds):
                    await self._wait(seconds)
                case Read(via):
                    return await (await self._connected(via)).read()
                case Switch(via, values):
                    await (await self._connected(via)).switch(values)
                case Persist(journal):
                    self._store.persist(journal)
        except DeviceError as error:
            self._disconnect()  # whatever broke it, the next try uses a new connection
            return error
        except StorageError as error:
            return error
        return None

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _connected(self, via: Via) -> OpenConnection:
        if self._connection is None:
            self._connection = await self._connector.connect(self.plug, via, self._state.patience)
        return self._connection

    def _disconnect(self) -> None:
        """Close the connection: a plug serves one client at a time."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _update(self, state: ControlState) -> None:
        """Take over a new state, and publish what has changed."""
        before, self._state = self._state, replace(state, events=())
        if self._connection and (state.attempt is None or state.attempt.via is not self._connection.via):
            self._disconnect()
        is_common = state.common_trouble is not None and state.is_silent
        self._health.report(f"plug {self.plug.id}", None if is_common else state.problem)
        self._health.report(f"asked {self.plug.id}", None if state.problem or is_common else state.unanswered)
        is_said = state.key_problem and state.problem and names(state.problem, state.key_problem)
        self._health.report(f"key {self.plug.id}", None if is_said else state.key_problem)
        if state.published is not before.published:
            self._publish()
        for event in state.events:
            self._bus.publish(PLUG_ACTION, event, self.plug.id)
            log.info("%s", sentence(self.plug, event))
        if state.test and state.test is not before.test:
            self._on_tested(self.plug, state.test)
        self._on_contact()

    def _publish(self) -> None:
        self._bus.publish(PLUG_STATE, self._state.published, self.plug.id)


def sentence(plug: Plug, action: PlugAction) -> str:
    """Return an action for the log: Boiler off by grid: done (local)."""
    gang = f" ({action.gang})" if action.gang else ""
    via = f" ({action.via})" if action.via else ""
    reason = f" {action.reason}" if action.reason else ""
    on = "on" if action.on else "off"
    return f"{plug.title}{gang} {on} by {action.by}: {action.outcome.replace('_', ' ')}{via}.{reason}"


def names(reason: Reason, other: Reason) -> bool:
    """Return whether a reason is the given one, or has it as a cause."""
    return reason == other or any(names(one, other) for one in reason.params.values() if isinstance(one, Reason))


def _now() -> Now:
    return Now(utc_now(), time.monotonic())
