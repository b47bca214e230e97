"""Troubles begin, last and end: reported once they have lasted, and again when they are over. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.keys import LISTED, trouble_key
from services.bot.alerts.state import AlertState, OpenTrouble
from shared.broker_state import BrokerState
from shared.conditions import Reason, clock, is_prompt, is_quiet
from shared.freshness import DECISION_HOLDS, STATUS_HOLDS, fresh
from shared.live_figures import (
    ALL,
    LiveFigures,
    is_battery_fresh,
    is_clock_unset,
    is_service_running,
    live_figures,
    packs,
    units,
)
from shared.messages import (
    Availability,
    BatteryState,
    Contact,
    Grid,
    GridState,
    InverterState,
    ServiceHealth,
    ServiceStatus,
    iso,
)
from shared.trusted_time import elapsed

CLOCK = "clock."
"""The prefix of the clock's conditions."""
OWN_SERVICE = "bot"
"""The bot does not report on itself."""
RECURRENCE = timedelta(minutes=10)
"""A trouble that returns this soon after its end is reported again only once it has lasted as long."""
DEGRADED_AFTER = timedelta(hours=1)
"""A degraded service is not news at once: without internet many are."""
KEPT = (*LISTED, AlertKind.CLOCK_UNSET)
"""Kinds whose reasons are needed for the report of their end."""
LISTED_PATIENCE = timedelta(minutes=1)
"""For the charge, the balance of cells and warnings, which flicker."""
ABSENCES = (AlertKind.SERVICE_DOWN, AlertKind.INVERTER_SILENT, AlertKind.BATTERY_SILENT)
"""What the broker still says of others after a start, until they say otherwise."""
SEEN_TWICE = (AlertKind.INVERTER_FAULT, AlertKind.BATTERY_ALARM)
"""Reported as soon as a second reading shows them: Modbus TCP has no checksum, so damage can look like a fault."""
UNCONTRADICTED = timedelta(seconds=30)
"""How long to wait for that: a device may fall silent with its fault."""


@dataclass(frozen=True)
class Limits:
    """The limits from which something is a trouble.

    A battery is low below low_percent, until it reaches low_percent + hysteresis_percent.
    """

    low_percent: float = 20
    hysteresis_percent: float = 5
    imbalance_v: float = 0.1
    patience: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Observation:
    """A trouble that is present, absent, or unknown at the moment (None: nothing changes)."""

    kind: AlertKind
    device: str
    name: str
    present: bool | None
    at: datetime
    reasons: tuple[Reason, ...] = ()
    patience: timedelta = timedelta()
    cell_delta_mv: float | None = None

    @property
    def key(self) -> str:
        """The same for the same trouble."""
        return trouble_key(self.kind, self.device, self.reasons)


def trouble_alerts(
    state: AlertState, snapshot: BrokerState, now: datetime, limits: Limits
) -> tuple[AlertState, list[Alert]]:
    """Report troubles that have lasted long enough, and the end of those reported."""
    troubles, alerts = dict(state.troubles), list[Alert]()
    for seen in _observations(state, snapshot, now, limits):
        before = _noticed_anew(troubles.get(seen.key), seen, snapshot, now)
        after, is_news = _next_trouble(before, seen, now)
        if after is not None:
            troubles[seen.key] = after
        if after and is_news:
            alerts.append(_alert(seen, after, snapshot, now))
    troubles = {key: one for key, one in troubles.items() if _is_kept(one, now)}
    if troubles == state.troubles:
        return state, alerts
    return state.model_copy(update={"troubles": troubles}), alerts


def _is_kept(trouble: OpenTrouble, now: datetime) -> bool:
    if trouble.ended is None:
        return True
    over = elapsed(trouble.ended, now)
    return over is not None and over < RECURRENCE


def _next_trouble(before: OpenTrouble | None, seen: Observation, now: datetime) -> tuple[OpenTrouble | None, bool]:
    """Return the trouble after an observation, and whether to report it."""
    if seen.present is None:
        return _still_waiting(before, seen, now), False
    if seen.present and (before is None or before.ended):
        is_recurring = bool(before and (before.reported or before.recurring))
        reasons = seen.reasons if seen.kind in KEPT else ()
        before = OpenTrouble(began=seen.at, noticed=now, recurring=is_recurring, reasons=reasons)
    lasted = elapsed(before.noticed, now) if before else None
    if before and lasted is None:  # noticed before this boot, at an unknown time
        before, lasted = before.model_copy(update={"noticed": now}), timedelta(0)
    # patience counts from when we notice: after a start, a retained trouble may be long over
    patience = max(seen.patience, RECURRENCE) if before and before.recurring else seen.patience
    is_seen_twice = bool(before and seen.kind in SEEN_TWICE and not before.recurring and seen.at > before.began)
    has_lasted = is_seen_twice or (lasted is not None and lasted >= patience)
    if seen.present and before and not before.reported and has_lasted:
        return before.model_copy(update={"reported": True}), True
    if seen.kind is AlertKind.CLOCK_UNSET and seen.present and before and seen.reasons:
        before = before.model_copy(update={"reasons": seen.reasons})  # what has waited is reported at the end
    if not seen.present and before and not before.ended:
        return before.model_copy(update={"ended": now}), before.reported
    return before, False


def _noticed_anew(
    before: OpenTrouble | None, seen: Observation, snapshot: BrokerState, now: datetime
) -> OpenTrouble | None:
    """Return what was gone before the bot itself, as when all stop together: it may be about to come back, too."""
    began = snapshot.listening_since
    if before is None or began is None or before.noticed >= began or seen.kind not in ABSENCES:
        return before
    return before.model_copy(update={"noticed": now})


def _still_waiting(before: OpenTrouble | None, seen: Observation, now: datetime) -> OpenTrouble | None:
    """Return the trouble after an unknown moment: a service's silence counts again from when it could be heard."""
    if before and seen.kind is AlertKind.SERVICE_DOWN and not before.reported and not before.ended:
        return before.model_copy(update={"noticed": now})
    return before


def _alert(seen: Observation, trouble: OpenTrouble, snapshot: BrokerState, now: datetime) -> Alert:
    live = live_figures(snapshot, now) if seen.kind is AlertKind.LOW_BATTERY else LiveFigures()
    is_off = live.grid is not None and live.grid.state is Grid.OFF
    lasts = live.runtime_after(live.grid.since) if live.grid and is_off else live.runtime
    return Alert(
        kind=seen.kind,
        key=f"{seen.key}/{iso(trouble.began)}",
        at=trouble.ended or trouble.began,
        stored_at=now,
        over=trouble.ended is not None,
        name=seen.name,
        reasons=trouble.reasons if seen.kind is AlertKind.CLOCK_UNSET else seen.reasons,
        cell_delta_mv=seen.cell_delta_mv,
        soc_percent=live.soc_percent,
        load_w=live.load_w,
        runtime_s=lasts.total_seconds() if lasts else None,
    )


def _observations(state: AlertState, snapshot: BrokerState, now: datetime, limits: Limits) -> Iterator[Observation]:
    grid = live_figures(snapshot, now).grid
    grid_on = grid is not None and grid.state is Grid.ON
    yield _low_battery(state, snapshot, now, limits)
    for device, battery in packs(snapshot.batteries):
        if is_battery_fresh(snapshot, device, now):
            name = snapshot.battery_name(device)
            yield from _alarms(state, device, name, battery, grid_on=grid_on)
            yield _imbalance(state, device, name, battery, limits)
    if grid is not None and grid.state is Grid.ON:
        yield from _phases(grid)
    for device, inverter in units(snapshot.inverters):
        if fresh(inverter.at, now, DECISION_HOLDS):
            yield from _inverter(state, device, _named(snapshot, device), inverter, grid_on=grid_on)
    yield from _silent_devices(snapshot, limits)
    yield _clock(snapshot, now, limits)
    hears = _hears_the_broker(snapshot, now)
    for name, status in snapshot.services.items():
        if name != OWN_SERVICE:
            yield from _service(name, status, now, limits, hears=hears)


def _clock(snapshot: BrokerState, now: datetime, limits: Limits) -> Observation:
    """Observe the clocks of this home's machines; the reasons are what waits at the recorder for the time."""
    running = (one for one in snapshot.services.values() if is_service_running(one, now))
    waiting = tuple(reason for one in running for reason in one.reasons if reason.code == clock.waiting.code)
    present = is_clock_unset(snapshot, now)
    return Observation(AlertKind.CLOCK_UNSET, ALL, "", present, now, waiting, limits.patience)


def _is_open(state: AlertState, kind: AlertKind, device: str) -> bool:
    trouble = state.troubles.get(trouble_key(kind, device))
    return bool(trouble and not trouble.ended)


def _low_battery(state: AlertState, snapshot: BrokerState, now: datetime, limits: Limits) -> Observation:
    soc, kind = live_figures(snapshot, now).soc_percent, AlertKind.LOW_BATTERY
    limit = limits.low_percent + (limits.hysteresis_percent if _is_open(state, kind, ALL) else 0)
    return Observation(kind, ALL, "", None if soc is None else soc < limit, now, patience=LISTED_PATIENCE)


def _alarms(
    state: AlertState, device: str, name: str, battery: BatteryState, *, grid_on: bool
) -> Iterator[Observation]:
    example = Observation(AlertKind.BATTERY_ALARM, device, name, None, battery.at, patience=UNCONTRADICTED)
    yield from _listed(state, example, battery.alarms, grid_on=grid_on)


def _imbalance(state: AlertState, device: str, name: str, battery: BatteryState, limits: Limits) -> Observation:
    delta, kind = battery.cell_delta_v, AlertKind.IMBALANCE
    limit = limits.imbalance_v * (0.8 if _is_open(state, kind, device) else 1)
    present = None if delta is None else delta >= limit
    delta_mv = None if delta is None else 1000 * delta
    return Observation(kind, device, name, present, battery.at, patience=LISTED_PATIENCE, cell_delta_mv=delta_mv)


def _phases(grid: GridState) -> Iterator[Observation]:
    """Judge each phase while the grid is on; if all are gone, the grid's own alert says so."""
    for phase, is_there in (grid.phases or {}).items():
        present = None if is_there is None else not is_there
        yield Observation(AlertKind.PHASE_LOST, str(phase), str(phase), present, grid.at)


def _named(snapshot: BrokerState, device: str) -> str:
    """Return the name of an inverter if there are several, otherwise nothing."""
    return device if len({*snapshot.inverters, *snapshot.inverter_availability} - {ALL}) > 1 else ""


def _inverter(
    state: AlertState, device: str, name: str, inverter: InverterState, *, grid_on: bool
) -> Iterator[Observation]:
    fault = Observation(AlertKind.INVERTER_FAULT, device, name, None, inverter.at, patience=UNCONTRADICTED)
    yield from _listed(state, fault, inverter.faults, grid_on=grid_on)
    warning = replace(fault, kind=AlertKind.INVERTER_WARNING, patience=LISTED_PATIENCE)
    yield from _listed(state, warning, inverter.warnings, grid_on=grid_on)


def _listed(
    state: AlertState, example: Observation, reported: tuple[Reason, ...] | None, *, grid_on: bool
) -> Iterator[Observation]:
    """Yield what a device lists now, and what it no longer lists; None is an unknown list."""
    if reported is None:
        return
    loud = (reason for reason in reported if not is_quiet(reason, grid_on=grid_on))
    present = {seen.key: seen for seen in (replace(example, present=True, reasons=(reason,)) for reason in loud)}
    yield from present.values()
    prefix = trouble_key(example.kind, example.device) + "/"
    for key, trouble in sorted(state.troubles.items()):
        if key.startswith(prefix) and key not in present:
            yield replace(example, present=False, reasons=trouble.reasons)


def _silent_devices(snapshot: BrokerState, limits: Limits) -> Iterator[Observation]:
    for device, contact in snapshot.battery_availability.items():
        if device != ALL:
            name = snapshot.battery_name(device)
            yield _silent(AlertKind.BATTERY_SILENT, device, name, contact, limits)
    for device, contact in snapshot.inverter_availability.items():
        yield _silent(AlertKind.INVERTER_SILENT, device, _named(snapshot, device), contact, limits)


def _silent(kind: AlertKind, device: str, name: str, contact: Availability, limits: Limits) -> Observation:
    present = contact.state is Contact.OFFLINE
    reasons = (contact.reason,) if contact.reason else ()
    return Observation(kind, device, name, present, contact.since, reasons, limits.patience)


def _hears_the_broker(snapshot: BrokerState, now: datetime) -> bool:
    """Whether the broker is there and delivers: our own status comes back like those of the others."""
    own = snapshot.services.get(OWN_SERVICE)
    return snapshot.connected and (own is None or fresh(own.at, now, STATUS_HOLDS))


def _service(name: str, status: ServiceStatus, now: datetime, limits: Limits, *, hears: bool) -> Iterator[Observation]:
    """Judge a service: a disabled one is not down; one that has fallen silent is, if we hear the broker."""
    is_silent = status.state is not ServiceHealth.DISABLED and not fresh(status.at, now, STATUS_HOLDS)
    is_down = (status.state is ServiceHealth.OFFLINE or is_silent) if hears else None
    # a will was written when the connection began, so its time says nothing
    since = now if status.state is ServiceHealth.OFFLINE else status.at
    at = status.at if is_silent and status.state is not ServiceHealth.OFFLINE else status.since or since
    at = min(at, now)
    yield Observation(AlertKind.SERVICE_DOWN, name, name, is_down, at, status.reasons, limits.patience)
    only_clock = bool(status.reasons) and all(reason.code.startswith(CLOCK) for reason in status.reasons)
    is_degraded = None if is_down is not False else status.state is ServiceHealth.DEGRADED and not only_clock
    patience = limits.patience if any(map(is_prompt, status.reasons)) else DEGRADED_AFTER
    yield Observation(AlertKind.SERVICE_DEGRADED, name, name, is_degraded, at, status.reasons, patience)
