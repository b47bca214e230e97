"""The process: a radio with batteries that together are the battery of the simulated house."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from pydantic import Field

from shared.conditions import Reason
from shared.errors import CommandRefusedError, DeviceOfflineError, UsageError
from simulators.control_client import ask
from simulators.http_server import Command, HttpApp, posted, start_server
from simulators.jk.battery import Battery, Behavior, Gatt, JkFault
from simulators.jk.frames import Identity, Measurement
from simulators.jk.radio import Radio
from simulators.jk.tower import Tower, TowerPack
from simulators.jk.uart import UartBoard
from simulators.ready_file import write_ready_file
from simulators.settings import BatteriesSettings

log = logging.getLogger("jk")

POLL_S = 1.0
CELLS = 16
FULL_AH = 100.0
KINDS = (
    ("JK_PB2A16S15P", "15.38", "15A", "JK02_32S", Gatt.NEW),
    ("JK-B2A24S15P", "10.07", "10.XG", "JK02_24S", Gatt.OLD),
    ("JK-B2A16S", "3.3.0", "3.0", "JK04", Gatt.OLD),
)
"""Models; HOUSE_BATTERY_KINDS picks from them. JK04 reports no current, so the demo has none."""
TOWER = Identity("Tower", "JK_PB2A16S15P", "15.38", "15A", "4011048099")
BOARD = Identity("Board", "JK_B1A8S20P", "11.51", "11.XA", "4011048098")
FRESH = {"battery_voltage_v": 53.1, "battery_current_a": 0.0, "battery_soc_percent": 70}


class JkFaultCommand(Command):
    """A fault of one battery, counted from 1."""

    battery: int = Field(ge=1)
    fault: JkFault


class JkCommand(Command):
    """A battery, counted from 1."""

    battery: int = Field(ge=1)


class Batteries:
    """All batteries of the house, and their control API."""

    def __init__(self, settings: BatteriesSettings) -> None:
        self._settings = settings
        self._truth: dict[str, Any] = dict(FRESH)
        self.radio = Radio()
        self.batteries = [self._battery(number) for number in range(settings.house_batteries)]

    async def run(self) -> None:
        """Run for ever."""
        settings = self._settings
        try:
            await self.radio.start(settings.house_radio_bind, settings.house_radio_port)
            control = start_server(self._app(), settings.house_radio_bind, settings.house_radio_control_port)
        except OSError as error:
            raise UsageError(f"A port cannot be opened ({error}): see HOUSE_RADIO_*.") from None
        for battery in self.batteries:
            await battery.start(self.radio)
        log.info(
            "%d batteries on a radio at port %d, control on %d.", len(self.batteries), self.radio.port, control.port
        )
        write_ready_file(settings.house_radio_ready_file, {"radio_port": self.radio.port, "control_port": control.port})
        gateways = await self._start_wires()
        while all(gateway.is_serving() for gateway in gateways):
            await self._follow_house()
            await asyncio.sleep(POLL_S)

    async def _start_wires(self) -> list[asyncio.Server]:
        """Start the packs on an RS485 line and the older board, if there are any."""
        settings = self._settings
        host, gateways = settings.house_radio_bind, []
        numbers = range(1, settings.house_tower_packs + 1)
        packs = [TowerPack(number, TOWER, self._reading(number)) for number in numbers]
        board = UartBoard(BOARD, self._reading(0))
        try:
            if packs:
                gateways.append(await Tower(packs).serve_tcp(host, settings.house_tower_port))
            if settings.house_gps_port:
                gateways.append(await board.serve_gps(host, settings.house_gps_port))
            if settings.house_display_port:
                gateways.append(await board.serve_display(host, settings.house_display_port))
        except OSError as error:
            where = "HOUSE_TOWER_PORT, HOUSE_GPS_PORT and HOUSE_DISPLAY_PORT"
            raise UsageError(f"A port cannot be opened ({error}): see {where}.") from None
        for gateway in gateways:
            log.info("Batteries on a wire behind port %d.", gateway.sockets[0].getsockname()[1])
        return gateways

    def _app(self) -> HttpApp:
        routes = {"POST /fault": self._fault, "POST /drop": self._drop, "GET /state": self._state}
        return HttpApp(routes, asyncio.get_running_loop())

    async def _fault(self) -> Any:
        command = posted(JkFaultCommand)
        await self._one(command.battery).fail(command.fault)
        return await self._state()

    async def _drop(self) -> Any:
        await self._one(posted(JkCommand).battery).drop()
        return await self._state()

    async def _state(self) -> Any:
        return {
            "batteries": [
                {"address": one.address, "fault": one.behavior.fault, "connections": one.connections}
                for one in self.batteries
            ]
        }

    def _one(self, number: int) -> Battery:
        if number > len(self.batteries):
            raise CommandRefusedError(Reason.sentence(f"There are only {len(self.batteries)} batteries."))
        return self.batteries[number - 1]

    def _battery(self, number: int) -> Battery:
        model, software, hardware, variant, gatt = KINDS[self._settings.kind(number)]
        identity = Identity(f"Pack {number + 1}", model, software, hardware, f"40110480{number:02}", variant)
        behavior = Behavior(noise=number % 2 == 1, glued_acknowledgement=gatt is Gatt.OLD)
        return Battery(
            f"C8:47:80:00:00:{number + 1:02X}", identity, self._reading(number), gatt=gatt, behavior=behavior
        )

    def _reading(self, number: int) -> Callable[[], Measurement]:
        def read() -> Measurement:
            count = max(1, len(self.batteries))
            cell_v = self._truth["battery_voltage_v"] / CELLS
            cells = tuple(round(cell_v + 0.001 * ((7 * slot + number) % 5 - 2), 3) for slot in range(CELLS))
            return Measurement(
                cells, self._truth["battery_current_a"] / count, self._truth["battery_soc_percent"], FULL_AH
            )

        return read

    async def _follow_house(self) -> None:
        """Copy the state of the house's battery; without a house the batteries rest."""
        try:
            self._truth = await asyncio.to_thread(ask, self._settings.house_control_url, "/truth")
        except (DeviceOfflineError, CommandRefusedError):
            self._truth = dict(FRESH) if not self._truth else self._truth


async def serve(settings: BatteriesSettings) -> None:
    """Run until stopped."""
    await Batteries(settings).run()
