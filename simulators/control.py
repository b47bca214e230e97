"""The control API of the simulated house: read the truth, cut the mains, break the connection, speed up time."""

import asyncio
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import IPv4Address
from typing import Annotated, Any

from flask import abort
from pydantic import BeforeValidator, Field, TypeAdapter

from shared.conditions import Reason
from shared.errors import CommandRefusedError
from shared.messages import iso
from simulators.faults import Fault
from simulators.http_server import Command, HttpApp, as_list, posted
from simulators.live import FASTEST, LiveHouse
from simulators.mains import GridMode
from simulators.transports.transport import Transport

log = logging.getLogger("control")


class GridCommand(Command):
    """What the mains should do."""

    mode: GridMode


class SpeedCommand(Command):
    """How many times faster than real time the house should live."""

    factor: float = Field(gt=0, le=FASTEST)


class BatteryCommand(Command):
    """How full the battery should be."""

    soc_percent: float = Field(ge=0, le=100)


class LatencyCommand(Command):
    """How long every answer should take."""

    seconds: float = Field(ge=0, le=600)


class SettingCommand(Command):
    """A register that somebody changes at the inverter's panel, or another master."""

    address: int = Field(ge=0, le=0xFFFF)
    word: int = Field(ge=0, le=0xFFFF)


class StealCommand(Command):
    """The server that the dongle should serve from now on."""

    host: IPv4Address
    port: int = Field(ge=1, le=65535)


FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(Annotated[list[Fault], BeforeValidator(as_list)])
"""One fault, or several at once."""


class Control:
    """The views of the control API; `house` is None while a capture is replayed."""

    def __init__(self, house: LiveHouse | None, transport: Transport) -> None:
        self._running = house
        self._transport = transport
        self.app = HttpApp(
            {
                "GET /healthz": self._healthz,
                "GET /truth": self._truth,
                "GET /wire": self._state,
                "GET /counted": self._counted,
                "POST /grid": self._grid,
                "POST /fault": self._fault,
                "POST /latency": self._latency,
                "POST /steal": self._steal,
                "POST /speed": self._speed,
                "POST /battery": self._battery,
                "POST /setting": self._setting,
            },
            asyncio.get_running_loop(),
        )

    @property
    def _house(self) -> LiveHouse:
        if not self._running:
            raise CommandRefusedError(Reason.sentence("A capture is replayed: there is no house to ask or to command."))
        return self._running

    async def _healthz(self) -> Any:
        return {"status": "ok"}

    async def _truth(self) -> Any:
        """Return the truth; house_time is the house's, `at` is real, words_at when a reader last got words."""
        house = self._house
        truth = asdict(house.truth())
        moments = {name: iso(value) for name, value in truth.items() if isinstance(value, datetime)}
        return truth | moments | self._around(house)

    def _around(self, house: LiveHouse) -> dict[str, Any]:
        return {
            "at": iso(datetime.now(UTC)),
            "words_at": house.words_at and iso(house.words_at),
            "grid_mode": house.grid_mode,
            "speed": house.speed,
            "faults": self._faults(),
        }

    async def _grid(self) -> Any:
        self._house.set_grid(posted(GridCommand).mode)
        return {"mode": self._house.grid_mode, "grid_on": self._house.truth().grid_on}

    async def _fault(self) -> Any:
        try:
            await self._transport.fail(*posted(FAULTS))
        except OSError as error:
            abort(HTTPStatus.SERVICE_UNAVAILABLE, f"The transport cannot be opened again: {error}.")
        log.info("Faults from now on: %s.", self._transport.faults)
        return {"faults": self._faults()}

    async def _state(self) -> Any:
        return self._transport.state() | {"faults": self._faults()}

    async def _counted(self) -> Any:
        """Return the number of the last reading, where HOUSE_NUMBERED counts them, and every word that was written."""
        device = self._transport.device
        return {"number": device.number, "written": device.settings.written if device.settings else []}

    async def _latency(self) -> Any:
        self._transport.device.latency_s = posted(LatencyCommand).seconds
        return {"seconds": self._transport.device.latency_s}

    async def _steal(self) -> Any:
        thief = posted(StealCommand)
        await self._transport.steal(str(thief.host), thief.port)
        return {"host": str(thief.host), "port": thief.port}

    async def _speed(self) -> Any:
        self._house.set_speed(posted(SpeedCommand).factor)
        return {"factor": self._house.speed}

    async def _battery(self) -> Any:
        self._house.set_soc(posted(BatteryCommand).soc_percent)
        return {"soc_percent": self._house.truth().battery_soc_percent}

    async def _setting(self) -> Any:
        settings = self._transport.device.settings
        if settings is None:
            raise CommandRefusedError(Reason.sentence("A capture is replayed: its settings stay as they are."))
        changed = posted(SettingCommand)
        settings.set(changed.address, changed.word)
        return changed.model_dump()

    def _faults(self) -> list[dict[str, Any]]:
        return [fault.model_dump(mode="json") for fault in self._transport.faults.active]
