"""The plug service: turns grid states and commands into targets in the journal, which the controllers bring about."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta

from services.tuya import grid_rules
from services.tuya.announcements import Announcements
from services.tuya.commands import on_command, refusal, setup_refusal
from services.tuya.connector import Connector
from services.tuya.controllers import PlugControllers
from services.tuya.grid_rules import Policy
from services.tuya.journal import Journal
from services.tuya.journal_file import JournalFile
from services.tuya.off_on_test import begun, refusal_of_test
from services.tuya.outlook_rules import on_outlook, plan_ahead
from services.tuya.plug import Plug
from services.tuya.rounds import current_round
from services.tuya.settings import TuyaSettings
from services.tuya.shared_state import SharedState, SharedStateStore
from shared.bus import Delivery
from shared.clock import utc_now
from shared.conditions import Reason, plugs
from shared.errors import StorageError
from shared.messages import (
    ActionOutcome,
    Grid,
    GridState,
    OutageSchedule,
    Outlook,
    PlugAction,
    PlugCommand,
    PlugPlan,
    PlugSetup,
    Window,
)
from shared.service import Service
from shared.topics import GRID_STATE, OUTAGE_SCHEDULE, OUTLOOK_STATE, PLUG_ACTION, PLUG_PLAN, PLUG_SET, PLUG_SETUP
from shared.trusted_time import ClockChange, by_clock

log = logging.getLogger("tuya")

ROUND_CHECK_S = 60.0
ASK_AGAIN_S = 900.0
CLOCK_PATIENCE_S = 2.0
"""Messages that the broker kept while the connection was broken all arrive within a moment."""


async def serve(service: Service[TuyaSettings]) -> None:
    """Control all plugs until cancelled."""
    plug_service = PlugService(service)
    service.bus.collect_parsed(GRID_STATE, plug_service.on_grid)
    service.bus.collect_parsed(PLUG_SET, plug_service.on_command)
    service.bus.collect_parsed(PLUG_SETUP, plug_service.on_setup)
    service.bus.subscribe(OUTAGE_SCHEDULE, plug_service.on_schedule)
    service.bus.subscribe(OUTLOOK_STATE, plug_service.on_outlook)
    await plug_service.run()


class PlugService:
    """Receives grid states and commands."""

    def __init__(self, service: Service[TuyaSettings]) -> None:
        settings = service.settings
        self._dry_run = settings.tuya_dry_run
        self._bus = service.bus
        self._health = service.health
        journal = JournalFile(settings, service.health)
        self._store = SharedStateStore(SharedState(journal.load(), settings.rules()), journal.save)
        self._announcements = Announcements(settings.announce_ports, self._is_listed, self._on_move)
        heard = self._announcements.address
        self._connector = Connector(settings.credentials(), settings.tuya_local_timeout, heard)
        self._controllers = PlugControllers(service, self._store, self._connector)
        service.bus.clock.on_change(self._on_clock_change)
        self._changed_at = time.monotonic()
        self._outlook: Outlook | None = None
        self._plan: PlugPlan | None = None
        self._wrong_time_since: float | None = None
        self._zone = settings.zone
        self._windows: tuple[Window, ...] = ()
        self._round: str | None = None
        self._asked_at_s = 0.0

    async def run(self) -> None:
        """Control all plugs until cancelled."""
        if self._dry_run:
            log.info("TUYA_DRY_RUN is set: everything is done but the switching.")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._announcements.run())
                tasks.create_task(self._controllers.run())
                tasks.create_task(self._make_rounds())
        finally:
            self._connector.close()

    async def _make_rounds(self) -> None:
        while True:
            await asyncio.sleep(ROUND_CHECK_S)
            self._make_round()
            self._publish_plan()

    def _make_round(self) -> None:
        """Ask the plugs, once a round and again those that have not answered, while there is power."""
        now, grid = utc_now(), self._store.shared.grid
        if grid is None or grid.state is not Grid.ON or not grid_rules.is_certain(grid, now):
            return
        before, self._round = self._round, current_round(now, self._zone, self._windows)
        if self._round is None:
            return
        is_new = self._round != before
        if is_new or time.monotonic() - self._asked_at_s > ASK_AGAIN_S:
            self._asked_at_s = time.monotonic()
            self._controllers.ask(again=not is_new)

    def on_schedule(self, _: str, schedule: OutageSchedule) -> None:
        """Take over the planned outages: plugs are asked before each."""
        self._windows = schedule.windows
        self._make_round()
        self._publish_plan()

    def _is_listed(self, id_: str) -> bool:
        return self._controllers.listed(id_) is not None

    def _on_move(self, id_: str) -> None:
        if controller := self._controllers.get(id_):
            controller.on_move()

    def on_grid(self, _: str, grid: GridState, delivery: Delivery) -> None:
        """Act on a grid state. A retained one may be a week old, and the next reading brings a live one."""
        delivery.ack()
        grid, now = by_clock(grid, self._bus.clock.track), utc_now()
        if delivery.retained:
            return
        self._check_clock(grid, now)
        shared = self._store.shared
        if not grid_rules.is_news(grid, now) or grid_rules.is_outdated(grid, shared.grid, now):
            return
        if shared.grid is None or shared.grid.transition_id != grid.transition_id:
            self._changed_at = time.monotonic()
        self._store.set_grid(grid)
        stable_for = timedelta(seconds=time.monotonic() - self._changed_at)
        controlled = self._controllers.controlled()
        seen_on = self._controllers.seen_on(grid_rules.SEEN_BEFORE + stable_for)
        journal = grid_rules.on_grid(
            shared.journal, grid, controlled, shared.rules, now, stable_for=stable_for, seen_on=seen_on
        )
        self._persist(journal, dropped_because=plugs.GRID_CHANGED())  # if that fails, the next message tries again
        self._ask_outlook(now)
        self._controllers.wake()

    def on_outlook(self, _: str, outlook: Outlook) -> None:
        """Take over a forecast, and act on it in an outage."""
        self._outlook = by_clock(outlook, self._bus.clock.track)
        self._ask_outlook(utc_now())
        self._controllers.wake()
        self._publish_plan()

    def _publish_plan(self) -> None:
        """Publish what will be switched off in the outages ahead, where that has changed."""
        rules, now = self._store.shared.rules, utc_now()
        ahead = plan_ahead(rules, self._controllers.controlled(), self._windows, self._outlook, now)
        plan = PlugPlan(at=now, by_outlook=rules.policy is Policy.OUTLOOK, dry_run=self._dry_run, outages=ahead)
        if self._plan is None or self._plan.model_copy(update={"at": now}) != plan:
            self._plan = plan
            self._bus.publish(PLUG_PLAN, plan)

    def _ask_outlook(self, now: datetime) -> None:
        shared, off_for = self._store.shared, timedelta(seconds=time.monotonic() - self._changed_at)
        controlled = self._controllers.controlled()
        journal = on_outlook(shared, self._outlook, controlled, now, off_for=off_for, dry_run=self._dry_run)
        self._persist(journal, dropped_because=plugs.REPLACED())

    def on_command(self, id_: str, command: PlugCommand, delivery: Delivery) -> None:
        """Carry out a command, or publish why not."""
        delivery.ack()
        shared, plug, now = self._store.shared, self._controllers.listed(id_), utc_now()
        command = by_clock(command, self._bus.clock.track)
        reason = plugs.COMMAND_RETAINED() if delivery.retained else refusal(plug, command, shared.rules, now)
        if reason or plug is None:
            self._refuse(id_, command, reason or plugs.UNKNOWN_PLUG())
            return
        journal = on_command(shared.journal, plug, command, shared.grid, now)
        if self._persist(journal, dropped_because=plugs.REPLACED()):
            self._controllers.wake()
        else:
            self._refuse(id_, command, plugs.NO_JOURNAL())

    def on_setup(self, id_: str, setup: PlugSetup, delivery: Delivery) -> None:
        """Change the list of plugs, or publish why not."""
        delivery.ack()
        plug = self._controllers.listed(id_)
        reason = plugs.COMMAND_RETAINED() if delivery.retained else setup_refusal(plug, setup, utc_now())
        if reason or plug is None:
            log.warning("A change of the plug %s by %s is refused: %s", id_, setup.by, reason)
            if plug and reason:
                self._controllers.refuse_setup(plug, reason)
            return
        if (setup.enabled, setup.protected, setup.priority) != (None, None, None) or not setup.test:
            self._controllers.set_up(plug, setup)
        if setup.test and (plug := self._controllers.listed(id_)):
            self._test(plug, setup.by)

    def _test(self, plug: Plug, by: str) -> None:
        """Switch a plug off and on again, or publish why not."""
        shared, now = self._store.shared, utc_now()
        reason = refusal_of_test(shared.journal, plug, shared.rules, shared.grid, now)
        if reason is None and not self._persist(begun(shared.journal, plug, by, now), dropped_because=plugs.REPLACED()):
            reason = plugs.NO_JOURNAL()
        if reason:
            self._controllers.refuse_setup(plug, reason)
        self._controllers.wake()

    def _on_clock_change(self, change: ClockChange) -> None:
        """Shift turns and times by as much as the clock was set; if the disk is full, only until the next start."""
        journal, grid = change.moved((self._store.shared.journal, self._store.shared.grid))
        with suppress(StorageError):
            self._store.persist(journal)
        if grid:
            self._store.set_grid(grid)
        self._controllers.on_clock_change(change)

    def _check_clock(self, grid: GridState, now: datetime) -> None:
        """Report where everything that arrives is of another time; after a broken connection some messages may be."""
        if grid_rules.is_news(grid, now):
            self._wrong_time_since = None
            self._health.report("clock", None)
            return
        self._wrong_time_since = self._wrong_time_since or time.monotonic()
        if time.monotonic() - self._wrong_time_since > CLOCK_PATIENCE_S:
            self._health.report("clock", plugs.wrong_time(topic=GRID_STATE.template))

    def _persist(self, journal: Journal, *, dropped_because: Reason) -> bool:
        """Save a journal, and publish which targets it no longer has; return whether it could be saved."""
        before = self._store.shared.journal
        if journal is before:
            return True
        try:
            self._store.persist(journal)
        except StorageError:  # reported
            return False
        if journal.handled != before.handled:
            self._health.report("damaged", None)
        for target in (one for name, one in before.targets.items() if journal.targets.get(name) != one):
            if controller := self._controllers.get(target.plug):
                controller.drop(target, dropped_because)
        return True

    def _refuse(self, id_: str, command: PlugCommand, reason: Reason) -> None:
        log.warning("A command of %s for the plug %s is refused: %s", command.by, id_, reason)
        refused = ActionOutcome.REFUSED
        action = PlugAction(
            at=utc_now(), on=command.on, gang=command.gang, by=command.by, outcome=refused, reason=reason
        )
        self._bus.publish(PLUG_ACTION, action, id_)
        if controller := self._controllers.get(id_):
            controller.refuse(reason)
