"""The service: finds batteries, watches each of them, and publishes the battery bank."""

import asyncio
import logging
from datetime import timedelta

from services.bms.battery import Battery
from services.bms.battery_bank import CHARGE_CARRIED, BankMember, bank_state
from services.bms.battery_client import BatteryClient
from services.bms.battery_health import Limits
from services.bms.battery_publisher import BatteryPublisher
from services.bms.bluetooth import Adapters, Advertisement, Backend, BluetoothUnavailableError
from services.bms.device_list import device_list, listed_batteries
from services.bms.line_packs import Pack
from services.bms.listed_battery import ListedBattery
from services.bms.reading_interval import connects_each_time
from services.bms.rs485_bus import SILENCE_S as LINE_SILENCE_S
from services.bms.settings import BmsSettings
from services.bms.wires import lines_of
from shared.clock import utc_now
from shared.conditions import bms
from shared.errors import ConfigError, DeviceOfflineError
from shared.live_figures import ALL
from shared.messages import BatteryState
from shared.service import Service
from shared.topics import BATTERY_AVAILABILITY, BATTERY_STATE

log = logging.getLogger("bms")

SCAN_S = 8.0
RESCAN_EMPTY_S = 60.0
"""How soon to scan again while no battery is known."""
NO_BLUETOOTH_S = 10.0
SILENCE_S = 10.0
"""A battery without a new reading for this long is offline."""


async def serve(service: Service[BmsSettings]) -> None:
    """Watch all batteries for ever."""
    await service.bus.connected.wait()
    listed = listed_batteries(service.settings.devices_file, service.settings.batteries_on_line)
    async with asyncio.TaskGroup() as tasks:
        batteries = Batteries(service, tasks)
        for battery in listed:
            await batteries.add(battery)
        batteries.start_lines()
        tasks.create_task(batteries.discover())


class Batteries:
    """All batteries of the home."""

    def __init__(self, service: Service[BmsSettings], tasks: asyncio.TaskGroup) -> None:
        self._service = service
        self._settings = service.settings
        self._tasks = tasks
        self._adapters = Adapters(Backend.named(service.settings.ble_backend))
        self._on_lines: list[Pack] = []
        self._watched: dict[str, Battery] = {}
        self._disabled: set[str] = set()
        self._unlisted: set[str] = set()
        self._bank: BatteryState | None = None
        self._bluetooth_worked = False
        interval_s = self._settings.jk_scan_interval
        self._silence_s = SILENCE_S + (interval_s if connects_each_time(interval_s) else 0)

    async def add(self, listed: ListedBattery) -> None:
        """Start to watch a battery, unless it is disabled in the list."""
        if not listed.enabled:
            self._disabled.add(listed.address)
            return
        settings, bus = self._settings, self._service.bus
        limits = Limits(settings.jk_cell_low_v, settings.jk_cell_high_v, settings.jk_cell_delta_v)
        published = await bus.retained(BATTERY_AVAILABILITY, listed.key)
        last = await bus.retained(BATTERY_STATE, listed.key)
        battery = Battery(listed, limits, settings.jk_scan_interval, published, last)
        silence_s = self._silence_s + (settings.jk_scan_interval + LINE_SILENCE_S if listed.port else 0)
        publisher = BatteryPublisher(battery, bus, self._service.health, silence_s, self._on_published)
        self._watched[listed.address] = battery
        bus.clock.on_change(battery.on_clock_change)
        self._tasks.create_task(publisher.run())
        if listed.port:
            self._on_lines.append(Pack(battery, publisher.notify))
        else:
            may_pair = listed.address not in self._unlisted
            client = BatteryClient(
                battery, self._adapters, settings.jk_scan_interval, publisher.notify, may_pair=may_pair
            )
            self._tasks.create_task(client.run())

    def start_lines(self) -> None:
        """Read the lines, now that all batteries on them are known: those on one line are read together."""
        for line in lines_of(self._on_lines, self._settings.jk_scan_interval):
            self._tasks.create_task(line.run())

    async def discover(self) -> None:
        """Scan for new batteries at the start and every JK_RESCAN_INTERVAL, for ever."""
        while True:
            try:
                adapter = await self._adapters.named("")
                found = await adapter.discover(SCAN_S)
                self._on_bluetooth()
                for advertisement in found:
                    await self._add_new(advertisement)
                pause_s = self._settings.jk_rescan_interval if self._watched else RESCAN_EMPTY_S
                is_empty = not self._watched and not found and not self._disabled
                self._service.health.report("none", bms.NONE_FOUND() if is_empty else None)
            except BluetoothUnavailableError as error:
                self._on_no_bluetooth(error)
                pause_s = NO_BLUETOOTH_S
            except DeviceOfflineError as error:
                log.info("The scan for new batteries failed. %s", error)
                pause_s = RESCAN_EMPTY_S
            await asyncio.sleep(min(pause_s, self._settings.jk_rescan_interval))

    async def _add_new(self, found: Advertisement) -> None:
        if found.address not in self._watched and found.address not in self._disabled:
            log.info("Found a battery: %s (%s).", found.name or "without a name", found.address)
            self._unlisted.add(found.address)
            await self.add(ListedBattery(address=found.address, name=found.name or ""))

    def _on_bluetooth(self) -> None:
        self._bluetooth_worked = True
        self._service.health.enable()
        self._service.health.report("bluetooth", None)

    def _on_no_bluetooth(self, error: BluetoothUnavailableError) -> None:
        """Where it never worked, there is nothing to do without a battery; known batteries report it themselves."""
        if self._bluetooth_worked:
            self._service.health.report("bluetooth", error.reason)
        elif not self._watched:
            self._service.health.disable(bms.disabled(cause=error.reason))

    def _on_published(self, battery: Battery) -> None:
        if battery.listed.address in self._unlisted and battery.is_online and battery.is_complete:
            self._list(battery)
        self._publish_bank()

    def _list(self, battery: Battery) -> None:
        """Add a new battery to the list, now that its model and layout are known."""
        self._unlisted.discard(battery.listed.address)
        learned = {"model": battery.device and battery.device.model, "layout": battery.detection.layout}
        reason = None
        try:
            device_list(self._settings.devices_file).add([battery.listed.model_copy(update=learned)])
        except ConfigError as error:
            reason = bms.not_listed(name=battery.listed.title, cause=error.reason)
        self._service.health.report("file", reason)

    def _publish_bank(self) -> None:
        """Publish the sum of the batteries, if there are several and it is news.

        One that was found by itself and has never been read may belong to a neighbour.
        """
        members = [
            BankMember(battery.listed.title, battery.state, battery.is_current)
            for address, battery in self._watched.items()
            if battery.state or address not in self._unlisted
        ]
        if len(members) < 2 or (not any(battery.is_current for battery in self._watched.values()) and not self._bank):
            return
        carried_for = CHARGE_CARRIED + timedelta(seconds=self._settings.jk_scan_interval)
        bank = bank_state(members, utc_now(), carried_for)
        if bank != self._bank:
            self._bank = bank
            self._service.bus.publish(BATTERY_STATE, bank, ALL)
