"""The controllers of all listed plugs: started, replaced and ended as the list file and the account change."""

import asyncio
import logging

from services.tuya.account import Device, mismatch, unlisted
from services.tuya.account_listing import fetch_devices
from services.tuya.cloud import Credentials
from services.tuya.connector import Connector
from services.tuya.controller import PlugController
from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from services.tuya.settings import TuyaSettings
from services.tuya.shared_state import SharedStateStore
from shared.conditions import plugs
from shared.errors import ConfigError
from shared.service import Service
from shared.trusted_time import ClockChange

log = logging.getLogger("tuya")

LIST_CHECK_S = 1.0


class PlugControllers:
    """The listed plugs, and a running controller for each that is enabled or protected."""

    def __init__(self, service: Service[TuyaSettings], store: SharedStateStore, connector: Connector) -> None:
        self._settings = service.settings
        self._bus = service.bus
        self._health = service.health
        self._store = store
        self._connector = connector
        self._list = plug_list(service.settings.tuya_plugs_file)
        self._listed = {plug.id: plug for plug in self._list.read()}
        self._controllers: dict[str, PlugController] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Run all controllers, and follow the list file, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for plug in list(self._listed.values()):
                self._start(plug)
            self._report_whether_any()
            if self._connector.credentials:
                tasks.create_task(self._compare_with_account(self._connector.credentials))
            await self._watch_list()

    def listed(self, id_: str) -> Plug | None:
        """Return a plug of the list."""
        return self._listed.get(id_)

    def controlled(self) -> dict[str, Plug]:
        """Return the plugs that have a controller."""
        return {id_: controller.plug for id_, controller in self._controllers.items()}

    def get(self, id_: str) -> PlugController | None:
        """Return the controller of a plug."""
        return self._controllers.get(id_)

    def on_clock_change(self, change: ClockChange) -> None:
        """Keep what is known of past moments, by a clock that was set."""
        for controller in self._controllers.values():
            controller.on_clock_change(change)

    def wake(self) -> None:
        """Let all controllers look at the shared state again."""
        for controller in self._controllers.values():
            controller.wake()

    def _start(self, plug: Plug) -> None:
        """Start the controller of a plug that is used; what was known under its id is forgotten."""
        is_used = plug.enabled or plug.protected or self._store.shared.rules.all_devices
        self._end(plug.id, for_good=not is_used)
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

    def _end(self, id_: str, *, for_good: bool) -> None:
        self._listed.pop(id_, None)
        if controller := self._controllers.pop(id_, None):
            controller.retire(for_good=for_good)
            self._running.pop(id_).cancel()

    # the list file

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
            self._end(id_, for_good=True)
        for plug in changed:
            self._start(plug)
        if changed or removed:
            log.info("The list of plugs has changed: %d new or different, %d removed.", len(changed), len(removed))
        self._report_whether_any()

    def _report_whether_any(self) -> None:
        if not self._listed and not self._connector.credentials:
            self._health.disable(plugs.NO_PLUGS())
        else:
            self._health.enable()

    # the account

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
            self._start(plug)
