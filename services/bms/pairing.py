"""Pairing over BlueZ: an agent of our own, which exists only while one battery of the list is being paired.

BlueZ asks the agent of the program that calls Pair, and only where there is none the default one. So this agent is
registered on the connection that calls Pair, never asks to be the default, and leaves those of others alone.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from pydantic import SecretStr

BLUEZ = "org.bluez"
AGENT, AGENT_MANAGER, DEVICE = "org.bluez.Agent1", "org.bluez.AgentManager1", "org.bluez.Device1"
AGENT_PATH = "/easun_bridge/agent"
REJECTED = "org.bluez.Error.Rejected"
ALREADY_PAIRED = "org.bluez.Error.AlreadyExists"
UNREGISTER_S = 2.0


@dataclass(frozen=True)
class Agent:
    """Answers what BlueZ asks while it pairs one device; about any other device it says no."""

    device: str
    pin: SecretStr | None = None

    @property
    def capability(self) -> str:
        """What this agent can do, which decides how BlueZ pairs: just so, or with the passkey."""
        return "KeyboardOnly" if self.pin else "NoInputNoOutput"

    def answer(self, request: Message) -> Message | None:
        """Return the reply to a call of the agent, None if the message is none."""
        if request.message_type is not MessageType.METHOD_CALL or request.interface != AGENT:
            return None
        if request.member in ("Release", "Cancel"):
            return Message.new_method_return(request)
        asked_for = request.body[0] if request.body else ""
        return self._about_device(request) if asked_for == self.device else _rejected(request)

    def _about_device(self, request: Message) -> Message:
        pin = self.pin.get_secret_value() if self.pin else None
        match request.member:
            case "RequestPasskey" if pin:
                return Message.new_method_return(request, "u", [int(pin)])
            case "RequestPinCode" if pin:
                return Message.new_method_return(request, "s", [pin])
            case "RequestConfirmation" if pin is None or int(pin) == request.body[1]:
                return Message.new_method_return(request)
            case "RequestAuthorization" | "DisplayPasskey" | "DisplayPinCode":
                return Message.new_method_return(request)
        return _rejected(request)


def _rejected(request: Message) -> Message:
    return Message.new_error(request, REJECTED, "not asked for")


async def pair(bus: MessageBus, agent: Agent) -> str:
    """Pair the agent's device; return "" once it is paired, else BlueZ's name of the error.

    The agent is unregistered in the end, whatever happens.
    """
    bus.add_message_handler(agent.answer)
    error = await _call(bus, _of_manager("RegisterAgent", "os", AGENT_PATH, agent.capability))
    if error:
        return error
    try:
        error = await _call(bus, Message(destination=BLUEZ, path=agent.device, interface=DEVICE, member="Pair"))
    finally:
        with suppress(TimeoutError, EOFError, OSError):  # BlueZ unregisters it with its connection, too
            async with asyncio.timeout(UNREGISTER_S):
                await _call(bus, _of_manager("UnregisterAgent", "o", AGENT_PATH))
    return "" if error == ALREADY_PAIRED else error


async def _call(bus: MessageBus, request: Message) -> str:
    """Call a method of BlueZ; return the name of its error, "" if there is none."""
    reply = await bus.call(request)
    if reply is None:
        raise EOFError
    return reply.error_name or "" if reply.message_type is MessageType.ERROR else ""


def _of_manager(member: str, signature: str, *body: str) -> Message:
    return Message(
        destination=BLUEZ,
        path="/org/bluez",
        interface=AGENT_MANAGER,
        member=member,
        signature=signature,
        body=list(body),
    )
