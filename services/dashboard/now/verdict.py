"""The second sentence: what the home uses, from where, and how the battery stands, pure."""

from services.dashboard.now.nodes import STILL_W, sign
from services.dashboard.wording import Clock
from shared.live_figures import load_w
from shared.messages import Grid, InverterState
from shared.texts.localizer import JOINED


def verdict(inverter: InverterState, grid: Grid, soc_percent: float | None, clock: Clock) -> str:
    """Return the sentence of a reading that is live."""
    uses, load = "", load_w(inverter)
    if load is not None:
        uses = clock("now.home_uses", power=clock.power(load)) + _sources(inverter, grid, clock)
    said = f"{JOINED}· ".join(part for part in (uses, _battery(inverter, soc_percent, clock)) if part)
    return said[:1].upper() + said[1:]


def _sources(inverter: InverterState, grid: Grid, clock: Clock) -> str:
    feeding = {
        "now.the_sun": inverter.pv_power_w,
        "now.the_grid": inverter.grid_power_w if grid is Grid.ON else None,
        "now.the_battery": -inverter.battery_power_w if inverter.battery_power_w is not None else None,
    }
    names = [clock(name) for name, watts in feeding.items() if watts is not None and watts >= STILL_W]
    if not names:
        return ""
    joined = clock("now.both", first=", ".join(names[:-1]), second=names[-1]) if names[1:] else names[0]
    return clock("now.from_sources", sources=joined)


def _battery(inverter: InverterState, soc_percent: float | None, clock: Clock) -> str:
    if soc_percent is None:
        return ""
    name = "now.battery_charging" if sign(inverter.battery_power_w) > 0 else "now.battery_at"
    return clock(name, soc=clock.number("percent", soc_percent))
