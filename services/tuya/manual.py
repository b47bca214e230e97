"""Switches a plug from the command line: through the running service if there is one, otherwise directly."""

import asyncio
from contextlib import suppress

from services.tuya.commands import on_command, refusal
from services.tuya.connector import Connector
from services.tuya.controller import PlugController
from services.tuya.journal import Journal
from services.tuya.plug import Plug
from services.tuya.settings import TuyaSettings
from services.tuya.shared_state import SharedState, SharedStateStore
from shared.bus import Bus, Delivery
from shared.clock import utc_now
from shared.conditions import broker, plugs
from shared.errors import CommandRefusedError, DeviceOfflineError
from shared.health import Health
from shared.live_figures import is_service_working
from shared.messages import ActionOutcome, PlugAction, PlugCommand, ServiceStatus
from shared.texts.localizer import Localizer
from shared.topics import PLUG_ACTION, PLUG_SET, SERVICE_STATUS, M, Topic

SERVICE = "tuya"
BY = "manual"
BROKER_S = 3.0
STATUS_S = 1.0
DONE_S = 20.0
DONE = (ActionOutcome.DONE, ActionOutcome.UNCONFIRMED, ActionOutcome.DRY_RUN)


def state_name(on: bool | None, localizer: Localizer) -> str:
    """Return the state of a plug in words."""
    return localizer("tool.unknown" if on is None else "plug.on" if on else "plug.off")


async def switch_plug(
    settings: TuyaSettings, listed: dict[str, Plug], id_: str, command: PlugCommand, localizer: Localizer
) -> list[str]:
    """Switch a plug and return what to print. Raises CommandRefusedError or DeviceOfflineError if that fails."""
    plug = listed.get(id_)
    reason = refusal(plug, command, settings.rules(), utc_now())
    if reason or plug is None:
        raise CommandRefusedError(reason or plugs.UNKNOWN_PLUG())
    action = await CommandClient(settings, plug).send(command)
    if action:
        return [_printed(plug, action, "tool.switched_by_service", localizer)]
    directly = localizer("tool.switched_directly")
    if settings.tuya_dry_run:
        return [directly, _dry_run(plug, command.on, localizer)]
    action = await _switch_directly(settings, plug, command)
    return [directly, _printed(plug, action, "tool.switched", localizer)]


def _printed(plug: Plug, action: PlugAction, sentence: str, localizer: Localizer) -> str:
    if action.outcome is ActionOutcome.DRY_RUN:
        return _dry_run(plug, action.on, localizer)
    if action.outcome not in DONE:
        raise CommandRefusedError(action.reason or plugs.without_reason(name=plug.title))
    way = localizer(f"tool.plug_{action.via}" if action.via else "tool.unknown")
    unconfirmed = "" if action.outcome is ActionOutcome.DONE else localizer("plug.unconfirmed")
    return localizer(sentence, title=plug.title, state=state_name(action.on, localizer), way=f"{way}{unconfirmed}")


def _dry_run(plug: Plug, on: bool, localizer: Localizer) -> str:
    return localizer("tool.would_be_on" if on else "tool.would_be_off", title=plug.title)


async def _switch_directly(settings: TuyaSettings, plug: Plug, command: PlugCommand) -> PlugAction:
    """Try once, with a journal that is not saved."""
    journal = on_command(Journal(), plug, command, None, utc_now())
    store = SharedStateStore(SharedState(journal, settings.rules()))
    connector = Connector(settings.credentials(), settings.tuya_local_timeout)
    published = PublishedActions()
    controller = PlugController(plug, store, connector, published, Health(), check_s=DONE_S, retries=False)
    while not published.actions:
        await controller.step()
    connector.close()
    return published.actions[0]


class PublishedActions:
    """Keeps the actions that a controller publishes."""

    def __init__(self) -> None:
        self.actions: list[PlugAction] = []

    def publish(self, _: Topic[M], message: M, __: str = "") -> None:
        """Keep a message if it is an action."""
        if isinstance(message, PlugAction):
            self.actions.append(message)


class CommandClient:
    """Sends a command to the service over the broker, and waits for its outcome."""

    def __init__(self, settings: TuyaSettings, plug: Plug) -> None:
        self._plug = plug
        self._bus = Bus(settings, SERVICE, Health(), client_id=f"easun-{SERVICE}-{BY}", announce=False)
        self._bus.collect_parsed(SERVICE_STATUS, self._on_status)
        self._bus.subscribe(PLUG_ACTION, self._on_action)
        self._is_running: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._action: asyncio.Future[PlugAction] = asyncio.get_running_loop().create_future()

    async def send(self, command: PlugCommand) -> PlugAction | None:
        """Return the outcome of a command, None if no service is running. Raises ConfigError, DeviceOfflineError."""
        connection = asyncio.create_task(self._bus.run())
        try:
            if not await self._service_runs(connection):
                return None
            self._bus.publish(PLUG_SET, command.model_copy(update={"at": utc_now()}), self._plug.id)
            async with asyncio.timeout(DONE_S):
                return await self._action
        except TimeoutError:
            raise DeviceOfflineError(plugs.still_trying(name=self._plug.title)) from None
        finally:
            await self._bus.close(broker.STOPPED())
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)

    async def _service_runs(self, connection: asyncio.Task[None]) -> bool:
        connected = asyncio.create_task(self._bus.connected.wait())
        await asyncio.wait([connected, connection], timeout=BROKER_S, return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        if connection.done():
            connection.result()
        if not self._bus.connected.is_set():
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_S):
                return await self._is_running
        return False

    def _on_status(self, service: str, status: ServiceStatus, delivery: Delivery) -> None:
        delivery.ack()
        if service == SERVICE and not self._is_running.done():
            self._is_running.set_result(is_service_working(status, utc_now()))

    def _on_action(self, id_: str, action: PlugAction) -> None:
        if id_ == self._plug.id and action.by == BY and not self._action.done():
            self._action.set_result(action)
