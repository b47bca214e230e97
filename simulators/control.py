"""The control of the simulator over HTTP: see the truth, cut the mains, break the wire, let time fly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import IPv4Address
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import CommandRefusedError
from shared.messages import iso
from simulators.faults import Fault
from simulators.json_http import Answer, serve_http
from simulators.live import FASTEST, LiveHouse
from simulators.mains import GridMode
from simulators.wire import Wire

log = logging.getLogger("control")

OF_THE_HOUSE = ("/truth", "/grid", "/speed", "/battery")


class Command(BaseModel):
    """A body that someone posts."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


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


class StealCommand(Command):
    """Whom the dongle should serve from now on."""

    host: IPv4Address
    port: int = Field(ge=1, le=65535)


def _listed(given: object) -> object:
    return given if isinstance(given, list) else [given]


FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(Annotated[list[Fault], BeforeValidator(_listed)])
"""One fault, or several at once."""


class Control:
    """Answers the requests; `house` is None while a capture is replayed."""

    def __init__(self, house: LiveHouse | None, wire: Wire) -> None:
        self._house = house
        self._wire = wire
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[Any]]] = {
            ("GET", "/healthz"): self._healthz,
            ("GET", "/truth"): self._truth,
            ("GET", "/wire"): self._state,
            ("POST", "/grid"): self._grid,
            ("POST", "/fault"): self._fault,
            ("POST", "/latency"): self._latency,
            ("POST", "/steal"): self._steal,
            ("POST", "/speed"): self._speed,
            ("POST", "/battery"): self._battery,
        }

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen for commands."""
        return await serve_http(self.handle, host, port)

    async def handle(self, method: str, path: str, body: bytes) -> Answer:
        """Do what a request asks; what is wrong with it is said in one sentence."""
        route = self._routes.get((method, path))
        if not route:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return HTTPStatus.NOT_FOUND, f"There is only {known}."
        if not self._house and path in OF_THE_HOUSE:
            return HTTPStatus.CONFLICT, "A capture is replayed: there is no house to ask or to command."
        try:
            return HTTPStatus.OK, await route(body)
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, _sentence(error)
        except CommandRefusedError as error:
            return HTTPStatus.CONFLICT, str(error)
        except OSError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"The wire cannot be there again: {error}."

    async def _healthz(self, _body: bytes) -> Any:
        return {"status": "ok"}

    async def _truth(self, _body: bytes) -> Any:
        """Return the truth; house_time is the house's, `at` is real, words_at when a reader last got words."""
        house = self._running
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

    async def _grid(self, body: bytes) -> Any:
        self._running.set_grid(GridCommand.model_validate_json(body).mode)
        return {"mode": self._running.grid_mode, "grid_on": self._running.truth().grid_on}

    async def _fault(self, body: bytes) -> Any:
        await self._wire.fail(*FAULTS.validate_json(body))
        log.info("What goes wrong from now on: %s.", self._wire.faults)
        return {"faults": self._faults()}

    async def _state(self, _body: bytes) -> Any:
        return self._wire.state() | {"faults": self._faults()}

    async def _latency(self, body: bytes) -> Any:
        self._wire.device.latency_s = LatencyCommand.model_validate_json(body).seconds
        return {"seconds": self._wire.device.latency_s}

    async def _steal(self, body: bytes) -> Any:
        thief = StealCommand.model_validate_json(body)
        await self._wire.steal(str(thief.host), thief.port)
        return {"host": str(thief.host), "port": thief.port}

    async def _speed(self, body: bytes) -> Any:
        self._running.set_speed(SpeedCommand.model_validate_json(body).factor)
        return {"factor": self._running.speed}

    async def _battery(self, body: bytes) -> Any:
        self._running.set_soc(BatteryCommand.model_validate_json(body).soc_percent)
        return {"soc_percent": self._running.truth().battery_soc_percent}

    def _faults(self) -> list[dict[str, Any]]:
        return [fault.model_dump(mode="json") for fault in self._wire.faults.active]

    @property
    def _running(self) -> LiveHouse:
        assert self._house  # noqa: S101 - `handle` has looked
        return self._house


def _sentence(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"] if isinstance(part, str)) or "the body"
    return f"{where}: {fault['msg'][:1].lower()}{fault['msg'][1:]}."
