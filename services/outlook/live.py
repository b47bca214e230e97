"""What is measured now: how it enters the forecast, and when it calls for a new one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from services.outlook.history import Floats, History, Plug, Values, column
from services.outlook.steps import STEP_S
from shared.broker_state import BrokerState
from shared.live_figures import live_figures
from shared.messages import BY_GRID, Grid, GridState, OutageSchedule, Outlook, PlugState

EVERY_S = 300.0
AT_ONCE_S = 1.0
"""Changes that come together, as those of grid and plugs, count as one."""
SOON_S = 60.0
"""A kettle soon boils, a BMS soon answers again, and a forecast takes a small computer a second."""
LOAD_CHANGE_W = 400.0
LOAD_CHANGE = 0.4
LONGEST_OUTAGE_STEPS = 3 * 288
COLUMNS = ("load_w", "pv_power_w", "battery_power_w", "soc_percent", "bms_soc_percent", "grid_on")


def with_live(history: History, state: BrokerState, now: datetime) -> History:
    """Return the history with what is measured now: the recorder is a little behind, may be down, or absent.

    The running outage is known from its beginning, even if that was not recorded.
    """
    live = live_figures(state, now)
    on = _on(live.grid)
    sample = {
        "time": now.timestamp(),
        "load_w": live.load_w,
        "pv_power_w": live.inverter.pv_power_w if live.inverter else None,
        "battery_power_w": live.battery_power_w,
        "soc_percent": live.inverter.battery_soc_percent if live.inverter else None,
        "bms_soc_percent": live.battery.soc_percent if live.battery else None,
        "grid_on": on,
    }
    since = _steps_since(live.grid, now) if on == 0 else np.empty(0)
    times = (np.asarray(history.time, dtype=np.float64), since, _one(sample["time"]))
    parts: dict[str, Values] = {"time": np.concatenate(times)}
    for name in COLUMNS:
        known = column(getattr(history, name), len(history.time))
        gone = np.zeros(since.size) if name == "grid_on" else np.full(since.size, np.nan)
        parts[name] = np.concatenate((known, gone, _one(sample[name])))
    return replace(history, **parts)  # type: ignore[arg-type]  # columns only


def joined(old: History, new: History, since_s: float) -> History:
    """Return a history with the part from a moment on replaced by a newer reading."""
    kept = np.asarray(old.time, dtype=np.float64) < since_s
    times = (np.asarray(old.time, dtype=np.float64)[kept], np.asarray(new.time, dtype=np.float64))
    parts: dict[str, Values] = {"time": np.concatenate(times)}
    for name in COLUMNS:
        before = column(getattr(old, name), len(old.time))[kept]
        parts[name] = np.concatenate((before, column(getattr(new, name), len(new.time))))
    planned = [*(one for one in old.planned if one[0] < since_s), *(one for one in new.planned if one[0] >= since_s)]
    return replace(new, **parts, planned=planned, nominal_wh=new.nominal_wh or old.nominal_wh)  # type: ignore[arg-type]


def plugs_of(state: BrokerState) -> list[Plug]:
    """Return the plugs that may be switched off, the least important first."""
    infos = state.plug_infos
    switchable = [name for name, one in state.plugs.items() if not one.protected]
    switchable.sort(key=lambda name: (-infos[name].priority if name in infos else 0, name))
    return [
        Plug(
            name,
            plug.on,
            follows_grid=name in infos and infos[name].follows_grid,
            is_shed=_is_shed(plug, state.grid),
        )
        for name in switchable
        for plug in [state.plugs[name]]
    ]


def _is_shed(plug: PlugState, grid: GridState | None) -> bool:
    """Return whether the outage has switched a plug off; one that has since fallen silent is still off."""
    if plug.on or plug.switched_by != BY_GRID:
        return False
    is_of_this_outage = grid is not None and plug.since is not None and plug.since >= grid.since
    return plug.on is False or is_of_this_outage


def since_when(outlook: Outlook, state: BrokerState, now: datetime) -> Outlook:
    """Return the outlook with the moment at which the running outage began; a forecast begins now."""
    grid = live_figures(state, now).grid
    if grid is None or grid.state is not Grid.OFF:
        return outlook
    outages = (one.model_copy(update={"start": grid.since}) if one.running else one for one in outlook.outages)
    return outlook.model_copy(update={"outages": tuple(outages)})


@dataclass(frozen=True)
class Basis:
    """The inputs of a forecast whose change calls for a new one at once."""

    trusted: bool = True
    grid: Grid = Grid.UNKNOWN
    grid_since: datetime | None = None
    schedule: tuple[object, ...] = ()
    plugs: Sequence[Plug] = ()
    load_w: float | None = None
    charge_by: tuple[bool, bool] = (False, False)
    """Whether the inverter and the BMS report the charge."""


def basis_of(state: BrokerState, now: datetime, *, trusted: bool) -> Basis:
    """Return the inputs of a forecast now."""
    live = live_figures(state, now)
    return Basis(
        trusted=trusted,
        grid=live.grid.state if live.grid else Grid.UNKNOWN,
        grid_since=live.grid.since if live.grid else None,
        schedule=_content(state.schedule),
        plugs=plugs_of(state),
        load_w=live.load_w,
        charge_by=(
            live.inverter is not None and live.inverter.battery_soc_percent is not None,
            live.battery is not None and live.battery.soc_percent is not None,
        ),
    )


def pause_s(used: Basis, present: Basis) -> float:
    """Return how long after a forecast the next one is due, given its inputs and the present ones."""
    if replace(used, load_w=None, charge_by=present.charge_by) != replace(present, load_w=None):
        return AT_ONCE_S
    if used.charge_by != present.charge_by:
        return SOON_S if any(used.charge_by) else AT_ONCE_S
    before, after = used.load_w, present.load_w
    if before is None or after is None:
        return SOON_S if before != after else EVERY_S
    return SOON_S if abs(after - before) > max(LOAD_CHANGE_W, LOAD_CHANGE * before) else EVERY_S


def _on(grid: GridState | None) -> float | None:
    if grid is None or grid.state is Grid.UNKNOWN:
        return None
    return 1.0 if grid.state is Grid.ON else 0.0


def _steps_since(grid: GridState | None, now: datetime) -> Floats:
    """Return the steps completely in the running outage, except the present one."""
    if grid is None:
        return np.empty(0)
    last = int(now.timestamp() // STEP_S)
    first = max(int(-(-grid.since.timestamp() // STEP_S)), last - LONGEST_OUTAGE_STEPS)
    return np.arange(first, last, dtype=np.float64) * STEP_S


def _one(value: float | None) -> Floats:
    return np.array([np.nan if value is None else value], dtype=np.float64)


def _content(schedule: OutageSchedule | None) -> tuple[object, ...]:
    """Return the content of a schedule, without the time at which it was fetched."""
    if schedule is None:
        return ()
    return (schedule.queue, tuple((one.day, one.state) for one in schedule.days), schedule.windows)
