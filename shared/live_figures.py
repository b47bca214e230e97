"""The present figures: charge, power, load and runtime from the readings that are still fresh. Pure.

Page and bot both use these, so they agree. None stands for a figure that is unknown right now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.broker_state import BrokerState
from shared.charge import runtime
from shared.conditions import Severity, severity
from shared.freshness import BATTERY_HOLDS, DECISION_HOLDS, OUTLOOK_HOLDS, PLUG_HOLDS, STATUS_HOLDS, fresh
from shared.messages import (
    Availability,
    BatteryState,
    Contact,
    Grid,
    GridState,
    InverterState,
    Outlook,
    PlugState,
    ServiceHealth,
    ServiceStatus,
)

ALL = "all"
"""The battery, or the inverter, that sums up the others."""
STILL_W = 10
"""A smaller power is sensor noise: nothing flows."""


@dataclass(frozen=True)
class LiveFigures:
    """The fresh readings, and what follows from them; battery and inverter are the sums if there are several.

    outlook is the fresh forecast of a running outage, if there is one; forecast is how long the charge lasts by it.
    """

    grid: GridState | None = None
    inverter: InverterState | None = None
    battery: BatteryState | None = None
    outlook: Outlook | None = None
    forecast: timedelta | None = None

    @property
    def soc_percent(self) -> float | None:
        """The charge: the BMS knows it better than the inverter."""
        if self.battery and self.battery.soc_percent is not None:
            return self.battery.soc_percent
        return self.inverter.battery_soc_percent if self.inverter else None

    @property
    def battery_power_w(self) -> float | None:
        """The power of the batteries, positive while charging."""
        if self.battery and self.battery.power_w is not None:
            return self.battery.power_w
        return self.inverter.battery_power_w if self.inverter else None

    @property
    def load_w(self) -> float | None:
        """What the home draws."""
        return load_w(self.inverter)

    @property
    def runtime(self) -> timedelta | None:
        """How long the charge lasts without grid power: by the outlook, or else at the present discharge."""
        if self.forecast is not None:
            return self.forecast
        return runtime(self.battery, self.soc_percent, self.battery_power_w)

    def runtime_after(self, event: datetime) -> timedelta | None:
        """How long the charge lasts by what was measured after an event: before it, the power was different."""
        if self.forecast is not None and self.outlook and self.outlook.at > event:
            return self.forecast
        if self.forecast is not None:
            return replace(self, forecast=None).runtime_after(event)
        readings = (self.battery, None if self.battery and self.battery.power_w is not None else self.inverter)
        return self.runtime if all(one is None or one.at > event for one in readings) else None


def live_figures(state: BrokerState, now: datetime, fresh_for: timedelta = DECISION_HOLDS) -> LiveFigures:
    """Return the figures of this moment; a reading of grid or inverter counts for fresh_for."""
    inverter = live_inverter(state, now, fresh_for)
    grid = state.grid if state.grid and fresh(state.grid.at, now, fresh_for) else None
    outlook = usable_outlook(state.outlook, now) if grid and grid.state is Grid.OFF else None
    return LiveFigures(
        grid=grid,
        inverter=state.inverters[inverter] if inverter else None,
        battery=_whole_battery(state, now),
        outlook=outlook,
        forecast=_forecast(outlook, now) if outlook else None,
    )


def flow_sign(power_w: float | None) -> int:
    """Return 1 or -1 for the direction of a flow, 0 if nothing flows or the power is unknown."""
    if power_w is None or abs(power_w) < STILL_W:
        return 0
    return 1 if power_w > 0 else -1


def fresh_outlook(outlook: Outlook | None, now: datetime) -> Outlook | None:
    """Return an outlook if it is fresh; it may only say what is unknown."""
    return outlook if outlook and fresh(outlook.at, now, OUTLOOK_HOLDS) else None


def usable_outlook(outlook: Outlook | None, now: datetime) -> Outlook | None:
    """Return an outlook if it is fresh and knows the charge."""
    return fresh_outlook(outlook, now) if outlook and outlook.charge else None


def _forecast(outlook: Outlook, now: datetime) -> timedelta | None:
    """Return how long the charge lasts while power stays away, at most the length of the forecast."""
    if not any(one.running for one in outlook.outages) or outlook.strip is None:
        return None
    ends = outlook.strip.start + timedelta(minutes=outlook.strip.step_min * (len(outlook.strip.p50) - 1))
    return max(timedelta(0), (outlook.holds_until.typical or ends) - now)


def live_inverter(state: BrokerState, now: datetime, fresh_for: timedelta = DECISION_HOLDS) -> str | None:
    """Return the sum of all inverters if it is live, otherwise the first live inverter."""
    live = {name for name in state.inverters if is_inverter_live(state, name, now, fresh_for)}
    return ALL if ALL in live else min(live, default=None)


def is_inverter_live(state: BrokerState, name: str, now: datetime, fresh_for: timedelta = DECISION_HOLDS) -> bool:
    """Whether an inverter answers and its last reading is fresh; for the sum, one answering inverter is enough."""
    reading = state.inverters.get(name)
    if reading is None or not fresh(reading.at, now, fresh_for):
        return False
    summed = reading.inverters or (name,)
    return any(not _is_offline(state.inverter_availability.get(one)) for one in summed)


def _is_offline(contact: Availability | None) -> bool:
    return contact is not None and contact.state is Contact.OFFLINE


def is_battery_live(state: BrokerState, device: str, now: datetime) -> bool:
    """Whether a battery answers and its last reading is fresh."""
    is_offline = _is_offline(state.battery_availability.get(device))
    return not is_offline and is_battery_fresh(state, device, now)


def is_battery_fresh(state: BrokerState, device: str, now: datetime) -> bool:
    """Whether the last reading of a battery is recent; a sum without any battery that answers never is."""
    reading = state.batteries.get(device)
    return reading is not None and reading.packs != () and fresh(reading.at, now, battery_holds(state, device))


def battery_holds(state: BrokerState, device: str) -> timedelta:
    """Return how long a reading of a battery counts, given how often it is read; the sum is as slow as the slowest."""
    infos = state.battery_infos.values() if device == ALL else [state.battery_infos.get(device)]
    return BATTERY_HOLDS + timedelta(seconds=max((info.interval_s or 0 for info in infos if info), default=0))


def accepts_charge(state: BrokerState, now: datetime) -> bool | None:
    """Whether any battery accepts charge now: False only if every BMS forbids it, None if one is silent.

    Batteries are in parallel, so one is enough.
    """
    known = [one.charging_mosfet if is_battery_live(state, name, now) else None for name, one in packs(state.batteries)]
    if any(known):
        return True
    return None if None in known or not known else False


def _whole_battery(state: BrokerState, now: datetime) -> BatteryState | None:
    """Return the live sum of the batteries, or the reading of the only live battery: a single one has no sum."""
    live = [name for name in state.batteries if is_battery_live(state, name, now)]
    device = ALL if ALL in live else live[0] if len(live) == 1 else None
    return state.batteries[device] if device else None


def is_plug_live(plug: PlugState, now: datetime) -> bool:
    """Whether the state of a plug is current: it was read recently, and the plug is not known to be unreachable."""
    return plug.reachable is not False and fresh(plug.at, now, PLUG_HOLDS)


def is_service_running(status: ServiceStatus | None, now: datetime) -> bool:
    """Whether a service is running: it repeats its status and has not said goodbye."""
    return status is not None and status.state is not ServiceHealth.OFFLINE and fresh(status.at, now, STATUS_HOLDS)


def is_unused(state: BrokerState, service: str) -> bool:
    """Whether a service reports that its part of the home is not set up, which is no fault."""
    status = state.services.get(service)
    if status is None or status.state is not ServiceHealth.DISABLED:
        return False
    return all(severity(one) is Severity.NOTICE for one in status.reasons)


def is_clock_unset(state: BrokerState, now: datetime) -> bool | None:
    """Whether a running service reports that the clock of its host is not set; None if none is running."""
    running = [one for one in state.services.values() if is_service_running(one, now)]
    unset = any(one.clock is not None and not one.clock.trusted for one in running)
    return unset if running else None


def is_service_working(status: ServiceStatus | None, now: datetime) -> bool:
    """Whether a service is running and has something to do, even if it has a problem."""
    return status is not None and status.state is not ServiceHealth.DISABLED and is_service_running(status, now)


def packs(batteries: Mapping[str, BatteryState]) -> list[tuple[str, BatteryState]]:
    """Return the individual batteries, without their sum."""
    return sorted((name, state) for name, state in batteries.items() if name != ALL)


def units(inverters: Mapping[str, InverterState]) -> list[tuple[str, InverterState]]:
    """Return the individual inverters, without their sum."""
    return sorted((name, state) for name, state in inverters.items() if name != ALL)


def load_w(inverter: InverterState | None) -> float | None:
    """Return what the home draws from an inverter, from both outputs if there are two."""
    if inverter is None:
        return None
    return inverter.load_power_w if inverter.total_load_power_w is None else inverter.total_load_power_w
