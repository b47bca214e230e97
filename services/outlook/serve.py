"""The service: a forecast every five minutes, and at once when grid, schedule, plugs or load change."""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from services.outlook.forecast import forecast
from services.outlook.grading import scorecard
from services.outlook.history import History
from services.outlook.live import Basis, basis_of, pause_s, plugs_of, since_when, with_live
from services.outlook.message import to_message
from services.outlook.record import Record
from services.outlook.recorded_history import plan_of
from services.outlook.settings import OutlookSettings
from services.outlook.standings import Standings, after_forecast
from shared.broker_mirror import BrokerMirror
from shared.broker_state import STATE_TOPICS, BrokerState
from shared.clock import utc_now
from shared.conditions import Reason, clock
from shared.conditions import outlook as conditions
from shared.errors import StorageError
from shared.live_figures import live_figures
from shared.messages import Message, Outlook
from shared.service import Service
from shared.state_file import StateFile
from shared.topics import OUTLOOK_STATE, SERVICE_STATUS, Topic

log = logging.getLogger("outlook")

SETTING = "OUTLOOK_STATE_DIR"
FIRST_WAIT_S = 2.0
"""Retained messages have arrived by then; a forecast without schedule and charge would be replaced at once."""


async def serve(service: Service[OutlookSettings]) -> None:
    """Forecast for ever."""
    await OutlookService(service).run()


class OutlookService:
    """Makes a forecast from the record and from the broker's state, publishes it, and grades past ones."""

    def __init__(self, service: Service[OutlookSettings]) -> None:
        self._settings = service.settings
        self._bus = service.bus
        self._health = service.health
        self._changed = asyncio.Event()
        topics = [topic for topic in STATE_TOPICS if topic not in (OUTLOOK_STATE, SERVICE_STATUS)]
        self._mirror = BrokerMirror(self._bus, topics=topics, on_change=self._on_change)
        self._bus.clock.on_change(lambda _change: self._on_clock_change())
        self._record = Record(self._settings, self._health)
        self._file = StateFile(SETTING, self._settings.outlook_state_dir / "standings.json", Standings)
        self._standings = self._file.load(_on_damaged)

    async def run(self) -> None:
        """Forecast, wait until the next one is due, and so on."""
        await self._bus.connected.wait()
        await asyncio.sleep(FIRST_WAIT_S)
        while True:
            used = await self._publish()
            await self._until_due(used)

    async def _publish(self) -> Basis:
        """Publish a forecast; return its inputs."""
        now, state, trusted = utc_now(), self._mirror.snapshot(), self._bus.clock.trusted
        used = basis_of(state, now, trusted=trusted)
        if not trusted:
            nothing = Outlook(at=now, reserve_percent=self._settings.reserve_soc, unknown=(clock.NOT_SET(),))
            self._bus.publish(OUTLOOK_STATE, nothing)
            return used
        history, outlook = await asyncio.to_thread(self._forecast, state, now)
        if self._bus.clock.trusted:
            self._bus.publish(OUTLOOK_STATE, outlook)
            await asyncio.to_thread(self._remember, outlook, state, history, now)
        return used

    def _forecast(self, state: BrokerState, now: datetime) -> tuple[History, Outlook]:
        recorded = self._record.refresh(now)
        history = with_live(recorded, state, now)
        found = forecast(
            history,
            now,
            plan_of(state.schedule, now),
            reserve_percent=self._settings.reserve_soc,
            plugs=plugs_of(state),
            usage_correction=self._standings.correction,
        )
        is_assumed = found.charge is not None and not _is_recorded(recorded)
        more: tuple[Reason, ...] = (conditions.NO_DATABASE(),) if is_assumed else ()
        card = scorecard(self._standings.graded, self._settings.reserve_soc)
        return history, since_when(to_message(found, now, card, more), state, now)

    def _remember(self, outlook: Outlook, state: BrokerState, history: History, now: datetime) -> None:
        standings = after_forecast(self._standings, outlook, live_figures(state, now).grid, history, now)
        if standings == self._standings:
            return
        self._standings = standings
        try:
            self._file.save(standings)
        except StorageError as error:
            self._health.report("standings", error.reason)
        else:
            self._health.report("standings", None)

    async def _until_due(self, used: Basis) -> None:
        """Wait until another forecast is due: at the latest in five minutes."""
        loop = asyncio.get_running_loop()
        made = loop.time()
        while True:
            self._changed.clear()
            present = basis_of(self._mirror.snapshot(), utc_now(), trusted=self._bus.clock.trusted)
            left_s = made + pause_s(used, present) - loop.time()
            if left_s <= 0:
                return
            waiting = asyncio.create_task(self._changed.wait())
            await asyncio.wait([waiting], timeout=left_s)
            waiting.cancel()

    def _on_change(self, _topic: Topic[Any], _name: str, _message: Message | None) -> None:
        self._changed.set()

    def _on_clock_change(self) -> None:
        self._record.forget()
        self._changed.set()


def _is_recorded(history: History) -> bool:
    return bool(np.isfinite(np.asarray(history.load_w, dtype=np.float64)).any())


def _on_damaged(aside: Path) -> None:
    log.warning("The remembered forecasts were damaged and are now %s: the scorecard begins anew.", aside)
