"""Troubles that begin, last and end: told once when they have lasted, and again when they are over. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.bot.alert import LIVE, Alert, Kind
from services.bot.memory import Condition, Memory
from shared.broker_state import BrokerState
from shared.freshness import STATUS_HOLDS, fresh
from shared.live_figures import ALL, LiveFigures, live_figures, packs
from shared.messages import Availability, BatteryState, Contact, Grid, InverterState, ServiceHealth, ServiceStatus, iso

OWN_SERVICE = "bot"
"""The bot does not report on itself."""

QUIET = timedelta(minutes=10)
"""A trouble that comes again within this time after its end is told again only when it has lasted this long."""
HARMLESS = "battery fully charged"
"""The BMS sets an alarm bit for it; nothing is wrong."""

PARTLY_AFTER = timedelta(hours=1)
"""A service that does part of its work is no news at once: without internet many do."""

MAINS = "mains "
"""So begin the inverter's warnings of the mains. While there is none, the grid's own alert tells it better."""
AT_DUSK = ("PV voltage too low", "PV1 voltage too low", "PV2 voltage too low", "too little PV energy")
"""The inverter warns of the night every evening."""


@dataclass(frozen=True)
class Rules:
    """The limits. Low is told below low_percent, and is over from low_percent + hysteresis on."""

    low_percent: float = 20
    hysteresis_percent: float = 5
    imbalance_v: float = 0.1
    patience: timedelta = timedelta(minutes=5)
    reminder_minutes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A trouble that is there (is_so), is not, or cannot be told at the moment (None: nothing changes)."""

    kind: Kind
    device: str
    name: str
    is_so: bool | None
    at: datetime
    what: str = ""
    patience: timedelta = timedelta()

    @property
    def key(self) -> str:
        """The same for the same trouble; what a sentence says in passing does not belong to it."""
        is_listed = self.kind in (Kind.BATTERY_ALARM, Kind.INVERTER_FAULT, Kind.INVERTER_WARNING)
        return f"{self.kind}/{self.device}" + (f"/{self.what}" if is_listed else "")


def troubles(memory: Memory, snapshot: BrokerState, now: datetime, rules: Rules) -> tuple[Memory, list[Alert]]:
    """Return which troubles to tell, and which to call over."""
    conditions, alerts = dict(memory.conditions), list[Alert]()
    for seen in _all_seen(memory, snapshot, now, rules):
        before = conditions.get(seen.key)
        after, is_news = _turn(before, seen, now)
        if after is not None:
            conditions[seen.key] = after
        if after and is_news:
            alerts.append(_alert(seen, after, snapshot, now))
    conditions = {key: one for key, one in conditions.items() if not one.ended or now - one.ended < QUIET}
    if conditions == memory.conditions:
        return memory, alerts
    return memory.model_copy(update={"conditions": conditions}), alerts


def _turn(before: Condition | None, seen: Seen, now: datetime) -> tuple[Condition | None, bool]:
    """Return the trouble as it is from now on, and whether that is worth telling."""
    if seen.is_so is None:
        return before, False
    if seen.is_so and (before is None or before.ended):
        is_again = bool(before and (before.told or before.again))
        before = Condition(began=seen.at, noticed=now, again=is_again)
    # patience begins when we notice: after a start, what is retained may be long over
    patience = max(seen.patience, QUIET) if before and before.again else seen.patience
    if seen.is_so and before and not before.told and now - before.noticed >= patience:
        return before.model_copy(update={"told": True}), True
    if not seen.is_so and before and not before.ended:
        return before.model_copy(update={"ended": now}), before.told
    return before, False


def _alert(seen: Seen, condition: Condition, snapshot: BrokerState, now: datetime) -> Alert:
    at, is_low = condition.ended or condition.began, seen.kind is Kind.LOW_BATTERY
    live = live_figures(snapshot, now) if is_low else LiveFigures()
    return Alert(
        kind=seen.kind,
        key=seen.key + f"/{iso(condition.began)}",
        at=at,
        stored_at=now,
        over=condition.ended is not None,
        name=seen.name,
        what=seen.what,
        soc_percent=live.soc_percent,
        load_w=live.load_w,
        runtime_s=live.runtime.total_seconds() if live.runtime else None,
    )


def _all_seen(memory: Memory, snapshot: BrokerState, now: datetime, rules: Rules) -> Iterator[Seen]:
    grid = live_figures(snapshot, now).grid
    is_light = grid is not None and grid.state is Grid.ON
    yield _low(memory, snapshot, now, rules)
    for device, battery in packs(snapshot.batteries):
        if fresh(battery.at, now, LIVE):
            yield from _battery(memory, device, snapshot.battery_name(device), battery, rules)
    for device, inverter in snapshot.inverters.items():
        if fresh(inverter.at, now, LIVE):
            yield from _inverter(memory, device, inverter, is_light=is_light)
    yield from _out_of_reach(snapshot, rules)
    for name, status in snapshot.services.items():
        if name != OWN_SERVICE:
            yield from _service(name, status, now, rules)


def _out_of_reach(snapshot: BrokerState, rules: Rules) -> Iterator[Seen]:
    for device, contact in snapshot.battery_availability.items():
        if device != ALL:
            yield _silent(Kind.BATTERY_SILENT, device, snapshot.battery_name(device), contact, rules)
    for device, contact in snapshot.inverter_availability.items():
        yield _silent(Kind.INVERTER_SILENT, device, device, contact, rules)


def _low(memory: Memory, snapshot: BrokerState, now: datetime, rules: Rules) -> Seen:
    soc, key = live_figures(snapshot, now).soc_percent, f"{Kind.LOW_BATTERY}/{ALL}"
    condition = memory.conditions.get(key)
    is_low_already = bool(condition and not condition.ended)
    limit = rules.low_percent + (rules.hysteresis_percent if is_low_already else 0)
    return Seen(Kind.LOW_BATTERY, ALL, "", None if soc is None else soc < limit, now)


def _battery(memory: Memory, device: str, name: str, state: BatteryState, rules: Rules) -> Iterator[Seen]:
    if state.alarms is not None:
        alarms = tuple(alarm for alarm in state.alarms if alarm != HARMLESS)
        example = Seen(Kind.BATTERY_ALARM, device, name, None, state.at)
        yield from _listed(memory, example, alarms)
    delta = state.cell_delta_v
    condition = memory.conditions.get(f"{Kind.IMBALANCE}/{device}")
    limit = rules.imbalance_v * (0.8 if condition and not condition.ended else 1)
    is_so = None if delta is None else delta >= limit
    what = "" if delta is None else f"{1000 * delta:.0f}"
    yield Seen(Kind.IMBALANCE, device, name, is_so, state.at, what, timedelta(minutes=1))


def _inverter(memory: Memory, device: str, state: InverterState, *, is_light: bool) -> Iterator[Seen]:
    if state.faults is not None:
        yield from _listed(memory, Seen(Kind.INVERTER_FAULT, device, device, None, state.at), state.faults)
    if state.warnings is not None:
        warnings = tuple(text for text in state.warnings if text not in AT_DUSK and (is_light or MAINS not in text))
        example = Seen(Kind.INVERTER_WARNING, device, device, None, state.at, patience=timedelta(minutes=1))
        yield from _listed(memory, example, warnings)


def _listed(memory: Memory, example: Seen, texts: tuple[str, ...]) -> Iterator[Seen]:
    """Yield what a device lists now, and what it listed before and does no more."""
    prefix = f"{example.kind}/{example.device}/"
    gone = {key.removeprefix(prefix) for key in memory.conditions if key.startswith(prefix)} - set(texts)
    for text in (*dict.fromkeys(texts), *sorted(gone)):
        yield replace(example, is_so=text in texts, what=text)


def _silent(kind: Kind, device: str, name: str, contact: Availability, rules: Rules) -> Seen:
    is_so = contact.state is Contact.OFFLINE
    return Seen(kind, device, name, is_so, contact.since, contact.why or "", rules.patience)


def _service(name: str, status: ServiceStatus, now: datetime, rules: Rules) -> Iterator[Seen]:
    """Judge a service: one that was told not to run is not down, one that has fallen silent is."""
    is_silent = status.state is not ServiceHealth.DISABLED and not fresh(status.at, now, STATUS_HOLDS)
    is_down = status.state is ServiceHealth.OFFLINE or is_silent
    # a will was written when the connection began, so its moment says nothing
    since = now if status.state is ServiceHealth.OFFLINE else status.at
    at = status.at if is_silent and status.state is not ServiceHealth.OFFLINE else status.since or since
    yield Seen(Kind.SERVICE_DOWN, name, name, is_down, min(at, now), status.reason or "", rules.patience)
    is_part = None if is_down else status.state is ServiceHealth.DEGRADED
    yield Seen(Kind.SERVICE_PARTLY, name, name, is_part, min(at, now), status.reason or "", PARTLY_AFTER)
