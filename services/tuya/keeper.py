"""One plug: what is wanted of it is done, again and again where it fails, and what it is is told."""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from services.tuya import decide
from services.tuya.journal import Journal, Want
from services.tuya.plugs import Plug
from services.tuya.switch import Became, FlippedBackError, Reading, Switcher
from shared.errors import CommandRefusedError, DeviceError, DeviceOfflineError, StorageError
from shared.health import Health
from shared.messages import ActionOutcome, GridState, PlugAction, PlugState, Via
from shared.service import utc_now
from shared.topics import PLUG_ACTION, PLUG_STATE, M, Topic

log = logging.getLogger("plug")

RETRY_FIRST_S = 1.0
RETRY_MOST_S = 60.0
REFUSED_RETRY_S = 300.0
"""Only the user can mend a refusal, but plugs are to be right once it is mended."""
MANY_ATTEMPTS = 3
RETIRED = "It is not looked after any more: disabled in the list of plugs, or gone from it."


class StateBus(Protocol):
    """Where a plug's state is told."""

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        """Send a message."""


class SupersededError(Exception):
    """Meanwhile something else is wanted."""


class Memory:
    """What all plugs share: the journal, the grid and the rules. `keep` has a new journal on the disk or raises."""

    def __init__(self, journal: Journal, rules: decide.Rules) -> None:
        self.journal = journal
        self.rules = rules
        self.grid: GridState | None = None

    def keep(self, journal: Journal) -> None:
        """Remember; overridden where it goes to a disk."""
        self.journal = journal


class Keeper:
    """Brings one plug to what is wanted of it, and watches it over the home network."""

    def __init__(
        self,
        plug: Plug,
        memory: Memory,
        switcher: Switcher,
        bus: StateBus,
        health: Health,
        *,
        check_s: float,
        dry_run: bool,
    ) -> None:
        self.plug = plug
        self.state = PlugState(at=utc_now(), name=plug.title, protected=plug.protected, dry_run=dry_run)
        self._memory = memory
        self._switcher = switcher
        self._bus = bus
        self._health = health
        self._check_s = check_s
        self._dry_run = dry_run
        self._reading: Reading = {}
        self._news = asyncio.Event()
        self._check_at = self._retry_at = time.monotonic()
        self._retry_s = RETRY_FIRST_S
        self._tried: tuple[Want, ...] = ()
        self._flips = 0
        self._was_told = False

    async def run(self) -> None:
        """Do what is due, for ever."""
        while True:
            try:
                await self._step()
            except StorageError:  # said by the memory
                await asyncio.sleep(RETRY_FIRST_S)

    async def _step(self) -> None:
        self._news.clear()
        now = utc_now()
        self._forget_overdue(now)
        wants = self._due(now)
        if wants and (time.monotonic() >= self._retry_at or wants != self._tried):
            await self._attempt(wants)
        elif time.monotonic() >= self._check_at:
            await self._check()
        else:
            await self._rest(now, retrying=bool(wants))

    def wake(self) -> None:
        """Look again at what is wanted."""
        self._news.set()

    def retire(self, *, for_good: bool) -> None:
        """Say no more of it: it is listed otherwise from now on, or not at all any more."""
        for problem in (self._problem, f"key {self.plug.id}"):
            self._health.solved(problem)
        if for_good:
            unknown = dict.fromkeys(self.state.gangs)
            self._tell(on=None, gangs=unknown, reachable=None, confirmed=False, pending=None, problem=RETIRED)

    def refuse(self, why: str) -> None:
        """Show in the state that a command was refused."""
        self._tell(problem=why)

    def learn(self, reading: Reading, via: Via, *, reachable: bool) -> None:
        """Take over what the account's list says of it, where nothing is known yet."""
        if self.state.reachable is None:
            self._tell_reading(reading, via, by=None, reachable=reachable)

    def _due(self, now: datetime) -> tuple[Want, ...]:
        memory = self._memory
        return decide.due(memory.journal, self.plug, memory.rules, memory.grid, now)

    async def _rest(self, now: datetime, *, retrying: bool) -> None:
        pauses = [self._check_at - time.monotonic()]
        if retrying:
            pauses.append(self._retry_at - time.monotonic())
        if turn := decide.waits_until(self._memory.journal, self.plug.id, now):
            pauses.append((turn - now).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.01, min(pauses))):
                await self._news.wait()

    async def _attempt(self, wants: tuple[Want, ...]) -> None:
        if wants != self._tried:
            self._tried, self._retry_s, self._flips = wants, RETRY_FIRST_S, 0
            self._switcher.ask_anew(self.plug)
        self._tell(pending=wants[0].on)
        try:
            if self._dry_run:
                await self._pretend(wants)
            else:
                asked = {want.gang: want.on for want in wants}
                became = await self._switcher.switch(self.plug, asked, lambda reading: self._before(wants, reading))
                self._succeed(wants, became)
        except SupersededError:
            self._tell(pending=self._pending())
        except FlippedBackError as error:
            self._flip_back(wants, error)
        except DeviceError as error:
            self._fail(wants, error)

    def _before(self, wants: tuple[Want, ...], reading: Reading) -> None:
        """Have it in the journal what is about to be switched off; stop where that is no longer wanted."""
        journal, now = self._memory.journal, utc_now()
        if any(want not in self._due(now) for want in wants):
            raise SupersededError
        after = decide.before_switching(journal, wants, reading, now)
        if after is not journal:
            self._memory.keep(after)

    async def _pretend(self, wants: tuple[Want, ...]) -> None:
        for via in self._switcher.ways(self.plug)[:1]:
            reading = await self._switcher.read(self.plug, via)
            self._before(wants, reading)
            self._tell_reading(reading, via, by=None)
        self._finish(wants)
        self._tell(pending=None)
        self._act(wants, ActionOutcome.DRY_RUN, why="TUYA_DRY_RUN is set: nothing was switched.")

    def _succeed(self, wants: tuple[Want, ...], became: Became) -> None:
        self._finish(wants)
        self._health.solved(self._problem)
        outcome = ActionOutcome.DONE if became.confirmed else ActionOutcome.UNCONFIRMED
        self._tell_reading(became.reading, became.via, by=wants[0].by, confirmed=became.confirmed)
        self._act(wants, outcome, via=became.via)

    def _finish(self, wants: tuple[Want, ...]) -> None:
        self._tried = ()
        self._memory.keep(decide.done(self._memory.journal, wants))

    def _flip_back(self, wants: tuple[Want, ...], error: DeviceError) -> None:
        self._flips += 1
        if self._flips < MANY_ATTEMPTS:
            self._retry_later(refused=False)
            self._tell(problem=str(error))
            return
        self._tried = ()
        self._memory.keep(decide.given_up(self._memory.journal, wants))
        self.leave(str(error), wants)

    def leave(self, why: str, wants: Iterable[Want]) -> None:
        """Say that a plug is left to itself."""
        self._health.problem(self._problem, f"{why} It is left to itself after {MANY_ATTEMPTS} tries.")
        self._tell(pending=None, problem=why, confirmed=False)
        self._act(wants, ActionOutcome.FAILED, why=why)

    def _fail(self, wants: tuple[Want, ...], error: Exception) -> None:
        """Try again later. A plug that does not answer in a blackout is no news: it may have lost its power too."""
        first = self._retry_s == RETRY_FIRST_S
        expected = isinstance(error, DeviceOfflineError) and not any(want.on or not want.by_grid for want in wants)
        if not expected:
            self._health.problem(self._problem, f"{self.plug.title} could not be switched. {error}")
        offline = isinstance(error, DeviceOfflineError)
        if offline:
            self._tell_unreachable(error)
        else:
            self._tell(problem=str(error), confirmed=False)
        if first and not expected:
            self._act(wants, ActionOutcome.FAILED, why=f"{error} It is tried again.")
        self._retry_later(refused=isinstance(error, CommandRefusedError))

    def _retry_later(self, *, refused: bool) -> None:
        self._retry_at = time.monotonic() + (REFUSED_RETRY_S if refused else self._retry_s)
        self._retry_s = min(2 * self._retry_s, RETRY_MOST_S)

    async def _check(self) -> None:
        """Look at it over the home network only: the cloud counts every question."""
        self._check_at = time.monotonic() + self._check_s
        if Via.LOCAL not in self._switcher.ways(self.plug):
            if not self._was_told:
                self._tell()
            return
        try:
            reading = await self._switcher.read(self.plug, Via.LOCAL)
        except DeviceError as error:
            if isinstance(error, CommandRefusedError):
                self._health.problem(f"key {self.plug.id}", str(error))
            if self.state.via is not Via.CLOUD:  # what the cloud has said may still be so
                self._tell_unreachable(error)
        else:
            self._health.solved(f"key {self.plug.id}")
            self._see(reading)

    def _see(self, reading: Reading) -> None:
        memory = self._memory
        grid = None if self._dry_run else memory.grid  # what was only pretended has not come back
        after, lost = decide.on_reading(memory.journal, self.plug, reading, grid, utc_now())
        if after is not memory.journal:
            memory.keep(after)
        changed = any(self._reading.get(gang) is not value for gang, value in reading.items()) and bool(self._reading)
        self._tell_reading(reading, Via.LOCAL, by="device" if changed else None, confirmed=True)
        if lost:
            why = f"{self.plug.title} comes back on by itself: is there a timer in the app, or somebody at its button?"
            self._health.problem(self._problem, f"{why} It is left to itself.")
            self._tell(problem=why)

    def _forget_overdue(self, now: datetime) -> None:
        late = tuple(want for want in decide.overdue(self._memory.journal, now) if want.plug == self.plug.id)
        if late:
            self._memory.keep(decide.forgotten(self._memory.journal, late))
            self.dropped(late, "It could not be done in time.")

    def dropped(self, wants: Iterable[Want], why: str) -> None:
        """Say that something is no longer wanted."""
        self._health.solved(self._problem)
        self._tell(pending=None, problem=None)
        self._act(wants, ActionOutcome.DROPPED, why=why)

    @property
    def _problem(self) -> str:
        return f"plug {self.plug.id}"

    def _tell_reading(
        self, reading: Reading, via: Via, *, by: str | None, confirmed: bool = False, reachable: bool = True
    ) -> None:
        self._reading = dict(reading)
        values = list(reading.values())
        on = True if True in values else False if values and None not in values else None
        now = utc_now()
        moved = by is not None
        self._tell(
            at=now,
            on=on,
            gangs=dict(reading) if len(reading) > 1 else {},
            reachable=reachable,
            via=via,
            confirmed=confirmed,
            pending=self._pending(),
            problem=None,
            switched_by=by or self.state.switched_by,
            since=now if moved else self.state.since,
        )

    def _tell_unreachable(self, error: Exception) -> None:
        """Nobody knows what it is now; what it was last is kept for ourselves only."""
        self._tell(on=None, gangs=dict.fromkeys(self.state.gangs), reachable=False, confirmed=False, problem=str(error))

    def _pending(self) -> bool | None:
        wanted = [want.on for want in self._memory.journal.wants.values() if want.plug == self.plug.id]
        return wanted[0] if wanted else None

    def _tell(self, **changes: object) -> None:
        """Publish the state; what is not named stays."""
        self._was_told = True
        self.state = self.state.model_copy(update={"at": utc_now()} | changes)
        self._bus.publish(PLUG_STATE, self.state, self.plug.id)

    def _act(
        self, wants: Iterable[Want], outcome: ActionOutcome, *, via: Via | None = None, why: str | None = None
    ) -> None:
        for want in wants:
            gang = want.gang if len(self.plug.gangs) > 1 else None
            action = PlugAction(
                at=utc_now(),
                on=want.on,
                gang=gang,
                by=want.by,
                outcome=outcome,
                via=via,
                transition_id=want.transition_id if want.by_grid else None,
                why=why,
            )
            self._bus.publish(PLUG_ACTION, action, self.plug.id)
            log.info("%s", sentence(self.plug, action))


def sentence(plug: Plug, action: PlugAction) -> str:
    """Return an action for the log: Boiler off by grid: done (local)."""
    gang = f" ({action.gang})" if action.gang else ""
    way = f" ({action.via})" if action.via else ""
    why = f" {action.why}" if action.why else ""
    on = "on" if action.on else "off"
    return f"{plug.title}{gang} {on} by {action.by}: {action.outcome.replace('_', ' ')}{way}.{why}"
