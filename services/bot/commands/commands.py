"""Answers commands and buttons. Switching needs a confirmation, and counts only once the plug's state shows it."""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from services.bot.chats import Chats, Role
from services.bot.commands import history, inverter_keyboards, keyboards
from services.bot.commands.buttons import ButtonApi, not_allowed, too_late, wait_until
from services.bot.commands.inverter_buttons import InverterButtons
from services.bot.commands.keyboards import ButtonPress
from services.bot.commands.limits import StrangerLimit
from services.bot.telegram.api import Incoming, Keyboard, TransientError
from services.bot.texts import replies
from services.bot.texts.history import energy_text, outages_text
from services.bot.texts.html import escape_html, lines, plain, split
from services.bot.texts.inverter import inverter_text
from services.bot.texts.outlook import outlook_text
from services.bot.texts.schedule import schedule_text
from shared.broker_state import BrokerState
from shared.errors import CommandRefusedError, StorageError
from shared.history.engine import Engine
from shared.inverter_questions import InverterCommand
from shared.messages import PlugCommand, PlugSetup
from shared.texts.localizer import Localizer

log = logging.getLogger("bot")

CHART_LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7)}
RETRY_MOST_S = 5.0
AT_ONCE = 4
"""How many commands are answered at the same time, and as many buttons; the others wait their turn."""
SETUP_PATIENCE_S, TEST_PATIENCE_S = 3.0, 15.0


Command = PlugCommand | PlugSetup | InverterCommand


class Api(ButtonApi, Protocol):
    """What commands need from Telegram."""

    name: str

    async def send_picture(
        self, chat: int, png: bytes, caption: str, *, keyboard: Keyboard = (), topic: int | None = None
    ) -> None:
        """Send a picture."""


class Commands:
    """One method per command."""

    def __init__(
        self,
        api: Api,
        snapshot: Callable[[], BrokerState],
        chats: Chats,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        send: Callable[[str, Command], None],
    ) -> None:
        self._api = api
        self._snapshot = snapshot
        self._chats = chats
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._send = send
        self._inverter = InverterButtons(api, snapshot, chats, send)
        self._slots, self._button_slots = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        self._strangers = StrangerLimit()
        self._texts: dict[str, Callable[[Localizer], str]] = {
            "status": lambda localizer: replies.status_text(localizer, snapshot()),
            "battery": lambda localizer: replies.battery_text(localizer, snapshot()),
            "outlook": lambda localizer: outlook_text(localizer, snapshot()),
            "schedule": lambda localizer: schedule_text(localizer, snapshot()),
            "plugs": lambda localizer: replies.plugs_text(localizer, snapshot()),
            "setup": lambda localizer: replies.plug_setup_text(localizer, snapshot()),
            "inverter": lambda localizer: inverter_text(localizer, snapshot()),
        }
        self._changes: dict[str, Callable[[Incoming, Localizer, ButtonPress], Awaitable[None]]] = {
            "set": self._set,
            **dict.fromkeys(("ask", "plug"), self._plug_button),
            **dict.fromkeys(("pick", "want", "do"), self._inverter.press),
            **dict.fromkeys(keyboards.SETUP, self._setup_button),
        }
        self._commands: dict[str, Callable[[Incoming, Localizer], Awaitable[None]]] = {
            "start": self._help,
            "help": self._help,
            "id": self._id,
            "status": self._refreshable,
            "battery": self._refreshable,
            "outlook": self._refreshable,
            "schedule": self._refreshable,
            "plugs": self._refreshable,
            "inverter": self._refreshable,
            "energy": self._energy,
            "outages": self._outages,
            "chart": self._chart,
            "settings": self._settings,
        }

    def is_worth_answering(self, incoming: Incoming, now_s: float) -> bool:
        """Whether something is for us, and is not one of too many from strangers: cheap, as there may be hundreds."""
        if incoming.moved_to is not None or self._chats.role(incoming.chat) is not None:
            return True
        is_command = incoming.button is not None or bool(self._command(incoming.text))
        return is_command and self._strangers.allows(incoming.chat, now_s)

    async def handle(self, incoming: Incoming) -> None:
        """Answer, or log why that was not possible; people will ask again."""
        try:
            async with self._slots if incoming.button is None else self._button_slots:
                await self._dispatch_with_retry(incoming)
        except (TransientError, CommandRefusedError) as error:
            log.warning("An answer to the chat %d was not sent: %s", incoming.chat, error)
        except StorageError as error:
            log.warning("%s", error)
            await self._send_or_log(incoming, "bot.history_fails")
        except Exception:
            # Telegram would deliver it again after every restart: one bad command must not silence the alerts
            log.exception("A bug: a command of the chat %d was not answered.", incoming.chat)

    async def _dispatch_with_retry(self, incoming: Incoming) -> None:
        try:
            await self._dispatch(incoming)
        except TransientError as error:
            if error.retry_after_s is None or error.retry_after_s > RETRY_MOST_S or incoming.button is not None:
                raise
            await asyncio.sleep(error.retry_after_s)
            await self._dispatch(incoming)

    async def _send_or_log(self, incoming: Incoming, name: str) -> None:
        try:
            await self._api.send(incoming.chat, self._localizer(incoming.chat)(name), topic=incoming.topic)
        except (TransientError, CommandRefusedError) as error:
            log.warning("An answer to the chat %d was not sent: %s", incoming.chat, error)

    async def _dispatch(self, incoming: Incoming) -> None:
        localizer, role = self._localizer(incoming.chat), self._chats.role(incoming.chat)
        if incoming.moved_to is not None:
            self._persist(partial(self._chats.move, incoming.chat, incoming.moved_to))
        elif incoming.button is not None:
            await self._button(incoming, localizer, role)
        elif (name := self._command(incoming.text)) and role is None:
            await self._stranger(incoming, localizer, name)
        elif name:
            await self._commands.get(name, self._unknown)(incoming, localizer)

    def _command(self, text: str) -> str:
        """Return the command in a text, or None for talk and for a command to another bot of the group."""
        word = text.split(maxsplit=1)[0] if text.startswith("/") and text.split() else ""
        name, _, whom = word[1:].partition("@")
        return name.lower() if not whom or whom.lower() == self._api.name.lower() else ""

    def _localizer(self, chat: int) -> Localizer:
        return Localizer(self._chats.settings(chat).language, self._clock(), self._zone, escape_html)

    async def _stranger(self, incoming: Incoming, localizer: Localizer, name: str) -> None:
        """Tell a stranger only the number of the chat; as long as no chat is allowed, also how to continue."""
        if name in ("id", "start"):
            text = replies.id_text(localizer, incoming.chat, incoming.user, incoming.topic, is_allowed=False)
            await self._api.send(incoming.chat, text, topic=incoming.topic)
        elif self._chats.all:
            await self._api.send(incoming.chat, localizer("bot.stranger"), topic=incoming.topic)

    async def _unknown(self, incoming: Incoming, localizer: Localizer) -> None:
        await self._api.send(incoming.chat, localizer("bot.unknown_command"), topic=incoming.topic)

    async def _help(self, incoming: Incoming, localizer: Localizer) -> None:
        is_viewer = self._chats.role(incoming.chat) is Role.VIEWER
        await self._api.send(incoming.chat, replies.help_text(localizer, is_viewer=is_viewer), topic=incoming.topic)

    async def _id(self, incoming: Incoming, localizer: Localizer) -> None:
        text = replies.id_text(localizer, incoming.chat, incoming.user, incoming.topic, is_allowed=True)
        await self._api.send(incoming.chat, text, topic=incoming.topic)

    async def _refreshable(self, incoming: Incoming, localizer: Localizer) -> None:
        name = self._command(incoming.text)
        if name == "plugs" and replies.are_only_found(self._snapshot()):
            name = "setup"
        *parts, last = split(self._texts[name](localizer))
        for part in parts:
            await self._api.send(incoming.chat, part, topic=incoming.topic)
        await self._api.send(
            incoming.chat, last, keyboard=self._keyboard(incoming, localizer, name), topic=incoming.topic
        )

    def _keyboard(self, incoming: Incoming, localizer: Localizer, name: str) -> Keyboard:
        may_switch = self._chats.somebody_may_switch(incoming.chat)
        if name == "plugs" and may_switch:
            return keyboards.plugs(localizer, self._snapshot())
        if name == "setup" and may_switch:
            return keyboards.plug_setup(localizer, self._snapshot())
        if name == "inverter" and may_switch:
            return inverter_keyboards.overview(localizer, self._snapshot())
        return keyboards.refresh(localizer, name)

    async def _energy(self, incoming: Incoming, localizer: Localizer) -> None:
        found = await asyncio.to_thread(history.energy, self._engine, localizer.now, self._zone)
        text = localizer("bot.no_history") if found is None else energy_text(localizer, *found)
        await self._api.send(incoming.chat, text, topic=incoming.topic)

    async def _outages(self, incoming: Incoming, localizer: Localizer) -> None:
        outages = await asyncio.to_thread(history.last_outages, self._engine, localizer.now)
        text = localizer("bot.no_history") if outages is None else outages_text(localizer, outages)
        await self._api.send(incoming.chat, text, topic=incoming.topic)

    async def _chart(self, incoming: Incoming, localizer: Localizer, length: str = "day") -> None:
        plan, now, span = self._snapshot().schedule, localizer.now, CHART_LENGTHS[length]
        data = await asyncio.to_thread(history.chart_data, self._engine, plan, now, span)
        if data is None:
            await self._api.send(incoming.chat, localizer("bot.no_history"), topic=incoming.topic)
            return
        title = localizer("bot.chart_title", period=localizer.span(now - span, now))
        # matplotlib takes a second and 60 MB to load: only if a chart is wanted
        draw = (await asyncio.to_thread(importlib.import_module, "services.bot.commands.chart")).draw
        png = await asyncio.to_thread(draw, data, localizer.language, self._zone, plain(title))
        await self._api.send_picture(
            incoming.chat, png, title, keyboard=keyboards.charts(localizer), topic=incoming.topic
        )

    async def _settings(self, incoming: Incoming, localizer: Localizer) -> None:
        keyboard = self._settings_keyboard(incoming.chat, localizer)
        await self._api.send(incoming.chat, localizer("bot.settings_title"), keyboard=keyboard, topic=incoming.topic)

    # buttons

    async def _button(self, incoming: Incoming, localizer: Localizer, role: Role | None) -> None:
        press = keyboards.parse(incoming.button or "")
        if role is None or press is None:
            refusal = localizer("bot.stranger" if role is None else "bot.bad_button")
            await self._api.answer_button(incoming.button_id, plain(refusal))
            return
        if change := self._changes.get(press.action):
            await change(incoming, localizer, press)
            return
        await self._api.answer_button(incoming.button_id)
        if press.action == "chart" and press.value in CHART_LENGTHS:
            await self._chart(incoming, localizer, press.value)
        elif press.action == "no":
            await self._api.edit(incoming.chat, incoming.message_id, localizer("bot.nothing_done"))
        elif press.action in self._texts:
            await self._refresh(incoming, localizer, press.action)

    async def _refresh(self, incoming: Incoming, localizer: Localizer, name: str) -> None:
        text = split(self._texts[name](localizer))[-1]
        keyboard = self._keyboard(incoming, localizer, name)
        await self._api.edit(incoming.chat, incoming.message_id, text, keyboard=keyboard)

    def _settings_keyboard(self, chat: int, localizer: Localizer) -> Keyboard:
        limits = self._chats.limits if self._chats.somebody_may_switch(chat) else None
        return keyboards.settings(localizer, self._chats.settings(chat), limits)

    async def _set(self, incoming: Incoming, localizer: Localizer, press: ButtonPress) -> None:
        value = press.value
        may_change = value not in keyboards.LIMITS or self._chats.may_switch(incoming.chat, incoming.user)
        refusal = not_allowed(localizer, self._chats, incoming)
        await self._api.answer_button(incoming.button_id, "" if may_change else refusal)
        if not may_change:
            return
        chosen = keyboards.next_settings(self._chats.settings(incoming.chat), value)
        limits = keyboards.next_limits(self._chats.limits, value)
        if limits:
            is_persisted = self._persist(partial(self._chats.update_limits, limits))
        elif chosen:
            is_persisted = self._persist(partial(self._chats.update_settings, incoming.chat, chosen))
        else:
            return
        localizer = self._localizer(incoming.chat)
        warning = None if is_persisted else localizer("bot.settings_not_saved")
        text = lines(localizer("bot.settings_title"), warning)
        keyboard = self._settings_keyboard(incoming.chat, localizer)
        await self._api.edit(incoming.chat, incoming.message_id, text, keyboard=keyboard)

    @staticmethod
    def _persist(save: Callable[[], None]) -> bool:
        """Save something for the next start, and return whether that worked; until then it applies anyway."""
        try:
            save()
        except StorageError as error:
            log.warning("%s", error)
            return False
        return True

    async def _setup_button(self, incoming: Incoming, localizer: Localizer, press: ButtonPress) -> None:
        """Change the list of plugs, and show it once the service has answered."""
        infos = self._snapshot().plug_infos
        is_all = press.action == "keep"
        before = {id_: one for id_, one in infos.items() if (is_all and not one.seen) or id_ == press.value}
        if not before or not self._chats.may_switch(incoming.chat, incoming.user):
            refusal = not_allowed(localizer, self._chats, incoming) if before else plain(localizer("bot.bad_button"))
            await self._api.answer_button(incoming.button_id, refusal)
            return
        wish = {} if is_all else {keyboards.SETUP[press.action]: press.on}
        setup = PlugSetup.model_validate({"at": localizer.now, "by": f"telegram:{incoming.user}"} | wish)
        for id_ in before:
            self._send(id_, setup)
        await self._api.answer_button(incoming.button_id)
        patience_s = TEST_PATIENCE_S if press.action == "test" else SETUP_PATIENCE_S
        await wait_until(
            lambda: all(self._snapshot().plug_infos.get(id_) != one for id_, one in before.items()), patience_s
        )
        text = split(self._texts["setup"](localizer))[-1]
        keyboard = keyboards.plug_setup(localizer, self._snapshot(), press.value)
        await self._api.edit(incoming.chat, incoming.message_id, text, keyboard=keyboard)

    async def _plug_button(self, incoming: Incoming, localizer: Localizer, press: ButtonPress) -> None:
        """Ask first; switch if the confirmation comes soon after the question."""
        plug = self._snapshot().plugs.get(press.value)
        if not self._chats.may_switch(incoming.chat, incoming.user):
            await self._api.answer_button(incoming.button_id, not_allowed(localizer, self._chats, incoming))
        elif plug is None or plug.protected:  # a button of an old message, or forged
            await self._api.answer_button(incoming.button_id, plain(localizer("bot.bad_button")))
        elif press.action == "ask":
            question = localizer("bot.confirm_on" if press.on else "bot.confirm_off", name=plug.name or press.value)
            keyboard = keyboards.confirmation(localizer, press.value, on=press.on)
            await self._api.answer_button(incoming.button_id)
            await self._api.send(incoming.chat, question, keyboard=keyboard, topic=incoming.topic)
        elif refusal := too_late(localizer, incoming):
            await self._api.answer_button(incoming.button_id, plain(refusal))
            await self._api.edit(incoming.chat, incoming.message_id, refusal)
        else:
            self._send(press.value, PlugCommand(at=localizer.now, on=press.on, by=f"telegram:{incoming.user}"))
            await self._api.answer_button(incoming.button_id)
            await self._api.edit(incoming.chat, incoming.message_id, localizer("bot.switching"))
