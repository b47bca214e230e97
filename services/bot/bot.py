"""The bot: hears the broker, tells what is new, answers people."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from services.bot.alert import Alert
from services.bot.alerts import Event, plug_event, step
from services.bot.chats import Chats
from services.bot.commands import Commands
from services.bot.deliver import Delivery
from services.bot.memory import Memory
from services.bot.menus import MENUS
from services.bot.outbox import Outbox
from services.bot.settings import BotSettings
from services.bot.telegram import PassingError, Telegram, TokenError, TwinError
from services.bot.troubles import OWN_SERVICE, Rules
from shared.broker_mirror import BrokerMirror
from shared.clock import utc_now
from shared.errors import CommandRefusedError, StorageError
from shared.history.engine import reader
from shared.messages import Message, PlugAction
from shared.service import Service
from shared.topics import PLUG_ACTION, PLUG_SET, SERVICE_STATUS, Topic

UNKNOWN = (
    "Telegram does not know the token: it is wrong or was revoked. Put the one @BotFather shows into "
    "TELEGRAM_BOT_TOKEN."
)
TWIN = "Another program polls with the same token (or a webhook does): stop it, or get a token of your own."
NOBODY = "No chat is allowed yet: send /id to the bot and put the number into TELEGRAM_CHAT_ID."
TICK_S = 5.0
RETRY_FIRST_S = 0.5
RETRY_MOST_S = 15.0
TOKEN_AGAIN_S = 300.0
TWIN_AGAIN_S = 15.0


class Bot:
    """Everything put together."""

    def __init__(self, service: Service[BotSettings]) -> None:
        settings = service.settings
        self._service = service
        self._health = service.health
        self._mirror = BrokerMirror(service.bus, on_change=self._on_change)
        self._early: list[Event] | None = []
        self._chats = Chats(settings.roles, settings.bot_language, settings.bot_state_dir / "chats.json")
        self._outbox = Outbox(settings.bot_state_dir / "outbox.json")
        token = settings.telegram_bot_token.get_secret_value()
        self._telegram = Telegram(token, settings.telegram_api_url, settings.bot_poll_interval)
        self._delivery = Delivery(
            self._outbox, self._chats, self._telegram, self._health, clock=utc_now, zone=settings.zone
        )
        self._commands = Commands(
            self._telegram,
            self._mirror.snapshot,
            self._chats,
            reader(settings.database),
            clock=utc_now,
            zone=settings.zone,
            switch=lambda plug, command: service.bus.publish(PLUG_SET, command, plug),
        )
        service.bus.subscribe(PLUG_ACTION, self._plug_action)

    async def run(self) -> None:
        """Poll, deliver, tick."""
        if not self._chats.all:
            self._health.problem("chats", NOBODY)
        self._outbox.follow(self._chats.moved)
        self._outbox.keep_only(self._chats.all)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch())
                tasks.create_task(self._poll(tasks.create_task))
                for chat in self._chats.all:
                    tasks.create_task(self._delivery.run(chat))
        finally:
            await self._telegram.close()

    def _on_change(self, topic: Topic[Any], name: str, _message: Message | None) -> None:
        """Judge a change at once, unless it is our own status."""
        if self._early is None and (topic, name) != (SERVICE_STATUS, OWN_SERVICE):
            self._look()

    def _look(self) -> None:
        settings, now = self._service.settings, utc_now()
        rules = Rules(
            low_percent=settings.bot_low_battery_percent,
            imbalance_v=settings.bot_imbalance_v,
            patience=timedelta(minutes=settings.bot_silent_minutes),
            reminder_minutes=self._chats.reminder_minutes,
        )
        self._tell(*step(self._outbox.memory, self._mirror.snapshot(), now, rules))

    def _plug_action(self, name: str, action: PlugAction) -> None:
        event = Event(name, action)
        if self._early is None:
            self._tell_plug(event)
        else:
            self._early.append(event)

    def _tell_plug(self, event: Event) -> None:
        self._tell(*plug_event(self._outbox.memory, self._mirror.snapshot(), event, utc_now()))

    def _tell(self, memory: Memory, alerts: list[Alert]) -> None:
        """Put alerts on disk for everybody who wants them; then they may be sent."""
        chats = self._chats
        wanted = [(chat, alert) for chat in chats.all for alert in alerts if chats.settings(chat).wants(alert)]
        try:
            self._outbox.put(memory, wanted)
            self._health.solved("disk")
        except StorageError as error:
            self._health.problem("disk", str(error))
        if wanted:
            self._delivery.wake()

    async def _watch(self) -> None:
        """Judge nothing before all is heard that the broker keeps; then look at what only time brings, too."""
        await self._service.bus.retained(SERVICE_STATUS, OWN_SERVICE)  # asked for last, so it is answered last
        early, self._early = self._early or [], None
        for event in early:
            self._tell_plug(event)
        while True:
            self._look()
            await asyncio.sleep(TICK_S)

    async def _poll(self, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """Hear people for ever; what goes wrong is said in one sentence and mends itself where it can."""
        retry, is_known = RETRY_FIRST_S, False
        while True:
            try:
                if not is_known:
                    await self._telegram.greet(MENUS)
                    is_known = True
                for incoming in await self._telegram.updates():
                    spawn(self._commands.handle(incoming))
                retry = RETRY_FIRST_S
                self._heal()
            except PassingError as error:
                self._health.problem("telegram", str(error))
                await asyncio.sleep(error.retry_after_s or retry)
                retry = min(2 * retry, RETRY_MOST_S)
            except CommandRefusedError as error:
                await asyncio.sleep(self._refused(error))

    def _heal(self) -> None:
        """Telegram answers: what waits need not wait for its next try."""
        self._delivery.wake()
        for problem in ("telegram", "token", "twin"):
            self._health.solved(problem)

    def _refused(self, error: CommandRefusedError) -> float:
        """Say what only a person can mend, and return after how many seconds to look whether that was done."""
        if isinstance(error, TokenError):
            self._health.problem("token", UNKNOWN)
            return TOKEN_AGAIN_S
        if isinstance(error, TwinError):
            self._health.problem("twin", TWIN)
            return TWIN_AGAIN_S
        self._health.problem("telegram", f"Telegram refuses: {error}.")
        return RETRY_MOST_S
