"""Switching a plug by hand: through the running service, so that nobody switches it back, else directly."""

import asyncio
from contextlib import suppress

from services.tuya import decide
from services.tuya.plugs import Plug
from services.tuya.settings import TuyaSettings
from services.tuya.switch import Switcher
from shared.bus import Bus, Delivery
from shared.errors import BadMessageError, CommandRefusedError
from shared.freshness import STATUS_HOLDS, fresh
from shared.health import Health
from shared.messages import ActionOutcome, PlugAction, PlugCommand, ServiceHealth
from shared.service import utc_now
from shared.topics import PLUG_ACTION, PLUG_SET, SERVICE_STATUS

SERVICE = "tuya"
BY = "hand"
BROKER_S = 3.0
STATUS_S = 1.0
DONE_S = 20.0
WORDS = {True: "on", False: "off", None: "unknown"}
DONE = (ActionOutcome.DONE, ActionOutcome.UNCONFIRMED, ActionOutcome.DRY_RUN)
ALONE = "The service does not run (or the broker is out of reach), so the plug is switched directly."


async def switched(settings: TuyaSettings, listed: dict[str, Plug], id_: str, command: PlugCommand) -> list[str]:
    """Switch a plug and return what to say about it. Raises CommandRefusedError, or another DeviceError."""
    plug = listed.get(id_)
    why = decide.why_not(plug, command, settings.rules(), utc_now())
    if why or not plug:
        raise CommandRefusedError(why or "")
    action = await Courier(settings, plug).deliver(command)
    if action:
        return [_said(plug, command, action)]
    if settings.tuya_dry_run:
        return [ALONE, f"{plug.title} would be switched {WORDS[command.on]}, but TUYA_DRY_RUN is set."]
    switcher = Switcher(settings.account(), settings.tuya_local_timeout)
    gangs = [command.gang] if command.gang else list(plug.gangs)
    became = await switcher.switch(plug, dict.fromkeys(gangs, command.on), lambda _: None)
    sure = "" if became.confirmed else ", unconfirmed"
    return [ALONE, f"{plug.title} is {WORDS[command.on]} ({became.via}{sure})."]


def _said(plug: Plug, command: PlugCommand, action: PlugAction) -> str:
    if action.outcome is ActionOutcome.DRY_RUN:
        return f"{plug.title} would be switched {WORDS[command.on]}, but TUYA_DRY_RUN is set."
    if action.outcome not in DONE:
        raise CommandRefusedError(action.why or f"{plug.title}: {action.outcome}.")
    sure = "" if action.outcome is ActionOutcome.DONE else ", unconfirmed"
    return f"{plug.title} is {WORDS[command.on]} ({action.via}{sure}), done by the service."


class Courier:
    """Brings a command to the service over the broker, and waits for what becomes of it."""

    def __init__(self, settings: TuyaSettings, plug: Plug) -> None:
        self._plug = plug
        self._bus = Bus(settings, SERVICE, Health(), client_id=f"easun-{SERVICE}-by-hand", announce=False)
        self._bus.collect(SERVICE_STATUS, self._hear_status)
        self._bus.subscribe(PLUG_ACTION, self._hear_action)
        self._there: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._action: asyncio.Future[PlugAction] = asyncio.get_running_loop().create_future()

    async def deliver(self, command: PlugCommand) -> PlugAction | None:
        """Return what became of a command; None where nobody is there to obey it. Raises ConfigError, or a refusal."""
        connection = asyncio.create_task(self._bus.run())
        try:
            if not await self._is_there(connection):
                return None
            self._bus.publish(PLUG_SET, command.model_copy(update={"at": utc_now()}), self._plug.id)
            return await asyncio.wait_for(self._action, DONE_S)
        except TimeoutError:
            raise CommandRefusedError(
                f"The service has the command for {self._plug.title} and is still trying: see its log."
            ) from None
        finally:
            await self._bus.close("Done.")
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)

    async def _is_there(self, connection: asyncio.Task[None]) -> bool:
        meeting = asyncio.create_task(self._bus.connected.wait())
        await asyncio.wait([meeting, connection], timeout=BROKER_S, return_when=asyncio.FIRST_COMPLETED)
        meeting.cancel()
        if connection.done():
            connection.result()
        with suppress(TimeoutError):
            return self._bus.connected.is_set() and await asyncio.wait_for(self._there, STATUS_S)
        return False

    def _hear_status(self, delivery: Delivery) -> None:
        delivery.ack()
        if SERVICE_STATUS.name_in(delivery.topic) != SERVICE or self._there.done():
            return
        with suppress(BadMessageError):
            status = SERVICE_STATUS.parse(delivery.payload)
            works = status.state in (ServiceHealth.ONLINE, ServiceHealth.DEGRADED)
            self._there.set_result(works and fresh(status.at, utc_now(), STATUS_HOLDS))

    def _hear_action(self, id_: str, action: PlugAction) -> None:
        if id_ == self._plug.id and action.by == BY and not self._action.done():
            self._action.set_result(action)
