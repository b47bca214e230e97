"""All inverters of the house: those of INVERTERS_FILE, or else the one of `.env`; each is polled on its own."""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from services.poller import grid
from services.poller.house import House, restored
from services.poller.inverter_commands import INVERTER_COMMANDS, InverterCommand
from services.poller.inverter_control import Control, sort_journals
from services.poller.inverter_list import inverter_list
from services.poller.kept_grid import KeptGrid
from services.poller.kept_journal import left_journals
from services.poller.modbus_client import ModbusClient
from services.poller.own_messages import OwnMessages
from services.poller.poller import Poller
from services.poller.setting_journal import SettingJournal
from services.poller.settings import PollerSettings
from services.poller.transports.dongle_listener import DongleListener
from services.poller.transports.factory import create_client
from services.poller.witnesses import Witness
from shared.broker_mirror import BrokerMirror
from shared.broker_state import BrokerState
from shared.bus import Delivery
from shared.clock import utc_now
from shared.conditions import Reason, poller
from shared.errors import ConfigError
from shared.health import Health, Reporter
from shared.list_file import ListWatch
from shared.live_figures import ALL
from shared.messages import (
    Availability,
    GridState,
    InverterControl,
    Message,
)
from shared.service import Service, repeat
from shared.topics import (
    BATTERY_AVAILABILITY,
    BATTERY_INFO,
    BATTERY_STATE,
    CHARGE_AHEAD,
    GRID_STATE,
    INVERTER_AVAILABILITY,
    INVERTER_INFO,
    INVERTER_PROFILES,
    INVERTER_SETTINGS,
    INVERTER_STATE,
    OUTAGE_SCHEDULE,
    OUTLOOK_STATE,
    Topic,
)
from shared.trusted_time import ClockChange

log = logging.getLogger("poller")

OF_AN_INVERTER = (
    INVERTER_STATE,
    INVERTER_INFO,
    INVERTER_AVAILABILITY,
    INVERTER_SETTINGS,
    INVERTER_PROFILES,
    CHARGE_AHEAD,
)
DECIDES_CHARGING = (BATTERY_STATE, BATTERY_INFO, BATTERY_AVAILABILITY, OUTAGE_SCHEDULE, OUTLOOK_STATE)
"""What charging ahead decides by, besides our own messages."""
RETRY_MOST_S = 2.0
"""An attempt on the home network costs nothing, so a device that returns is soon read again."""
LIST_CHECK_S = 1.0
FIRST_READING_S = 120.0
"""How long to wait for all inverters of a new list before a missing name counts as a missing inverter."""


@dataclass(frozen=True)
class Wanted:
    """An inverter to poll; if there are several, its problems name it."""

    settings: PollerSettings
    phase: int | None = None
    is_listed: bool = False

    @property
    def name(self) -> str:
        """What it is called in topics."""
        return self.settings.inverter_name


class ListedHealth:
    """The problems of one of several inverters."""

    def __init__(self, health: Health, name: str) -> None:
        self._health = health
        self._name = name
        self._slots: set[str] = set()

    def report(self, slot: str, reason: Reason | None) -> None:
        """Set or, with None, clear a problem of this inverter."""
        self._slots.add(slot)
        of_it = reason and poller.of_inverter(name=self._name, reason=reason)
        self._health.report(f"{self._name}/{slot}", of_it)

    def forget(self) -> None:
        """Clear all of them."""
        for slot in self._slots:
            self._health.report(f"{self._name}/{slot}", None)


class Inverters:
    """Keeps a poller running for every configured inverter. Create it before `Bus.run`."""

    def __init__(self, service: Service[PollerSettings]) -> None:
        self._settings = service.settings
        self._bus = service.bus
        self._health = service.health
        self._list = inverter_list(service.settings.inverters_file)
        self._listeners: dict[int, DongleListener] = {}
        self._wanted: dict[str, Wanted] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._pollers: dict[str, Poller] = {}
        self._controls: dict[str, Control] = {}
        self._published: dict[str, Availability] = {}
        self._bus.subscribe(INVERTER_AVAILABILITY, self._published.__setitem__, on_cleared=self._on_cleared)
        is_automatic = self._settings.inverter_control is InverterControl.AUTOMATIC
        topics = DECIDES_CHARGING if is_automatic else ()
        self._mirror = BrokerMirror(self._bus, topics=topics, on_change=self._on_news)
        self._left_changed: set[Path] = set()
        self._listed_s = 0.0
        self._kept = KeptGrid(self._settings.inverter_journal_dir / "grid" / "last.json")
        self._own = OwnMessages(self._bus, self._kept)
        for kind in INVERTER_COMMANDS:
            self._bus.collect_parsed(kind.topic, partial(self._on_command, kind))

    async def run(self) -> None:
        """Poll all of them, and follow the list file, until cancelled."""
        watch = ListWatch(self._list)
        wanted = self._read_list()
        await self._bus.connected.wait()
        retained = await self._bus.retained(GRID_STATE)  # by now the availabilities have arrived, too
        last = grid.last_published(retained, self._kept.last, utc_now())
        house = self._new_house(last)
        self._bus.clock.on_change(partial(self._on_clock_change, house))
        if len(wanted) < 2 and await self._bus.retained(INVERTER_STATE, ALL):
            self._bus.clear(INVERTER_STATE, ALL)
        async with asyncio.TaskGroup() as tasks:
            for name in self._published.keys() - wanted.keys() if wanted else ():
                self._clear(name)
            await self._take_over(wanted, house, tasks, last)
            while True:
                await asyncio.sleep(LIST_CHECK_S)
                for one in self._controls.values():
                    one.profiles.follow()
                if watch.has_changed():
                    await self._reload(house, tasks)
                self._report_left_changed()

    def _on_clock_change(self, house: House, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        house.on_clock_change(change)
        for reader in self._pollers.values():
            reader.on_clock_change(change)
        for one in self._controls.values():
            one.on_clock_change(change)
        self._own.on_clock_change(change)
        self._published.update(change.moved(self._published))

    def _new_house(self, last: GridState | None) -> House:
        track = grid.restore(last, utc_now(), self._settings.grid_limits())
        return House(self._own, self._health, track, restored(last))

    # the list

    def _read_list(self) -> dict[str, Wanted]:
        """Return the inverters by name, in the order of the list. Raises ConfigError."""
        listed = self._list.read()
        wanted = [Wanted(entry.settings(self._settings), entry.phase, is_listed=True) for entry in listed]
        if not wanted and self._settings.not_configured is None:
            wanted = [Wanted(self._settings)]
        return {one.name: one for one in wanted}

    async def _reload(self, house: House, tasks: asyncio.TaskGroup) -> None:
        """Apply a list that has changed; one with a mistake changes nothing."""
        try:
            if self._list.stamp() is None:
                raise ConfigError(poller.list_gone(file=str(self._settings.inverters_file)))
            wanted = self._read_list()
        except ConfigError as error:
            self._health.report("file", poller.list_not_taken_over(cause=error.reason))
            return
        self._health.report("file", None)
        await self._take_over(wanted, house, tasks)

    async def _take_over(
        self, wanted: dict[str, Wanted], house: House, tasks: asyncio.TaskGroup, last: GridState | None = None
    ) -> None:
        """Stop inverters that are no longer wanted, start new and changed ones, and leave the others running."""
        before, self._wanted = self._wanted, wanted
        self._listed_s = asyncio.get_running_loop().time()
        for name in [name for name, one in before.items() if wanted.get(name) != one]:
            await self._stop(name, house)
        for name, one in wanted.items():
            if before.get(name) != one:
                witness = self._witness(one, last, is_alone=len(wanted) == 1)
                self._running[name] = tasks.create_task(self._poll(one, house, witness))
        await asyncio.sleep(0)  # they join the house
        house.arrange(list(wanted))
        if len(wanted) < 2 <= len(before):
            self._own.forget(ALL)
            self._bus.clear(INVERTER_STATE, ALL)
        self._report_whether_any()

    async def _stop(self, name: str, house: House) -> None:
        self._running[name].cancel()
        await asyncio.wait([self._running.pop(name)])
        if name not in self._wanted:
            house.leave(name, utc_now())
            self._clear(name)

    def _report_whether_any(self) -> None:
        reason = None if self._wanted else self._settings.not_configured
        if reason:
            self._health.disable(reason)
        else:
            self._health.enable()

    def _report_left_changed(self) -> None:
        """Report inverters that are gone and left settings to restore, until they are back or their journal is gone.

        An inverter that has not been read yet may be the missing one under another name, so wait for it.
        """
        left = set(self._left())
        is_early = asyncio.get_running_loop().time() - self._listed_s < FIRST_READING_S
        if is_early and any(one.writer.present is None for one in self._controls.values()):
            return
        for file in left | self._left_changed:
            name = file.name.partition(".json")[0]
            reason = poller.left_changed(name=name, file=str(file)) if file in left else None
            self._health.report(f"left changed {file.name}", reason)
        self._left_changed = left

    def _left(self) -> dict[Path, SettingJournal]:
        return left_journals(self._settings.inverter_journal_dir, self._wanted)

    def _sort_journals(self) -> None:
        sort_journals(tuple(self._controls.values()), self._left)

    def _witness(self, one: Wanted, last: GridState | None, *, is_alone: bool) -> Witness:
        """Return an inverter's first witness; a single inverter continues from what it published itself."""
        now = utc_now()
        track = grid.restore(last, now, one.settings.grid_limits()) if is_alone else grid.unknown_grid(now)
        return Witness(one.name, track, phase=one.phase)

    def _clear(self, name: str) -> None:
        log.info("The inverter %s is not there any more: its messages are removed from the broker.", name)
        self._own.forget(name)
        for topic in OF_AN_INVERTER:
            self._bus.clear(topic, name)

    def _on_cleared(self, name: str) -> None:
        self._published.pop(name, None)

    # commands

    def _on_command(self, kind: InverterCommand, name: str, command: Message, delivery: Delivery) -> None:
        """Pass a command on to its inverter, or publish that there is none."""
        delivery.ack()
        device, _, rest = name.partition("/")
        if one := self._controls.get(device):
            kind.obey(one, rest, command, delivery.retained)
        else:
            self._bus.publish(kind.outcome, kind.nobody(command), name)

    def _on_news(self, topic: Topic[Any], _name: str, _message: Message | None) -> None:
        """Decide again whether to charge when the schedule or the forecast has changed."""
        if topic in (OUTAGE_SCHEDULE, OUTLOOK_STATE):
            for one in self._controls.values():
                one.charging.run_now()

    def _control(self, one: Wanted, client: ModbusClient, health: Reporter) -> Control:
        clock, on_seen = self._bus.clock, self._sort_journals
        return Control(client, self._bus, health, one.settings, self._state, clock=clock, on_seen=on_seen)

    def _state(self) -> BrokerState:
        return self._own.over(self._mirror.snapshot())

    # polling

    async def _poll(self, one: Wanted, house: House, witness: Witness) -> None:
        """Poll one inverter for ever; the others do not wait for it."""
        listed = ListedHealth(self._health, one.name) if one.is_listed else None
        health: Reporter = listed or self._health
        client = create_client(one.settings, self._listeners)
        last = self._published.get(one.name)
        own = self._control(one, client, health)
        reader = Poller(
            client, one.settings, self._own, health, house, witness=witness, availability=last, writer=own.writer
        )
        self._pollers[one.name], self._controls[one.name] = reader, own
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(repeat(reader.step, health, "inverter", retry_most_s=RETRY_MOST_S))
                tasks.create_task(reader.watch_silence())
                tasks.create_task(reader.look_when_asked())
                tasks.create_task(own.run())
        finally:
            del self._pollers[one.name], self._controls[one.name]
            client.close()
            if listed:
                listed.forget()
