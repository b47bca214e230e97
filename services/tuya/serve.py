"""The service: hears the grid and people, keeps the journal, and has a keeper for every plug."""

import asyncio
import logging
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from services.tuya import decide, journal, plugs
from services.tuya.cloud import CloudTalk, gang_of
from services.tuya.journal import Journal
from services.tuya.keeper import Keeper, Memory
from services.tuya.plugs import Plug
from services.tuya.settings import TuyaSettings
from services.tuya.switch import Switcher
from shared.bus import Delivery
from shared.errors import (
    BadMessageError,
    BadReplyError,
    CommandRefusedError,
    ConfigError,
    DeviceOfflineError,
    StorageError,
)
from shared.messages import ActionOutcome, GridState, PlugAction, PlugCommand, Via
from shared.service import Service, utc_now
from shared.topics import GRID_STATE, PLUG_ACTION, PLUG_SET, M, Topic

log = logging.getLogger("tuya")

LIST_AGAIN_S = 60.0
LIST_MOST_S = 3600.0
FILE_LOOK_S = 1.0
LATE_S = 2.0
"""What was kept for us while the connection was broken comes within a moment."""
NOTHING_TO_DO = (
    "No plugs: list them in TUYA_PLUGS_FILE, or set TUYA_ACCESS_ID and TUYA_ACCESS_SECRET so that they are found."
)
TURNED = "The grid turned before it could be done."
NOT_NOW = "comes with a moment that is not now, so nothing is switched: is this clock wrong, or the poller's?"
RETAINED = "A retained command is not obeyed: it would come again at every start."
NO_JOURNAL = "The journal cannot be written, and nothing is switched without it: see the service's status."
REPLACED = "Somebody wanted it otherwise before it could be done."


async def serve(service: Service[TuyaSettings]) -> None:
    """Keep every plug for ever."""
    home = Home(service)
    service.bus.collect(GRID_STATE, home.hear_grid)
    service.bus.collect(PLUG_SET, home.hear_command)
    try:
        await home.run()
    finally:
        home.switcher.close()


class DiskMemory(Memory):
    """The journal on the disk; a dry run has its own, so that it neither forgets nor restores what was really done."""

    def __init__(self, service: Service[TuyaSettings]) -> None:
        file = service.settings.tuya_journal_file
        self._file = file.with_suffix(".dry_run.json") if service.settings.tuya_dry_run else file
        self._health = service.health
        damaged = partial(service.health.problem, "damaged")
        super().__init__(journal.load(self._file, damaged), service.settings.rules())
        journal.save(self._file, self.journal)  # said at the start, not in the outage

    def keep(self, journal_: Journal) -> None:
        """Have it on the disk first; StorageError where that fails, for then nothing may be switched."""
        try:
            journal.save(self._file, journal_)
        except ConfigError as error:
            self._health.problem("journal", f"{error} Nothing is switched without it.")
            raise StorageError(str(error)) from None
        self._health.solved("journal")
        super().keep(journal_)


class Home:
    """All plugs of the home."""

    def __init__(self, service: Service[TuyaSettings]) -> None:
        self._service = service
        self._settings = service.settings
        self._listed = {plug.id: plug for plug in plugs.read(self._settings.tuya_plugs_file)}
        self.memory = DiskMemory(service)
        self.switcher = Switcher(self._settings.account(), self._settings.tuya_local_timeout)
        self._keepers: dict[str, Keeper] = {}
        self._kept: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._turned_at = time.monotonic()
        self._late_since: float | None = None

    async def run(self) -> None:
        """Keep all plugs."""
        if self._settings.tuya_dry_run:
            log.info("TUYA_DRY_RUN is set: everything is done but the switching.")
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for plug in list(self._listed.values()):
                self._keep(plug)
            self._say_whether_any()
            if self.switcher.account:
                tasks.create_task(self._look_into_account())
            await self._watch_file()

    def hear_grid(self, delivery: Delivery) -> None:
        """Act on live news of the grid. A retained one may be a week old, and the next reading brings a live one."""
        delivery.ack()
        grid = self._parsed(GRID_STATE, delivery)
        now = utc_now()
        if grid is None or delivery.retained:
            return
        self._compare_clocks(grid, now)
        memory = self.memory
        if not decide.is_news(grid, now) or decide.overtaken(grid, memory.grid, now):
            return
        if memory.grid is None or memory.grid.transition_id != grid.transition_id:
            self._turned_at = time.monotonic()
        memory.grid = grid
        steady = timedelta(seconds=time.monotonic() - self._turned_at)
        self._take_over(decide.on_grid(memory.journal, grid, self._plugs, memory.rules, now, steady=steady), TURNED)
        for keeper in self._keepers.values():
            keeper.wake()

    def _compare_clocks(self, grid: GridState, now: datetime) -> None:
        """Say it where all that comes is of another moment; after a broken connection some may be."""
        if decide.is_news(grid, now):
            self._late_since = None
            self._service.health.solved("clock")
            return
        self._late_since = self._late_since or time.monotonic()
        if time.monotonic() - self._late_since > LATE_S:
            self._service.health.problem("clock", f"{GRID_STATE.template} {NOT_NOW}")

    def hear_command(self, delivery: Delivery) -> None:
        """Do what a person wants, or say why not."""
        delivery.ack()
        id_ = PLUG_SET.name_in(delivery.topic)
        command = self._parsed(PLUG_SET, delivery)
        if not id_ or command is None:
            return
        plug = self._listed.get(id_)
        why = RETAINED if delivery.retained else decide.why_not(plug, command, self.memory.rules, utc_now())
        if why or not plug:
            self._refuse(id_, command, why or "")
        elif not self._take_over(
            decide.on_command(self.memory.journal, plug, command, self.memory.grid, utc_now()), REPLACED
        ):
            self._refuse(id_, command, NO_JOURNAL)
        else:
            self._keepers[id_].wake()

    @property
    def _plugs(self) -> dict[str, Plug]:
        return {id_: keeper.plug for id_, keeper in self._keepers.items()}

    def _keep(self, plug: Plug) -> None:
        """Watch a plug that is used, or that must not be; what was known of it before is over."""
        is_used = plug.enabled or plug.protected or self.memory.rules.all_devices
        self._leave(plug.id, for_good=not is_used)
        self._listed[plug.id] = plug
        if self._tasks and is_used:
            settings = self._settings
            keeper = Keeper(
                plug,
                self.memory,
                self.switcher,
                self._service.bus,
                self._service.health,
                check_s=settings.plug_check_interval,
                dry_run=settings.tuya_dry_run,
            )
            self._keepers[plug.id] = keeper
            self._kept[plug.id] = self._tasks.create_task(keeper.run())

    def _leave(self, id_: str, *, for_good: bool) -> None:
        self._listed.pop(id_, None)
        if keeper := self._keepers.pop(id_, None):
            keeper.retire(for_good=for_good)
            self._kept.pop(id_).cancel()

    async def _watch_file(self) -> None:
        """Take over what somebody changes in the list, once it has stayed so for a moment."""
        file = self._settings.tuya_plugs_file
        taken = seen = plugs.stamp(file)
        while True:
            await asyncio.sleep(FILE_LOOK_S)
            last, seen = seen, plugs.stamp(file)
            if seen and seen == last != taken:
                taken = seen
                self._read_again()

    def _read_again(self) -> None:
        try:
            listed = {plug.id: plug for plug in plugs.read(self._settings.tuya_plugs_file)}
        except ConfigError as error:
            self._service.health.problem("file", f"{error} The list from before is still used.")
            return
        self._service.health.solved("file")
        changed = [plug for id_, plug in listed.items() if self._listed.get(id_) != plug]
        gone = [id_ for id_ in self._listed if id_ not in listed]
        for id_ in gone:
            self._leave(id_, for_good=True)
        for plug in changed:
            self._keep(plug)
        if changed or gone:
            log.info("The list of plugs was changed: %d plugs anew, %d gone.", len(changed), len(gone))
        self._say_whether_any()

    def _say_whether_any(self) -> None:
        if not self._listed and not self.switcher.account:
            self._service.health.disable(NOTHING_TO_DO)
        else:
            self._service.health.enable()

    def _take_over(self, after: Journal, why: str) -> bool:
        """Have the journal on the disk, and say what it no longer wants; return whether that was possible."""
        before = self.memory.journal
        if after is before:
            return True
        try:
            self.memory.keep(after)
        except StorageError:
            return False  # said; the next reading of the grid tries again
        if after.handled != before.handled:
            self._service.health.solved("damaged")
        gone = [want for name, want in before.wants.items() if name not in after.wants or after.wants[name] != want]
        for want in gone:
            if keeper := self._keepers.get(want.plug):
                keeper.dropped([want], why)
        return True

    def _refuse(self, id_: str, command: PlugCommand, why: str) -> None:
        log.warning("A command of %s for the plug %s is refused: %s", command.by, id_, why)
        refused = ActionOutcome.REFUSED
        action = PlugAction(at=utc_now(), on=command.on, gang=command.gang, by=command.by, outcome=refused, why=why)
        self._service.bus.publish(PLUG_ACTION, action, id_)
        if keeper := self._keepers.get(id_):
            keeper.refuse(why)

    def _parsed(self, topic: Topic[M], delivery: Delivery) -> M | None:
        if not delivery.payload:
            return None
        try:
            message = topic.parse(delivery.payload)
        except BadMessageError as error:
            self._service.health.problem(delivery.topic, f"A message on {delivery.topic} is left out: {error}.")
            return None
        self._service.health.solved(delivery.topic)
        return message

    async def _look_into_account(self) -> None:
        """List what the account has, once: quotas. Where that is refused, only the user can mend it."""
        pause = LIST_AGAIN_S
        while True:
            try:
                self._meet(await self.switcher.in_thread(self._account_devices))
                self._service.health.solved("account")
                return
            except CommandRefusedError as error:
                self._service.health.problem("account", str(error))
                return
            except (DeviceOfflineError, BadReplyError) as error:
                self._service.health.problem("account", str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LIST_MOST_S)

    def _account_devices(self) -> list[dict[str, Any]]:
        assert self.switcher.account  # noqa: S101 - `run` has looked
        with CloudTalk(self.switcher.account) as talk:
            return talk.devices()

    def _meet(self, devices: list[dict[str, Any]]) -> None:
        found = {device["id"]: device for device in devices}
        new = [plug for id_, device in found.items() if id_ not in self._listed and (plug := plug_of(device))]
        if new:
            log.info("New in the account, and listed as disabled: %s.", ", ".join(plug.title for plug in new))
            self._write(new)
        for plug in new:
            self._keep(plug)
        for id_, keeper in self._keepers.items():
            self._compare(keeper, found.get(id_), known=bool(found))

    def _write(self, new: list[Plug]) -> None:
        try:
            plugs.add(self._settings.tuya_plugs_file, new)
        except ConfigError as error:
            self._service.health.problem("file", str(error))

    def _compare(self, keeper: Keeper, device: dict[str, Any] | None, *, known: bool) -> None:
        """Say where the list and the account do not agree, and take over what is so."""
        plug, health = keeper.plug, self._service.health
        if device is None:
            if known and not plug.is_local:
                health.problem(f"account {plug.id}", f"{plug.title} is not in the Tuya account: check its id.")
            return
        mine, theirs = plug.local_key.get_secret_value(), device.get("local_key")
        if mine and theirs and mine != theirs:
            health.problem(
                f"account {plug.id}",
                f"{plug.title} has a new local_key: python -m services.tuya list --keys shows it.",
            )
        reading = {one.get("code"): one.get("value") for one in device.get("status") or [] if isinstance(one, dict)}
        gangs = {gang: value if isinstance(value := reading.get(gang), bool) else None for gang in plug.gangs}
        keeper.learn(gangs, Via.CLOUD, reachable=device.get("online") is True)


def plug_of(device: dict[str, Any]) -> Plug | None:
    """Return a device of the account as a disabled plug, None where it has no switch."""
    gang = gang_of(device)
    key = str(device.get("local_key") or "")
    told = {"id": device["id"], "name": str(device.get("name") or ""), "enabled": False, "gangs": [gang]}
    usable = {"local_key": key} if len(key.encode()) == plugs.KEY_LENGTH else {}
    try:
        return Plug.model_validate(told | usable) if gang else None
    except ValidationError:  # an id that would not fit into a topic
        return None
