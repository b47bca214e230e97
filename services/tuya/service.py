"""The plug service: receives grid states and commands, keeps the journal, and runs a controller for every plug."""

import asyncio
import logging
import time
from datetime import datetime, timedelta

from services.tuya import grid_rules
from services.tuya.account import Device, mismatch, unlisted
from services.tuya.account_listing import fetch_devices
from services.tuya.cloud import Credentials
from services.tuya.commands import on_command, refusal
from services.tuya.connector import Connector
from services.tuya.controller import PlugController
from services.tuya.journal import Journal
from services.tuya.journal_file import JournalFile
from services.tuya.next_step import SharedState
from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from services.tuya.settings import TuyaSettings
from services.tuya.shared_state import SharedStateStore
from shared.bus import Delivery
from shared.conditions import Reason, plugs
from shared.errors import ConfigError, StorageError
from shared.messages import ActionOutcome, GridState, PlugAction, PlugCommand
from shared.service import Service, utc_now
from shared.topics import GRID_STATE, PLUG_ACTION, PLUG_SET

log = logging.getLogger("tuya")

LIST_CHECK_S = 1.0
CLOCK_PATIENCE_S = 2.0
"""Messages that the broker kept while the connection was broken all arrive within a moment."""


async def serve(service: Service[TuyaSettings]) -> None:
    """Control all plugs until cancelled."""
    home = PlugService(service)
    service.bus.collect_parsed(GRID_STATE, home.on_grid)
    service.bus.collect_parsed(PLUG_SET, home.on_command)
    try:
        await home.run()
    finally:
        home.close()


class PlugService:
    """All plugs of the home."""

    def __init__(self, service: Service[TuyaSettings]) -> None:
        settings = service.settings
        self._settings = settings
        self._bus = service.bus
        self._health = service.health
        self._list = plug_list(settings.tuya_plugs_file)
        self._listed = {plug.id: plug for plug in self._list.read()}
        journal = JournalFile(settings, service.health)
        self._store = SharedStateStore(SharedState(journal.load(), settings.rules()), journal.save)
        self._connector = Connector(settings.credentials(), settings.tuya_local_timeout)
        self._controllers: dict[str, PlugController] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._changed_at = time.monotonic()
        self._wrong_time_since: float | None = None

    async def run(self) -> None:
        """Control all plugs until cancelled."""
        if self._settings.tuya_dry_run:
            log.info("TUYA_DRY_RUN is set: everything is done but the switching.")
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for plug in list(self._listed.values()):
                self._control(plug)
            self._report_whether_any()
            if self._connector.credentials:
                tasks.create_task(self._compare_with_account(self._connector.credentials))
            await self._watch_list()

    def close(self) -> None:
        """Release the threads."""
        self._connector.close()

    # messages

    def on_grid(self, _: str, grid: GridState, delivery: Delivery) -> None:
        """Act on a grid state. A retained one may be a week old, and the next reading brings a live one."""
        delivery.ack()
        now = utc_now()
        if delivery.retained:
            return
        self._check_clock(grid, now)
        shared = self._store.shared
        if not grid_rules.is_news(grid, now) or grid_rules.is_outdated(grid, shared.grid, now):
            return
        if shared.grid is None or shared.grid.transition_id != grid.transition_id:
            self._changed_at = time.monotonic()
        self._store.set_grid(grid)
        stable_for = timedelta(seconds=time.monotonic() - self._changed_at)
        controlled = {id_: controller.plug for id_, controller in self._controllers.items()}
        journal = grid_rules.on_grid(shared.journal, grid, controlled, shared.rules, now, stable_for=stable_for)
        self._persist(journal, dropped_because=plugs.GRID_CHANGED())  # if that fails, the next message tries again
        for controller in self._controllers.values():
            controller.wake()

    def on_command(self, id_: str, command: PlugCommand, delivery: Delivery) -> None:
        """Carry out a command, or publish why not."""
        delivery.ack()
        shared, plug, now = self._store.shared, self._listed.get(id_), utc_now()
        reason = plugs.COMMAND_RETAINED() if delivery.retained else refusal(plug, command, shared.rules, now)
        if reason or plug is None:
            self._refuse(id_, command, reason or plugs.UNKNOWN_PLUG())
            return
        journal = on_command(shared.journal, plug, command, shared.grid, now)
        if self._persist(journal, dropped_because=plugs.REPLACED()):
            self._controllers[id_].wake()
        else:
            self._refuse(id_, command, plugs.NO_JOURNAL())

    def _check_clock(self, grid: GridState, now: datetime) -> None:
        """Report where everything that arrives is of another time; after a broken connection some messages may be."""
        if grid_rules.is_news(grid, now):
            self._wrong_time_since = None
            self._health.report("clock", None)
            return
        self._wrong_time_since = self._wrong_time_since or time.monotonic()
        if time.monotonic() - self._wrong_time_since > CLOCK_PATIENCE_S:
            self._health.report("clock", plugs.wrong_time(topic=GRID_STATE.template))

    def _persist(self, journal: Journal, *, dropped_because: Reason) -> bool:
        """Save a journal, and publish which targets it no longer has; return whether it could be saved."""
        before = self._store.shared.journal
        if journal is before:
            return True
        try:
            self._store.persist(journal)
        except StorageError:  # reported
            return False
        if journal.handled != before.handled:
            self._health.report("damaged", None)
        for target in (one for name, one in before.targets.items() if journal.targets.get(name) != one):
            if controller := self._controllers.get(target.plug):
                controller.drop(target, dropped_because)
        return True

    def _refuse(self, id_: str, command: PlugCommand, reason: Reason) -> None:
        log.warning("A command of %s for the plug %s is refused: %s", command.by, id_, reason)
        refused = ActionOutcome.REFUSED
        action = PlugAction(
            at=utc_now(), on=command.on, gang=command.gang, by=command.by, outcome=refused, reason=reason
        )
        self._bus.publish(PLUG_ACTION, action, id_)
        if controller := self._controllers.get(id_):
            controller.refuse(reason)

    # the list of plugs, and the account

    def _control(self, plug: Plug) -> None:
        """Start to control a plug that is enabled or protected; forget what was known under its id."""
        is_used = plug.enabled or plug.protected or self._store.shared.rules.all_devices
        self._release(plug.id, for_good=not is_used)
        self._listed[plug.id] = plug
        if self._tasks and is_used:
            controller = PlugController(
                plug,
                self._store,
                self._connector,
                self._bus,
                self._health,
                check_s=self._settings.plug_check_interval,
                dry_run=self._settings.tuya_dry_run,
            )
            self._controllers[plug.id] = controller
            self._running[plug.id] = self._tasks.create_task(controller.run())

    def _release(self, id_: str, *, for_good: bool) -> None:
        self._listed.pop(id_, None)
        if controller := self._controllers.pop(id_, None):
            controller.retire(for_good=for_good)
            self._running.pop(id_).cancel()

    async def _watch_list(self) -> None:
        """Take over changes of the list file once it has stayed the same for a moment."""
        used = seen = self._list.stamp()
        while True:
            await asyncio.sleep(LIST_CHECK_S)
            last, seen = seen, self._list.stamp()
            if seen and seen == last != used:
                used = seen
                self._reload_list()

    def _reload_list(self) -> None:
        try:
            listed = {plug.id: plug for plug in self._list.read()}
        except ConfigError as error:
            self._health.report("file", plugs.list_not_taken_over(cause=error.reason))
            return
        self._health.report("file", None)
        changed = [plug for id_, plug in listed.items() if self._listed.get(id_) != plug]
        removed = [id_ for id_ in self._listed if id_ not in listed]
        for id_ in removed:
            self._release(id_, for_good=True)
        for plug in changed:
            self._control(plug)
        if changed or removed:
            log.info("The list of plugs has changed: %d new or different, %d removed.", len(changed), len(removed))
        self._report_whether_any()

    def _report_whether_any(self) -> None:
        if not self._listed and not self._connector.credentials:
            self._health.disable(plugs.NO_PLUGS())
        else:
            self._health.enable()

    async def _compare_with_account(self, credentials: Credentials) -> None:
        """List what is new in the account, report where it and the list disagree, and learn the plugs' states."""
        found = await fetch_devices(self._connector, credentials, self._health)
        if not found:
            return
        self._add(unlisted(found, self._listed))
        devices: dict[str, Device] = {device.id: device for device in found}
        for id_, controller in self._controllers.items():
            device = devices.get(id_)
            self._health.report(f"account {id_}", mismatch(controller.plug, device))
            if device:
                controller.learn(device.reading(controller.plug), online=device.online)

    def _add(self, new: list[Plug]) -> None:
        if not new:
            return
        log.info("New in the account, and listed as disabled: %s.", ", ".join(plug.title for plug in new))
        try:
            self._list.add(new)
        except ConfigError as error:
            self._health.report("file", error.reason)
        for plug in new:
            self._control(plug)
