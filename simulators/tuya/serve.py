"""The process: plugs on the home network, the cloud, and the control API of both."""

import asyncio
import json
import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import Field

from shared.conditions import Reason
from shared.errors import CommandRefusedError, UsageError
from simulators.http_server import Command, HttpApp, posted, start_server
from simulators.ready_file import write_ready_file
from simulators.settings import PlugsSettings
from simulators.tuya import frames
from simulators.tuya.cloud import Cloud, CloudFault, cloud_app
from simulators.tuya.plug import LocalPlug, Plug, PlugFault

log = logging.getLogger("plugs")

NAMES = ("Boiler", "Kettle", "Heater", "Washing machine", "Router")
ANNOUNCE_S = 0.5
LOOPBACK = "127.0.0.1"
VERSIONS = ("3.3", "3.4", "3.5", "3.1", "3.2")


class PlugCommand(Command):
    """A change of one plug, counted from 1, or without a number of all."""

    plug: int | None = Field(default=None, ge=1)
    fault: PlugFault | None = None
    connections: int | None = Field(default=None, ge=1)
    """How many connections the fault strikes; None for all."""
    delay_s: float = Field(default=0, ge=0)
    online: bool | None = None
    on: bool | None = None


class CloudCommand(Command):
    """A fault of the cloud."""

    fault: CloudFault


class Plugs:
    """All plugs and their cloud."""

    def __init__(self, settings: PlugsSettings) -> None:
        self._settings = settings
        self.plugs = [_plug(number, settings.house_plugs_version) for number in range(settings.house_plugs)]
        self.cloud = Cloud({plug.id: plug for plug in self.plugs})
        self.local = [LocalPlug(plug) for plug in self.plugs]

    async def run(self) -> None:
        """Run for ever."""
        settings = self._settings
        host = settings.house_plugs_bind
        try:
            for number, local in enumerate(self.local):
                await local.start(host, settings.house_plugs_port + number if settings.house_plugs_port else 0)
            cloud = start_server(cloud_app(self.cloud), host, settings.house_cloud_port)
            control = start_server(self._app(), host, settings.house_plugs_control_port)
        except OSError as error:
            raise UsageError(f"A port cannot be opened ({error}): see HOUSE_PLUGS_* and HOUSE_CLOUD_PORT.") from None
        addresses = {"cloud_port": cloud.port, "control_port": control.port, "plugs": self._addresses()}
        log.info("%d plugs; the cloud on port %d, control on %d.", len(self.plugs), *list(addresses.values())[:2])
        if settings.house_plugs_file:
            self._write_list(settings.house_plugs_file)
        write_ready_file(settings.house_plugs_ready_file, addresses)
        await self._announce(settings.house_plugs_announce_port)

    def _app(self) -> HttpApp:
        routes = {"POST /plug": self._plug, "POST /cloud": self._cloud, "GET /state": self._state}
        return HttpApp(routes, asyncio.get_running_loop())

    async def _announce(self, port: int) -> None:
        """Announce the plugs by UDP. Real ones broadcast; these only reach this machine."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.bind((LOOPBACK, 0))  # or it would be open to the network
            while True:
                for local in self.local if port else ():
                    if local.plug.fault is not PlugFault.GONE:
                        with suppress(OSError):  # nobody is listening
                            sender.sendto(
                                frames.announcement(local.plug.id, LOOPBACK, local.plug.version), (LOOPBACK, port)
                            )
                await asyncio.sleep(ANNOUNCE_S)

    async def _plug(self) -> Any:
        command = posted(PlugCommand)
        if command.plug and command.plug > len(self.plugs):
            raise CommandRefusedError(Reason.sentence(f"There are only {len(self.plugs)} plugs."))
        chosen = [self.local[command.plug - 1]] if command.plug else self.local
        for local in chosen:
            if command.fault is not None:
                await local.fail(command.fault, connections=command.connections, delay_s=command.delay_s)
            if command.online is not None:
                local.plug.online = command.online
            if command.on is not None:
                local.plug.relays = dict.fromkeys(local.plug.relays, command.on)
        return await self._state()

    async def _cloud(self) -> Any:
        self.cloud.fault = posted(CloudCommand).fault
        return await self._state()

    async def _state(self) -> Any:
        return {
            "plugs": [
                {
                    "id": plug.id,
                    "relays": plug.relays,
                    "fault": plug.fault,
                    "online": plug.online,
                    "switched": list(plug.switched),
                    "connections": plug.connections,
                }
                for plug in self.plugs
            ],
            "cloud": {"fault": self.cloud.fault, "requests": self.cloud.requests, "refused": self.cloud.refused},
        }

    def _addresses(self) -> list[dict[str, Any]]:
        """Return what a client must know about each plug."""
        return [
            {"id": local.plug.id, "port": local.port, "version": local.plug.version, "local_key": local.plug.key}
            for local in self.local
        ]

    def _write_list(self, file: Path) -> None:
        """Write the list of plugs as an owner would: with the router protected."""
        listed = [
            place
            | {"name": local.plug.name, "host": "127.0.0.1", "gangs": list(local.plug.gangs), "priority": number}
            | ({"protected": True} if local.plug.name == "Router" else {})
            for number, (place, local) in enumerate(zip(self._addresses(), self.local, strict=True), start=1)
        ]
        text = "# written by the simulated plugs\nplugs:\n"
        file.write_text(text + "".join(f"  - {json.dumps(one)}\n" for one in listed))


def _plug(number: int, version: str) -> Plug:
    gangs = {"switch_1": 1, "switch_2": 2} if number == 2 else {"switch_1": 1}
    name = NAMES[number] if number < len(NAMES) else f"Plug {number + 1}"
    id_, key = f"bfsimulated{number + 1:011}", f"key0of0plug0{number:04}"
    plug = Plug(id_, name, key, version or VERSIONS[number % 5], gangs)
    if len(gangs) > 1:
        plug.category, plug.names = "pc", {"switch_1": "Lamp", "switch_2": "Fan"}
    return plug


async def serve(settings: PlugsSettings) -> None:
    """Run until stopped."""
    await Plugs(settings).run()
