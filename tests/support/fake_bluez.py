"""A system bus with a BlueZ on it, at the level of D-Bus messages, on a Unix socket: adapters, batteries, agents.

bleak's own backend and our agent talk to it as to the real one (DBUS_SYSTEM_BUS_ADDRESS). It does not know Bluetooth:
what a battery answers is given to it, and what goes wrong is set on it.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from dbus_fast import Message, MessageType, Variant
from dbus_fast._private.unmarshaller import Unmarshaller

ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
SERVICE, CHARACTERISTIC = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
AGENT = "org.bluez.Agent1"
FFE0, FFE1 = "0000ffe0-0000-1000-8000-00805f9b34fb", "0000ffe1-0000-1000-8000-00805f9b34fb"
CHUNK = 128

Answer = Callable[[bytes], Sequence[bytes]]
"""What a battery sends after a command."""
Properties = dict[str, Variant]


class RefusedError(Exception):
    """What BlueZ says no with: its name of the error, and its words."""


@dataclass
class FakeBattery:
    """A battery in range of one adapter."""

    address: str
    adapter: str
    answer: Answer
    locked: bool = False
    """Whether it sends nothing before it is paired."""
    passkey: int | None = None
    cancels: bool = False
    notifies: bool = False
    own_properties: Properties = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its object."""
        return f"/org/bluez/{self.adapter}/dev_{self.address.replace(':', '_')}"

    @property
    def characteristic(self) -> str:
        """The object of its characteristic."""
        return f"{self.path}/service0010/char0011"

    def objects(self) -> dict[str, dict[str, Properties]]:
        """Return its objects at BlueZ."""
        device = {
            "Address": Variant("s", self.address),
            "Alias": Variant("s", "Pack"),
            "Name": Variant("s", "Pack"),
            "Adapter": Variant("o", f"/org/bluez/{self.adapter}"),
            "UUIDs": Variant("as", [FFE0]),
            "ManufacturerData": Variant("a{qv}", {0x0B65: Variant("ay", b"\x88\xa0")}),
            "RSSI": Variant("n", -60),
            "Connected": Variant("b", False),
            "Paired": Variant("b", False),
            "ServicesResolved": Variant("b", False),
        }
        service = {"UUID": Variant("s", FFE0), "Device": Variant("o", self.path), "Primary": Variant("b", True)}
        characteristic = {
            "UUID": Variant("s", FFE1),
            "Service": Variant("o", f"{self.path}/service0010"),
            "Flags": Variant("as", ["write-without-response", "notify"]),
            "Notifying": Variant("b", False),
        }
        return {
            self.path: {DEVICE: device | self.own_properties},
            f"{self.path}/service0010": {SERVICE: service},
            self.characteristic: {CHARACTERISTIC: characteristic},
        }


class FakeBluez:
    """The bus. `calls` is what BlueZ was called for; some methods it never answers, and some it refuses."""

    def __init__(self, adapters: Sequence[str], *batteries: FakeBattery) -> None:
        self.adapters = list(adapters)
        self.batteries = {one.path: one for one in batteries}
        self.calls: list[tuple[str, str]] = []
        self.agents: dict[str, tuple[str, str]] = {}
        self.hangs: set[str] = set()
        self.refuses: dict[str, tuple[str, str]] = {}
        self.asks_about = ""
        """Whom the agent is asked about instead of the device that is paired."""
        self._objects = {path: one for battery in batteries for path, one in battery.objects().items()}
        self._peers: dict[str, asyncio.StreamWriter] = {}
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._serial = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serve(self, directory: Path) -> AsyncIterator[str]:
        """Serve on a socket in a directory; yields the address of the bus."""
        socket = directory / "bus"
        server = await asyncio.start_unix_server(self._serve, socket)
        try:
            yield f"unix:path={socket}"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            for writer in list(self._peers.values()):
                writer.close()

    def property(self, path: str, name: str) -> Any:
        """Return a property of a device."""
        return self._objects[path][DEVICE][name].value

    def disconnect(self, battery: FakeBattery) -> None:
        """Break the connection of a battery, if there is one."""
        self._objects[battery.characteristic][CHARACTERISTIC]["Notifying"] = Variant("b", False)
        if self.property(battery.path, "Connected"):
            self._set(battery.path, DEVICE, Connected=Variant("b", False), ServicesResolved=Variant("b", False))

    # the bus

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = f":1.{len(self.calls)}{self._next_serial()}"
        self._peers[name] = writer
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await _authenticate(reader, writer)
            while True:
                self._on_message(await _message(reader), name)
        self._peers.pop(name, None)
        self.agents.pop(name, None)
        writer.close()

    def _on_message(self, message: Message, sender: str) -> None:
        message.sender = sender
        if message.message_type is not MessageType.METHOD_CALL:
            future = self._replies.pop(message.reply_serial, None)
            if future:
                future.set_result(message)
        else:
            task = asyncio.create_task(self._reply(message, sender))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _reply(self, request: Message, sender: str) -> None:
        if request.destination == "org.bluez":
            self.calls.append((request.member or "", request.path or ""))
        if request.member in self.hangs:
            return
        try:
            signature, body = await self._result(request, sender)
        except RefusedError as error:
            name, text = error.args
            self._send(Message.new_error(request, name, text), sender)
        else:
            self._send(Message.new_method_return(request, signature, body), sender)

    async def _result(self, request: Message, sender: str) -> tuple[str, list[Any]]:
        member, path = request.member or "", request.path or ""
        if member == "Connect":
            self._connect(path)  # BlueZ says so even where the connection fails a moment later
        if member in self.refuses:
            raise RefusedError(*self.refuses[member])
        if member in ("Hello", "GetNameOwner"):
            return "s", [sender if member == "Hello" else ":1.0"]
        if member == "GetManagedObjects":
            return "a{oa{sa{sv}}}", [self._managed()]
        if member == "Pair":
            await self._pair(self.batteries[path], sender)
        elif path.startswith("/org/bluez"):
            self._do(member, path, sender, request.body)
        return "", []

    def _do(self, member: str, path: str, sender: str, body: list[Any]) -> None:
        """Do what BlueZ is called for; what needs nothing done, such as StopDiscovery, just succeeds."""
        match member:
            case "StartDiscovery":
                self._advertise(path)
            case "Disconnect":
                self.disconnect(self.batteries[path])
            case "RegisterAgent":
                self.agents[sender] = (body[0], body[1])
            case "UnregisterAgent":
                self.agents.pop(sender)
            case "StartNotify":
                self._of(path).notifies = True
                self._objects[path][CHARACTERISTIC]["Notifying"] = Variant("b", True)
            case "WriteValue":
                self._write(self._of(path), bytes(body[0]))

    def _send(self, message: Message, peer: str) -> None:
        writer = self._peers.get(peer)
        if writer:
            message.sender, message.serial = "org.bluez", self._next_serial()
            message.destination = peer
            writer.write(message._marshall(False))

    def _next_serial(self) -> int:
        self._serial += 1
        return self._serial

    # BlueZ

    def _managed(self) -> dict[str, dict[str, Properties]]:
        usable = {"Powered": Variant("b", True), "Roles": Variant("as", ["central"])}
        return {f"/org/bluez/{name}": {ADAPTER: usable} for name in self.adapters} | self._objects

    def _of(self, path: str) -> FakeBattery:
        return next(one for one in self.batteries.values() if path.startswith(one.path))

    def _set(self, path: str, interface: str, **properties: Variant) -> None:
        if interface in self._objects[path]:
            self._objects[path][interface] |= {name: one for name, one in properties.items() if name != "Value"}
        for peer in self._peers:
            changed = Message(
                message_type=MessageType.SIGNAL,
                path=path,
                interface="org.freedesktop.DBus.Properties",
                member="PropertiesChanged",
                signature="sa{sv}as",
                body=[interface, properties, []],
            )
            self._send(changed, peer)

    def _advertise(self, adapter: str) -> None:
        """A battery that is connected does not advertise."""
        for battery in self.batteries.values():
            if battery.path.startswith(f"{adapter}/") and not self.property(battery.path, "Connected"):
                self._set(battery.path, DEVICE, RSSI=Variant("n", -60))

    def _connect(self, path: str) -> None:
        self._set(path, DEVICE, Connected=Variant("b", True), ServicesResolved=Variant("b", True))

    async def _pair(self, battery: FakeBattery, sender: str) -> None:
        """Pair as BlueZ does: it asks the agent of the caller."""
        agent = self.agents.get(sender)
        if battery.cancels:
            raise RefusedError("org.bluez.Error.AuthenticationCanceled", "Authentication Canceled")
        if agent is None or (battery.passkey is not None and agent[1] == "NoInputNoOutput"):
            raise RefusedError("org.bluez.Error.AuthenticationFailed", "Authentication Failed")
        if battery.passkey is not None:
            reply = await self._ask(sender, agent[0], "RequestPasskey", self.asks_about or battery.path)
            if reply.message_type is MessageType.ERROR or reply.body != [battery.passkey]:
                raise RefusedError("org.bluez.Error.AuthenticationFailed", "Authentication Failed")
        self._connect(battery.path)
        self._set(battery.path, DEVICE, Paired=Variant("b", True))

    async def _ask(self, peer: str, path: str, member: str, device: str) -> Message:
        call = Message(path=path, interface=AGENT, member=member, signature="o", body=[device])
        self._send(call, peer)
        future = self._replies[call.serial] = asyncio.get_running_loop().create_future()
        reply: Message = await future
        return reply

    def _write(self, battery: FakeBattery, command: bytes) -> None:
        """Answer a command; what is written to a locked battery vanishes without an error."""
        if not battery.notifies or (battery.locked and not self.property(battery.path, "Paired")):
            return
        for frame in battery.answer(command):
            for start in range(0, len(frame), CHUNK):
                chunk = frame[start : start + CHUNK]
                self._set(battery.characteristic, CHARACTERISTIC, Value=Variant("ay", chunk))


async def _authenticate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take whoever comes."""
    await reader.readexactly(1)
    answers = {"AUTH": b"OK 0123456789abcdef0123456789abcdef\r\n", "NEGOTIATE_UNIX_FD": b"AGREE_UNIX_FD\r\n"}
    while (line := (await reader.readuntil(b"\r\n")).decode().split()) != ["BEGIN"]:
        writer.write(answers[line[0]])


async def _message(reader: asyncio.StreamReader) -> Message:
    """Read one message: the lengths of its fields and of its body are in the first 16 bytes."""
    head = await reader.readexactly(16)
    body, fields = (int.from_bytes(head[at : at + 4], "little") for at in (4, 12))
    data = head + await reader.readexactly(fields + -fields % 8 + body)
    message = Unmarshaller(cast(Any, io.BytesIO(data))).unmarshall()
    assert message
    return message
