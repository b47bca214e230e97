"""The bot: follows the broker, alerts the chats, answers commands."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

from services.bot.alert_settings import chat_key, chosen_limits, chosen_settings, published, refusal
from services.bot.alerts.absence import caught_up, has_changed_unseen, is_complete, is_gap
from services.bot.alerts.alert import Alert
from services.bot.alerts.rules import PlugEvent, is_ahead_of_outage, next_alerts, plug_alerts
from services.bot.alerts.sent import alert_sent
from services.bot.alerts.state import AlertState
from services.bot.alerts.troubles import OWN_SERVICE, Limits
from services.bot.channels.channel import ChannelSender
from services.bot.channels.listed import listed_channels
from services.bot.chats import AlertLimits, Chats
from services.bot.commands import history
from services.bot.commands.commands import Command, Commands
from services.bot.settings import BotSettings
from services.bot.telegram.api import TelegramApi
from services.bot.telegram.delivery import AlertDelivery, Sender
from services.bot.telegram.outbox import Outbox, Recipient, Redate
from services.bot.telegram.polling import Polling
from shared.broker_mirror import BrokerMirror
from shared.broker_state import EVENTS, STATE_TOPICS
from shared.bus import Delivery
from shared.clock import utc_now
from shared.conditions import bot as conditions
from shared.errors import StorageError
from shared.history.engine import reader
from shared.live_figures import live_figures
from shared.messages import (
    AlertSettings,
    AlertSettingsCommand,
    Message,
    PlugAction,
)
from shared.service import Service
from shared.topics import (
    ALERT_SENT,
    ALERT_SETTINGS,
    ALERT_SETTINGS_SET,
    COMMANDS,
    GRID_STATE,
    PLUG_ACTION,
    SERVICE_STATUS,
    Topic,
)
from shared.trusted_time import by_clock, this_boot_only

log = logging.getLogger("bot")

TICK_S = 5.0
OUTAGE_PATIENCE_S = 10.0
"""How long plug events wait for their outage; they may arrive first if our clock was set in that very second."""
NO_TOKEN = "0:none"  # noqa: S105 - python-telegram-bot wants one, and it is never used
RECORDER_PATIENCE_S, RECORDER_CHECK_S = 4.0, 0.5
UNSEEN_PATIENCE_S = 20.0
"""If the grid is as it was before, only the recorder can say what happened meanwhile, and there is no hurry."""
STATE_PATIENCE_S = 5.0
"""How long the first commands wait for retained messages: what has not arrived yet would be called absent."""


class Bot:
    """The parts of the bot, wired together."""

    def __init__(self, service: Service[BotSettings]) -> None:
        settings = service.settings
        self._service = service
        self._health = service.health
        self._mirror = BrokerMirror(service.bus, topics=(*STATE_TOPICS, *EVENTS), on_change=self._on_change)
        self._early_events: list[PlugEvent] | None = []
        """Plug events that arrived before we knew what happened during our absence; None from then on."""
        self._ahead_of_outage: list[tuple[float, PlugEvent]] = []
        """Plug events that wait for the outage that they belong to, and until when."""
        self._was_absent = asyncio.Event()
        self._knows_state = asyncio.Event()
        service.bus.on_reconnect(self._on_absence)
        limits = AlertLimits(
            low_battery_percent=settings.bot_low_battery_percent,
            imbalance_mv=round(1000 * settings.bot_imbalance_v),
            silent_minutes=settings.bot_silent_minutes,
        )
        self._chats = Chats(
            settings.roles, settings.bot_language, settings.bot_state_dir / "chats.json", settings.topics, limits
        )
        self._published: AlertSettings | None = None
        self._engine = reader(settings.database, settings.database_home)
        self._outbox = Outbox(settings.bot_state_dir / "outbox.json")
        token = settings.telegram_bot_token.get_secret_value()
        self._telegram = TelegramApi(token or NO_TOKEN, settings.telegram_api_url, settings.bot_poll_interval)
        self._has_telegram = bool(token)
        self._channels = listed_channels(settings)
        self._deliveries: dict[Recipient, AlertDelivery] = {
            one.name: self._delivery(ChannelSender(one), f"sending {one.name}") for one in self._channels
        }
        if self._has_telegram:
            to_chats = self._delivery(self._telegram.alerts, "sending")
            self._deliveries |= dict.fromkeys(self._chats.all, to_chats)
        self._commands = Commands(
            self._telegram,
            self._mirror.snapshot,
            self._chats,
            self._engine,
            clock=utc_now,
            zone=settings.zone,
            send=self._send,
        )
        service.bus.subscribe(PLUG_ACTION, self._on_plug_action)
        service.bus.collect_parsed(ALERT_SETTINGS_SET, self._on_settings_command)
        service.bus.clock.on_change(lambda change: self._redate(change.moved))

    def _delivery(self, sender: Sender, slot: str) -> AlertDelivery:
        zone = self._service.settings.zone
        return AlertDelivery(self._outbox, self._chats, sender, self._health, clock=utc_now, zone=zone, slot=slot)

    def _wake(self) -> None:
        for delivery in set(self._deliveries.values()):
            delivery.wake()

    @property
    def _recipients(self) -> list[Recipient]:
        """The present recipients of alerts; groups may have moved since the start."""
        chats = self._chats.all if self._has_telegram else []
        return [*chats, *(one.name for one in self._channels)]

    def _send(self, name: str, command: Command) -> None:
        self._service.bus.publish(COMMANDS[type(command)], command, name)

    async def run(self) -> None:
        """Evaluate the rules, deliver alerts, poll for commands."""
        has_readers = self._chats.all or not self._has_telegram
        self._health.report("chats", None if has_readers else conditions.NO_CHAT())
        self._redate(lambda content: this_boot_only(content, self._service.bus.clock.track))
        self._outbox.move(self._chats.moved)
        self._outbox.keep_only(self._recipients)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._evaluate_regularly())
                if self._has_telegram:
                    tasks.create_task(self._poll(tasks.create_task))
                for recipient, delivery in self._deliveries.items():
                    tasks.create_task(delivery.run(recipient))
        finally:
            await self._telegram.close()

    def _on_change(self, topic: Topic[Any], name: str, _message: Message | None) -> None:
        """Evaluate the rules at once, unless it is our own status that has changed."""
        if topic == GRID_STATE and self._early_events is None:
            now = utc_now()
            if has_changed_unseen(self._outbox.state, live_figures(self._mirror.snapshot(), now).grid, now):
                self._on_absence()
        if self._early_events is None and (topic, name) != (SERVICE_STATUS, OWN_SERVICE):
            self._evaluate()

    def _on_absence(self) -> None:
        """Evaluate nothing until we have asked what happened: late messages say nothing about now."""
        self._early_events = self._early_events or []
        self._was_absent.set()

    def _evaluate(self) -> None:
        chats, chosen = self._chats, self._chats.limits
        limits = Limits(
            low_percent=chosen.low_battery_percent,
            imbalance_v=chosen.imbalance_mv / 1000,
            patience=timedelta(minutes=chosen.silent_minutes),
        )
        self._enqueue(
            *next_alerts(self._outbox.state, self._mirror.snapshot(), utc_now(), limits, chats.reminder_minutes)
        )
        waiting, self._ahead_of_outage = self._ahead_of_outage, []
        for until_s, event in waiting:
            self._evaluate_plug(event, until_s)

    def _on_settings_command(self, _name: str, command: AlertSettingsCommand, delivery: Delivery) -> None:
        """Change what is reported and when, and publish the result."""
        delivery.ack()
        reason = refusal(command, utc_now(), retained=delivery.retained)
        chats = {chat_key(chat): chat for chat in self._chats.all}
        if reason or (command.chat is not None and command.chat not in chats):
            log.warning("A change of the alerts by %s is refused: %s", command.by, reason or "there is no such chat")
            return
        try:
            if limits := chosen_limits(command):
                self._chats.update_limits(limits)
            if command.chat is not None:
                chat = chats[command.chat]
                self._chats.update_settings(chat, chosen_settings(self._chats.settings(chat), command))
        except StorageError as error:
            self._health.report("disk", conditions.state_not_saved(cause=error.reason))
        self._publish_settings()
        self._wake()

    def _publish_settings(self) -> None:
        """Publish what is reported and when, if that has changed."""
        chats = {chat: self._chats.settings(chat) for chat in self._chats.all}
        present = published(self._chats.limits, chats, utc_now())
        if self._published is None or present != self._published.model_copy(update={"at": present.at}):
            self._published = present
            self._service.bus.publish(ALERT_SETTINGS, present)

    def _on_plug_action(self, name: str, action: PlugAction) -> None:
        event = PlugEvent(name, by_clock(action, self._service.bus.clock.track))
        if self._early_events is None:
            self._evaluate_plug(event)
        else:
            self._early_events.append(event)

    def _evaluate_plug(self, event: PlugEvent, waits_until_s: float | None = None) -> None:
        state, now, now_s = self._outbox.state, utc_now(), time.monotonic()
        waits_until_s = waits_until_s or now_s + OUTAGE_PATIENCE_S
        if now_s < waits_until_s and is_ahead_of_outage(state, event, now):
            self._ahead_of_outage.append((waits_until_s, event))
        else:
            self._enqueue(*plug_alerts(state, self._mirror.snapshot(), event, now))

    def _enqueue(self, state: AlertState, alerts: list[Alert]) -> None:
        """Persist the state, and each alert for every chat that wants it; then deliver them."""
        chats = self._chats
        wanted = [(chat, alert) for chat in self._recipients for alert in alerts if chats.wants(chat, alert)]
        is_news = bool(wanted) or state.outage != self._outbox.state.outage
        problem = None
        try:
            self._outbox.put(state, wanted)
        except StorageError as error:
            problem = conditions.state_not_saved(cause=error.reason)
        self._health.report("disk", problem)
        self._publish(wanted)
        if is_news:
            self._wake()

    def _publish(self, wanted: list[tuple[Recipient, Alert]]) -> None:
        """Publish each alert once, so that it can be looked up later."""
        of_event = {(alert.key, alert.over): alert for _, alert in wanted}
        counts = Counter((alert.key, alert.over) for _, alert in wanted)
        for event, alert in of_event.items():
            self._service.bus.publish(ALERT_SENT, alert_sent(alert, counts[event], utc_now()))

    def _redate(self, change: Redate) -> None:
        """Convert the times of reported and waiting alerts to our clock."""
        self._ahead_of_outage = change(self._ahead_of_outage)
        try:
            self._outbox.redate(change)
        except StorageError as error:
            self._health.report("disk", conditions.state_not_saved(cause=error.reason))

    async def _evaluate_regularly(self) -> None:
        """Evaluate regularly, for what changes by time alone; after an absence, first catch up."""
        while True:
            if self._early_events is not None:
                await self._return()
            self._evaluate()
            self._publish_settings()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._was_absent.wait()

    async def _return(self) -> None:
        """Wait for all retained messages, ask the recorder what was missed, and continue from there."""
        is_done = False
        while not is_done:
            self._was_absent.clear()
            await self._service.bus.wait_for_retained()
            self._knows_state.set()
            await self._catch_up()
            is_done = not self._was_absent.is_set()
        early, self._early_events = self._early_events or [], None
        self._evaluate()  # the grid first: plug events belong to the outage
        for event in early:
            self._evaluate_plug(event)

    async def _catch_up(self) -> None:
        """Report what the recorder knows of our absence; it may need a moment to receive what the broker has queued."""
        state, began_s, problem = self._outbox.state, time.monotonic(), None
        while True:
            grid = self._mirror.snapshot().grid
            if grid is None or state.grid is None or not is_gap(state, grid):
                return
            patience_s = UNSEEN_PATIENCE_S if grid.state is state.grid.state else RECORDER_PATIENCE_S
            if time.monotonic() - began_s >= patience_s:
                break
            try:
                found = await asyncio.to_thread(history.outages_since, self._engine, state.grid.since, utc_now())
            except StorageError as error:  # busy, perhaps: after a power cut the recorder starts together with us
                found, problem = [], error
            if is_complete(grid, found):
                self._enqueue(*caught_up(state, grid, found, utc_now()))
                return
            await asyncio.sleep(RECORDER_CHECK_S)
        if problem:
            log.warning("%s", problem)

    async def _poll(self, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """Answer commands for ever, the first ones once the retained state is known."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STATE_PATIENCE_S):
                await self._knows_state.wait()
        polling = Polling(self._telegram, self._health, on_back=self._wake)
        async for incoming in polling.updates():
            if self._commands.is_worth_answering(incoming, time.monotonic()):
                spawn(self._commands.handle(incoming))
