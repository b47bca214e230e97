"""Polls Telegram for commands, for ever: problems are reported, and retried."""

import asyncio
from collections.abc import AsyncIterator, Callable

from services.bot.telegram.api import (
    Incoming,
    InvalidTokenError,
    PollingConflictError,
    TelegramApi,
    TransientError,
)
from services.bot.texts.replies import MENUS
from shared.backoff import Backoff
from shared.errors import CommandRefusedError
from shared.health import Health

RETRY_FIRST_S = 0.5
RETRY_MOST_S = 15.0
TOKEN_RETRY_S = 300.0
CONFLICT_RETRY_S = 15.0
SLOTS = ("telegram", "token", "conflict")


class Polling:
    """Yields what people send. `on_back` is called when Telegram answers again after a failure."""

    def __init__(self, telegram: TelegramApi, health: Health, *, on_back: Callable[[], None]) -> None:
        self._telegram = telegram
        self._health = health
        self._on_back = on_back
        self._is_cut_off = False

    async def updates(self) -> AsyncIterator[Incoming]:
        """Yield every update, once the bot is set up at Telegram."""
        backoff, is_set_up = Backoff(RETRY_FIRST_S, RETRY_MOST_S), False
        while True:
            try:
                if not is_set_up:
                    await self._telegram.set_up(MENUS)
                    is_set_up = True
                batch = await self._telegram.updates()
            except TransientError as error:
                self._is_cut_off = True
                self._health.report("telegram", error.reason)
                pause_s = backoff.next_s()
                await asyncio.sleep(error.retry_after_s or pause_s)
                continue
            except CommandRefusedError as error:
                is_set_up = is_set_up and not isinstance(error, PollingConflictError)  # it may be a webhook
                await asyncio.sleep(self._on_refusal(error))
                continue
            for incoming in batch:
                yield incoming
            backoff.reset()
            self._on_contact()

    def _on_contact(self) -> None:
        """Note that Telegram answers; if it did not before, others need not wait for their next attempt."""
        if self._is_cut_off:
            self._is_cut_off = False
            self._on_back()
        for slot in SLOTS:
            self._health.report(slot, None)

    def _on_refusal(self, error: CommandRefusedError) -> float:
        """Report a problem that only a person can solve, and return the seconds until the next attempt."""
        self._is_cut_off = True
        if isinstance(error, InvalidTokenError):
            slot, pause_s = "token", TOKEN_RETRY_S
        elif isinstance(error, PollingConflictError):
            slot, pause_s = "conflict", CONFLICT_RETRY_S
        else:
            slot, pause_s = "telegram", RETRY_MOST_S
        self._health.report(slot, error.reason)
        return pause_s
