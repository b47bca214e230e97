"""The service: a session a battery, discovery, and what is published of all of them."""

import asyncio
import logging
from datetime import datetime, timedelta

from services.bms import devices
from services.bms.devices import Entry
from services.bms.health import Limits
from services.bms.pack import Pack
from services.bms.radio import Backend, Radio, RadioUnavailableError, Seen
from services.bms.session import CONNECT_EACH_TIME_S, Session
from services.bms.settings import BmsSettings
from services.bms.total import sum_up
from shared.errors import ConfigError, DeviceOfflineError
from shared.live_figures import ALL
from shared.messages import Availability, BatteryInfo, BatteryState, Contact
from shared.service import Service, utc_now
from shared.topics import BATTERY_AVAILABILITY, BATTERY_INFO, BATTERY_STATE

log = logging.getLogger("bms")

LOOK_S = 8.0
LOOK_AGAIN_S = 60.0
"""How soon batteries are looked for again while there is none."""
NO_RADIO_S = 10.0
GONE_S = 10.0
"""Without a frame for so long a battery is offline."""
TICK_S = 0.5


async def serve(service: Service[BmsSettings]) -> None:
    """Watch every battery for ever."""
    await service.bus.connected.wait()
    entries = devices.read(service.settings.devices_file)
    batteries = Batteries(service)
    async with asyncio.TaskGroup() as tasks:
        batteries.tasks = tasks
        for entry in entries:
            await batteries.add(entry, is_new=False)
        tasks.create_task(batteries.discover())
        tasks.create_task(batteries.tell())


class Battery:
    """A battery, its session, and what was said of it."""

    def __init__(self, session: Session, *, is_new: bool) -> None:
        self.session = session
        self.is_new = is_new
        self.contact: Availability | None = None
        self.info: BatteryInfo | None = None
        self.said_at: datetime | None = None
        self.state: BatteryState | None = None

    @property
    def pack(self) -> Pack:
        """What is known of it."""
        return self.session.pack


class Batteries:
    """All batteries of the home."""

    def __init__(self, service: Service[BmsSettings]) -> None:
        self.tasks: asyncio.TaskGroup
        self._service = service
        self._settings = service.settings
        self._backend = Backend.named(service.settings.ble_backend)
        self._radios: dict[str, Radio] = {}
        self._all: dict[str, Battery] = {}
        self._disabled: set[str] = set()
        self._total_at: datetime | None = None
        self._worked = False
        self._began = utc_now()
        interval = self._settings.jk_scan_interval
        self._gone_after = timedelta(seconds=GONE_S + (interval if interval >= CONNECT_EACH_TIME_S else 0))

    async def add(self, entry: Entry, *, is_new: bool) -> None:
        """Begin to watch a battery, going on from what was said of it before."""
        if not entry.enabled:
            self._disabled.add(entry.address)
            return
        settings = self._settings
        limits = Limits(settings.jk_cell_low_v, settings.jk_cell_high_v, settings.jk_cell_delta_v)
        session = Session(Pack(entry, limits), self._radio(entry.adapter), settings.jk_scan_interval)
        battery = Battery(session, is_new=is_new)
        battery.contact = await self._service.bus.retained(BATTERY_AVAILABILITY, entry.key)
        self._all[entry.address] = battery
        self.tasks.create_task(session.run())

    async def discover(self) -> None:
        """Look for new batteries at the start and now and then."""
        while True:
            try:
                found = await self._radio("").look_around(LOOK_S)
                self._radio_works()
                for seen in found:
                    await self._meet(seen)
                pause = self._settings.jk_rescan_interval if self._all else LOOK_AGAIN_S
                self._say_none(found)
            except RadioUnavailableError as error:
                self._radio_fails(error)
                pause = NO_RADIO_S
            except DeviceOfflineError as error:
                log.info("Looking for new batteries did not work this time. %s", error)
                pause = LOOK_AGAIN_S
            await asyncio.sleep(min(pause, self._settings.jk_rescan_interval))

    async def tell(self) -> None:
        """Publish what is due, again and again."""
        while True:
            now = utc_now()
            for battery in self._all.values():
                self._tell_one(battery, now)
            self._tell_all(now)
            await asyncio.sleep(TICK_S)

    def _radio(self, adapter: str) -> Radio:
        return self._radios.setdefault(adapter, Radio(adapter, self._backend))

    async def _meet(self, seen: Seen) -> None:
        if seen.address not in self._all and seen.address not in self._disabled:
            log.info("Found a battery: %s (%s).", seen.name or "without a name", seen.address)
            await self.add(Entry(address=seen.address, name=seen.name or ""), is_new=True)

    def _radio_works(self) -> None:
        self._worked = True
        self._service.health.enable()
        self._service.health.solved("radio")

    def _radio_fails(self, error: RadioUnavailableError) -> None:
        """Without Bluetooth from the start there is nothing to do; lost later it is a fault."""
        if self._worked:
            self._service.health.problem("radio", str(error))
        else:
            self._service.health.disable(f"No batteries are watched. {error}")

    def _say_none(self, found: list[Seen]) -> None:
        if self._all or found or self._disabled:
            self._service.health.solved("none")
        else:
            self._service.health.problem(
                "none",
                "No JK battery is to be found: is it in range and awake, and is the phone app closed? It takes one "
                "connection at a time. Looking on.",
            )

    def _tell_one(self, battery: Battery, now: datetime) -> None:
        pack = battery.pack
        is_online = pack.is_fresh(now, self._gone_after)
        self._tell_contact(battery, is_online=is_online, now=now)
        self._tell_doubt(pack)
        if not is_online:
            battery.state = None
            return
        if battery.is_new and pack.is_complete:
            self._remember(battery)
        if pack.is_complete:
            self._tell_info(battery, now)
        is_news = pack.read_at != battery.said_at
        is_due = battery.said_at is None or (now - battery.said_at).total_seconds() >= self._pace()
        if is_news and is_due and pack.device:
            battery.state = pack.state(now)
            battery.said_at = pack.read_at
            self._service.bus.publish(BATTERY_STATE, battery.state, pack.entry.key)

    def _pace(self) -> float:
        """A little under the interval, for frames come twice a second."""
        return self._settings.jk_scan_interval - TICK_S

    def _tell_contact(self, battery: Battery, *, is_online: bool, now: datetime) -> None:
        before, problem = battery.contact, battery.session.problem
        if not is_online and problem is None and now - self._began < self._gone_after:
            return  # after a restart what was said before may still hold
        state = Contact.ONLINE if is_online else Contact.OFFLINE
        why = None if is_online else str(problem or "It has not been found yet.")
        key = battery.pack.entry.key
        if problem and not is_online:
            self._service.health.problem(f"battery {key}", str(problem))
        elif is_online:
            self._service.health.solved(f"battery {key}")
        if before and before.state is state and before.why == why:
            return
        since = before.since if before and before.state is state else now
        battery.contact = Availability(at=now, state=state, since=since, why=why)
        self._service.bus.publish(BATTERY_AVAILABILITY, battery.contact, key)

    def _tell_doubt(self, pack: Pack) -> None:
        name = f"layout {pack.entry.key}"
        if pack.choice.doubt:
            self._service.health.problem(name, f"{pack.entry.title}: {pack.choice.doubt}.")
        else:
            self._service.health.solved(name)

    def _tell_info(self, battery: Battery, now: datetime) -> None:
        info = battery.pack.info(now)
        if battery.info is None or info.model_copy(update={"at": battery.info.at}) != battery.info:
            battery.info = info
            self._service.bus.publish(BATTERY_INFO, info, battery.pack.entry.key)

    def _remember(self, battery: Battery) -> None:
        """Write a new battery into the file, once it has said what it is."""
        battery.is_new = False
        pack = battery.pack
        learned = {"model": pack.device and pack.device.model, "layout": pack.choice.layout}
        try:
            devices.add(self._settings.devices_file, [pack.entry.model_copy(update=learned)])
            self._service.health.solved("file")
        except ConfigError as error:
            self._service.health.problem("file", f"{error} The battery {pack.entry.title} is watched all the same.")

    def _tell_all(self, now: datetime) -> None:
        states = {battery.pack.entry.title: battery.state for battery in self._all.values() if battery.state}
        if len(self._all) < 2 or not states:
            return
        total = sum_up(states, now)
        if total.at != self._total_at:
            self._total_at = total.at
            self._service.bus.publish(BATTERY_STATE, total, ALL)
