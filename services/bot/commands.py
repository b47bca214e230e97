"""Answers people: who asks, what they ask, what they get. A switch is asked for twice and believed only by state."""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from services.bot import answers, keyboards, records
from services.bot.chats import Chats, Role
from services.bot.keyboards import Press
from services.bot.telegram import Incoming, Keyboard, PassingError
from services.bot.words import Voice, lines, plain, split
from shared.broker_state import BrokerState
from shared.errors import CommandRefusedError, StorageError
from shared.messages import PlugCommand

log = logging.getLogger("bot")

LATE = timedelta(seconds=60)
"""A command that took longer to arrive switches nothing: whoever sent it has long acted otherwise."""
SPANS = {"day": timedelta(days=1), "week": timedelta(days=7)}
AGAIN_MOST_S = 5.0


class Api(Protocol):
    """What we need of Telegram."""

    name: str

    async def send(self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False) -> None:
        """Send a message."""

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Put another text into a message."""

    async def picture(self, chat: int, png: bytes, caption: str, *, keyboard: Keyboard = ()) -> None:
        """Send a picture."""

    async def answer(self, button_id: str, text: str = "") -> None:
        """Answer a button."""


class Commands:
    """One method a command."""

    def __init__(
        self,
        api: Api,
        snapshot: Callable[[], BrokerState],
        chats: Chats,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        switch: Callable[[str, PlugCommand], None],
    ) -> None:
        self._api = api
        self._snapshot = snapshot
        self._chats = chats
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._switch = switch
        self._texts: dict[str, Callable[[Voice], str]] = {
            "status": lambda voice: answers.status_text(voice, snapshot()),
            "battery": lambda voice: answers.battery_text(voice, snapshot()),
            "schedule": lambda voice: answers.plan_text(voice, snapshot()),
            "plugs": lambda voice: answers.plugs_text(voice, snapshot()),
        }
        self._commands: dict[str, Callable[[Incoming, Voice], Awaitable[None]]] = {
            "start": self._help,
            "help": self._help,
            "id": self._id,
            "status": self._refreshable,
            "battery": self._refreshable,
            "schedule": self._refreshable,
            "plugs": self._refreshable,
            "energy": self._energy,
            "outages": self._outages,
            "chart": self._chart,
            "settings": self._settings,
        }

    async def handle(self, incoming: Incoming) -> None:
        """Answer, or say in the log why that was not possible; people ask again by themselves."""
        try:
            await self._patiently(incoming)
        except (PassingError, CommandRefusedError) as error:
            log.warning("An answer to the chat %d was not sent: %s", incoming.chat, error)
        except StorageError as error:
            log.warning("%s", error)
            await self._say_quietly(incoming, "history_fails")
        except Exception:
            # Telegram would bring it again after a restart, and again: one question must not silence the alerts
            log.exception("A bug: an answer to the chat %d was not found.", incoming.chat)

    async def _patiently(self, incoming: Incoming) -> None:
        try:
            await self._dispatch(incoming)
        except PassingError as error:
            if error.retry_after_s is None or error.retry_after_s > AGAIN_MOST_S or incoming.button is not None:
                raise
            await asyncio.sleep(error.retry_after_s)
            await self._dispatch(incoming)

    async def _say_quietly(self, incoming: Incoming, name: str) -> None:
        try:
            await self._api.send(incoming.chat, self._voice(incoming.chat)(name))
        except (PassingError, CommandRefusedError) as error:
            log.warning("An answer to the chat %d was not sent: %s", incoming.chat, error)

    async def _dispatch(self, incoming: Incoming) -> None:
        voice, role = self._voice(incoming.chat), self._chats.role(incoming.chat)
        if incoming.moved_to is not None:
            self._kept(partial(self._chats.move, incoming.chat, incoming.moved_to))
        elif incoming.button is not None:
            await self._button(incoming, voice, role)
        elif (name := self._command(incoming.text)) and role is None:
            await self._stranger(incoming, voice, name)
        elif name:
            await self._commands.get(name, self._unknown)(incoming, voice)

    def _command(self, text: str) -> str:
        """Return the command in a text; one for another bot of the group, and mere talk, is none."""
        word = text.split(maxsplit=1)[0] if text.startswith("/") and text.split() else ""
        name, _, whom = word[1:].partition("@")
        return name.lower() if not whom or whom.lower() == self._api.name.lower() else ""

    def _voice(self, chat: int) -> Voice:
        return Voice(self._chats.settings(chat).language, self._clock(), self._zone)

    async def _stranger(self, incoming: Incoming, voice: Voice, name: str) -> None:
        """Tell a stranger the number of the chat and nothing else; before anybody is allowed, how to go on."""
        if name in ("id", "start"):
            await self._api.send(incoming.chat, answers.id_text(voice, incoming.chat, incoming.user, is_allowed=False))
        elif self._chats.all:
            await self._api.send(incoming.chat, voice("stranger"))

    async def _unknown(self, incoming: Incoming, voice: Voice) -> None:
        await self._api.send(incoming.chat, voice("unknown_command"))

    async def _help(self, incoming: Incoming, voice: Voice) -> None:
        is_viewer = self._chats.role(incoming.chat) is Role.VIEWER
        await self._api.send(incoming.chat, answers.help_text(voice, is_viewer=is_viewer))

    async def _id(self, incoming: Incoming, voice: Voice) -> None:
        await self._api.send(incoming.chat, answers.id_text(voice, incoming.chat, incoming.user, is_allowed=True))

    async def _refreshable(self, incoming: Incoming, voice: Voice) -> None:
        name = self._command(incoming.text)
        *parts, last = split(self._texts[name](voice))
        for part in parts:
            await self._api.send(incoming.chat, part)
        await self._api.send(incoming.chat, last, keyboard=self._keyboard(incoming, voice, name))

    def _keyboard(self, incoming: Incoming, voice: Voice, name: str) -> Keyboard:
        may_switch = self._chats.role(incoming.chat) is Role.OWNER
        is_plugs = name == "plugs" and may_switch
        return keyboards.plugs(voice, self._snapshot()) if is_plugs else keyboards.refresh(voice, name)

    async def _energy(self, incoming: Incoming, voice: Voice) -> None:
        text = await asyncio.to_thread(records.energy_text, self._engine, voice, self._zone)
        await self._api.send(incoming.chat, text)

    async def _outages(self, incoming: Incoming, voice: Voice) -> None:
        text = await asyncio.to_thread(records.outages_text, self._engine, voice)
        await self._api.send(incoming.chat, text)

    async def _chart(self, incoming: Incoming, voice: Voice, span: str = "day") -> None:
        chart = await asyncio.to_thread(records.chart, self._engine, self._snapshot().schedule, voice.now, SPANS[span])
        if chart is None:
            await self._api.send(incoming.chat, voice("no_history"))
            return
        title = voice("chart_title", period=voice.span(voice.now - SPANS[span], voice.now))
        # matplotlib takes a second and 60 MB to load, which only who wants a picture should pay for
        draw = (await asyncio.to_thread(importlib.import_module, "services.bot.pictures")).draw
        png = await asyncio.to_thread(draw, chart, voice.language, self._zone, plain(title))
        await self._api.picture(incoming.chat, png, title, keyboard=keyboards.charts(voice))

    async def _settings(self, incoming: Incoming, voice: Voice) -> None:
        chosen = self._chats.settings(incoming.chat)
        await self._api.send(incoming.chat, voice("settings_title"), keyboard=keyboards.settings(voice, chosen))

    # buttons

    async def _button(self, incoming: Incoming, voice: Voice, role: Role | None) -> None:
        press = keyboards.read(incoming.button or "")
        if role is None or press is None:
            await self._api.answer(incoming.button_id, plain(voice("stranger" if role is None else "bad_button")))
            return
        if press.what in ("ask", "plug"):
            await self._plug_button(incoming, voice, press)
            return
        await self._api.answer(incoming.button_id)
        if press.what == "chart" and press.value in SPANS:
            await self._chart(incoming, voice, press.value)
        elif press.what == "set":
            await self._set(incoming, press.value)
        elif press.what == "no":
            await self._api.edit(incoming.chat, incoming.message_id, voice("nothing_done"))
        elif press.what in self._texts:
            await self._refresh(incoming, voice, press.what)

    async def _refresh(self, incoming: Incoming, voice: Voice, name: str) -> None:
        text = split(self._texts[name](voice))[-1]
        keyboard = self._keyboard(incoming, voice, name)
        await self._api.edit(incoming.chat, incoming.message_id, text, keyboard=keyboard)

    async def _set(self, incoming: Incoming, value: str) -> None:
        chosen = keyboards.after(self._chats.settings(incoming.chat), value)
        if chosen is None:
            return
        is_kept = self._kept(partial(self._chats.choose, incoming.chat, chosen))
        voice = self._voice(incoming.chat)
        text = lines(voice("settings_title"), None if is_kept else voice("settings_not_kept"))
        keyboard = keyboards.settings(voice, chosen)
        await self._api.edit(incoming.chat, incoming.message_id, text, keyboard=keyboard)

    @staticmethod
    def _kept(keep: Callable[[], None]) -> bool:
        """Keep something for the next start, and return whether the disk has taken it; until then it holds anyway."""
        try:
            keep()
        except StorageError as error:
            log.warning("%s", error)
            return False
        return True

    async def _plug_button(self, incoming: Incoming, voice: Voice, press: Press) -> None:
        """Ask first; then switch, if the answer comes soon after the question."""
        plug, age = self._snapshot().plugs.get(press.value), voice.now - incoming.at
        if not self._chats.may_switch(incoming.chat, incoming.user):
            is_group = self._chats.role(incoming.chat) is Role.OWNER
            refusal = voice("not_in_group", user=incoming.user) if is_group else voice("not_allowed")
            await self._api.answer(incoming.button_id, plain(refusal))
        elif plug is None:
            await self._api.answer(incoming.button_id, plain(voice("bad_button")))
        elif press.what == "ask":
            question = voice("sure_on" if press.on else "sure_off", name=plug.name or press.value)
            keyboard = keyboards.sure(voice, press.value, on=press.on)
            await self._api.answer(incoming.button_id)
            await self._api.send(incoming.chat, question, keyboard=keyboard)
        elif abs(age) > LATE:
            late = voice("too_late", lasted=voice.lasted(abs(age)))
            await self._api.answer(incoming.button_id, plain(late))
            await self._api.edit(incoming.chat, incoming.message_id, late)
        else:
            self._switch(press.value, PlugCommand(at=voice.now, on=press.on, by=f"telegram:{incoming.user}"))
            await self._api.answer(incoming.button_id)
            await self._api.edit(incoming.chat, incoming.message_id, voice("switching"))
