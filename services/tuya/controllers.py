"""The controllers of all listed plugs: started, replaced and stopped as the list file and the account change."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from services.tuya.account import Device, mismatch, missing_key, to_plug, unlisted
from services.tuya.account_listing import AGAIN_S, GangNames, fetch_devices, fetch_gang_names
from services.tuya.cloud import Credentials
from services.tuya.commands import give_back
from services.tuya.connector import Connector
from services.tuya.contact import common_trouble
from services.tuya.controller import PlugController
from services.tuya.journal import key
from services.tuya.off_on_test import OffOnTest
from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from services.tuya.settings import TuyaSettings
from services.tuya.shared_state import SharedStateStore
from shared.clock import utc_now
from shared.conditions import Reason, plugs
from shared.errors import ConfigError, StorageError
from shared.list_file import ListWatch
from shared.messages import PlugInfo, PlugSetup
from shared.service import Service
from shared.topics import PLUG_INFO
from shared.trusted_time import ClockChange

log = logging.getLogger("tuya")

LIST_CHECK_S = 1.0
OWNER = "owner"
MOST_NAMES = 30


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
        self._common_trouble: Reason | None = None
        self._tested: dict[str, OffOnTest] = {}

    async def run(self) -> None:
        """Run all controllers, and follow the list file, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for plug in list(self._listed.values()):
                self._start(plug)
            self._report_whether_any()
            if self._connector.credentials:
                tasks.create_task(self._follow_account(self._connector.credentials))
            await self._watch_list()

    def listed(self, id_: str) -> Plug | None:
        """Return a plug of the list."""
        return self._listed.get(id_)

    def controlled(self) -> dict[str, Plug]:
        """Return the plugs that have a controller."""
        return {id_: controller.plug for id_, controller in self._controllers.items()}

    def seen_on(self, within: timedelta) -> set[str]:
        """Return the gangs of plugs that follow the grid that were found on by readings that are not older."""
        may_switch = self._store.shared.rules.may_switch
        following = (one for one in self._controllers.values() if may_switch(one.plug))
        return {name for controller in following for name in controller.seen_on(within)}

    def get(self, id_: str) -> PlugController | None:
        """Return the controller of a plug."""
        return self._controllers.get(id_)

    def set_up(self, plug: Plug, setup: PlugSetup) -> None:
        """Change the list at a person's request, and publish the changed plug, or why that was not possible."""
        fields = self._fields(plug, setup)
        try:
            self._list.change(plug.id, fields)
        except ConfigError as error:
            self.refuse_setup(plug, error.reason)
            return
        log.info("%s is set up by %s: %s.", plug.title, setup.by, fields)
        self._reload_list()
        if setup.enabled and not setup.test and (controller := self._controllers.get(plug.id)):
            controller.ask()  # at once, while there is power

    def _fields(self, plug: Plug, setup: PlugSetup) -> dict[str, object]:
        """Return what a setup changes in the list; an empty one confirms what a setting has decided."""
        asked = {"enabled": setup.enabled, "protected": setup.protected, "priority": setup.priority}
        fields: dict[str, object] = {name: value for name, value in asked.items() if value is not None}
        if not fields and self._store.shared.rules.is_undecided(plug):
            fields["enabled"] = self._store.shared.rules.may_switch(plug)
        is_excluded = fields.get("enabled", not plug.excluded) is False
        fields |= {} if is_excluded is plug.excluded else {"excluded": is_excluded}
        return fields if plug.seen else fields | {"seen": True}

    def refuse_setup(self, plug: Plug, reason: Reason) -> None:
        """Publish why a plug was not set up as requested."""
        self._publish_info(plug, reason=reason)

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        for controller in self._controllers.values():
            controller.on_clock_change(change)

    def wake(self) -> None:
        """Let all controllers look at the shared state again."""
        for controller in self._controllers.values():
            controller.wake()

    def ask(self, *, again: bool = False) -> None:
        """Ask all plugs that follow the grid whether they would; later only those that have not answered."""
        for controller in self._controllers.values():
            if self._store.shared.rules.may_switch(controller.plug):
                controller.ask(again=again)

    def _start(self, plug: Plug) -> None:
        """Start the controller of a plug in use; what was known under its id is forgotten."""
        if not self._store.shared.rules.may_switch(plug):
            self._give_back(plug)
        targets = self._store.shared.journal.targets.values()
        is_used = plug.enabled or plug.protected or self._store.shared.rules.all_devices
        is_used = is_used or any(one.gives_back for one in targets if one.plug == plug.id)
        self._end(plug.id, for_good=not is_used)
        self._listed[plug.id] = plug
        self._publish_info(plug)
        if self._tasks and is_used:
            controller = PlugController(
                plug,
                self._store,
                self._connector,
                self._bus,
                self._health,
                check_s=self._settings.plug_check_interval,
                dry_run=self._settings.tuya_dry_run,
                on_contact=self._on_contact,
                on_tested=self._on_tested,
            )
            self._controllers[plug.id] = controller
            self._running[plug.id] = self._tasks.create_task(controller.run())

    def _on_tested(self, plug: Plug, test: OffOnTest) -> None:
        """Publish how an off-on test ended."""
        log.info("%s is tested: %s", plug.title, test.reason or "it went off and on again.")
        self._tested[plug.id] = test
        self._publish_info(plug, reason=test.reason)

    def _on_contact(self) -> None:
        """Report if no plug answers, as one common trouble."""
        may_switch = self._store.shared.rules.may_switch
        following = [one for one in self._controllers.values() if may_switch(one.plug)]
        trouble = common_trouble(one.contact for one in following)
        if trouble == self._common_trouble:
            return
        self._common_trouble = trouble
        self._health.report("contact", trouble)
        for controller in following:
            controller.on_common_trouble(trouble)

    def _give_back(self, plug: Plug) -> None:
        """End the last outage for a plug that may no longer be switched."""
        journal = self._store.shared.journal
        if any(key(plug.id, gang) in journal.to_restore | journal.tested for gang in plug.gangs):
            with suppress(StorageError):  # reported
                self._store.persist(give_back(journal, plug, OWNER, utc_now()))

    def _publish_info(self, plug: Plug, *, listed: bool = True, reason: Reason | None = None) -> None:
        test = self._tested.get(plug.id)
        info = PlugInfo(
            at=utc_now(),
            name=plug.title,
            gangs={gang: plug.names.get(gang, gang) for gang in plug.gangs},
            enabled=plug.enabled,
            protected=plug.protected,
            follows_grid=self._store.shared.rules.may_switch(plug),
            priority=plug.priority,
            seen=not self._store.shared.rules.is_undecided(plug),
            listed=listed,
            tested_at=test.at if test and not test.reason else None,
            reason=reason,
        )
        self._bus.publish(PLUG_INFO, info, plug.id)

    def _end(self, id_: str, *, for_good: bool) -> None:
        self._listed.pop(id_, None)
        if controller := self._controllers.pop(id_, None):
            controller.retire(for_good=for_good)
            self._running.pop(id_).cancel()

    # the list file

    async def _watch_list(self) -> None:
        """Apply changes of the list file; without the file everything stays as it is."""
        watch = ListWatch(self._list)
        while True:
            await asyncio.sleep(LIST_CHECK_S)
            if watch.has_changed() and self._list.stamp():
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
            self._publish_info(self._listed[id_], listed=False)
            self._end(id_, for_good=True)
        for plug in changed:
            self._start(plug)
        if changed or removed:
            log.info("The list of plugs has changed: %d new or different, %d removed.", len(changed), len(removed))
        self._report_whether_any()

    def _report_whether_any(self) -> None:
        """Report what prevents plugs from being switched, and which were enabled without asking a person."""
        listed, may_switch = self._listed.values(), self._store.shared.rules.may_switch
        if not listed and not self._connector.credentials and not self._settings.has_half_an_account:
            self._health.disable(plugs.NO_PLUGS())
            return
        self._health.enable()
        self._health.report("half", plugs.HALF_AN_ACCOUNT() if self._settings.has_half_an_account else None)
        idle = [plug for plug in listed if not plug.protected and not may_switch(plug)]
        none = bool(idle) and not any(map(may_switch, listed))
        self._health.report("none", plugs.none_enabled(count=len(idle)) if none else None)
        self._report_undecided()

    def _report_undecided(self) -> None:
        """Report what a setting has decided about plugs, and which it has left out because of their names."""
        rules = self._store.shared.rules
        undecided = sorted(filter(rules.is_undecided, self._listed.values()), key=lambda plug: plug.title)
        follow = [plug for plug in undecided if rules.may_switch(plug)]
        essential = [plug for plug in follow if plug.sounds_essential]
        held = [plug for plug in undecided if plug not in follow]
        self._health.report("unseen", plugs.enabled_as_before(names=_titles(follow)) if follow else None)
        self._health.report("essential", plugs.essential(names=_titles(essential)) if essential else None)
        self._health.report("held back", plugs.held_back(names=_titles(held)) if held else None)

    # the account

    async def _follow_account(self, credentials: Credentials) -> None:
        """List new plugs of the account, report where it and the list disagree, and learn the plugs' states."""
        while True:
            found = await fetch_devices(self._connector, credentials, self._health)
            self._health.report("account", None if found else plugs.ACCOUNT_EMPTY())
            new = unlisted(found, self._listed)
            names = await fetch_gang_names(self._connector, credentials, new)
            self._add(new, names)
            self._compare({device.id: device for device in found})
            await asyncio.sleep(AGAIN_S)

    def _add(self, new: list[Device], names: GangNames) -> None:
        """Add devices to the list: enabled only if there is no list yet and its owner has asked for switching."""
        enabled = self._settings.is_switching_asked_for and self._list.stamp() is None
        added = [plug for one in new if (plug := to_plug(one, names.get(one.id, {}), enabled=enabled))]
        if not added:
            return
        log.info("New in the account, and listed now: %s.", ", ".join(plug.title for plug in added))
        try:
            self._list.add(added)
        except ConfigError as error:
            self._health.report("file", error.reason)
        for plug in added:
            self._start(plug)
        self._report_whether_any()

    def _compare(self, devices: dict[str, Device]) -> None:
        """Take over what the account knows about listed plugs: missing keys, and states if none is known yet."""
        for id_, plug in list(self._listed.items()):
            device = devices.get(id_)
            if device and (local_key := missing_key(plug, device)):
                self._take_key(plug, local_key)
        for id_, controller in self._controllers.items():
            device = devices.get(id_)
            self._health.report(f"account {id_}", mismatch(controller.plug, device))
            if device:
                controller.learn(device.reading(controller.plug), online=device.online)

    def _take_key(self, plug: Plug, local_key: str) -> None:
        try:
            self._list.change(plug.id, {"local_key": local_key})
        except ConfigError as error:
            self._health.report("file", error.reason)
            return
        log.info("The local_key of %s is taken from the account.", plug.title)
        self._reload_list()


def _titles(listed: list[Plug]) -> str:
    names = [plug.title for plug in listed[:MOST_NAMES]]
    return ", ".join(names) + ("…" if len(listed) > MOST_NAMES else "")
