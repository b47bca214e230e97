"""The second sentence: consumption, its sources, and the battery, pure."""

from services.dashboard.now.power_flow import STILL_W, sign
from shared.live_figures import load_w
from shared.messages import Grid, InverterState
from shared.texts.localizer import NO_BREAK, Localizer


def verdict(inverter: InverterState, grid: Grid, soc_percent: float | None, localizer: Localizer) -> str:
    """Return the sentence for a live reading."""
    uses, load = "", load_w(inverter)
    if load is not None:
        uses = localizer("now.home_uses", power=localizer.power(load)) + _sources(inverter, grid, localizer)
    said = f"{NO_BREAK}· ".join(part for part in (uses, _battery(inverter, soc_percent, localizer)) if part)
    return said[:1].upper() + said[1:]


def _sources(inverter: InverterState, grid: Grid, localizer: Localizer) -> str:
    feeding = {
        "now.the_sun": inverter.pv_power_w,
        "now.the_grid": inverter.grid_power_w if grid is Grid.ON else None,
        "now.the_battery": -inverter.battery_power_w if inverter.battery_power_w is not None else None,
    }
    names = [localizer(name) for name, watts in feeding.items() if watts is not None and watts >= STILL_W]
    if not names:
        return ""
    joined = localizer("now.both", first=", ".join(names[:-1]), second=names[-1]) if names[1:] else names[0]
    return localizer("now.from_sources", sources=joined)


def _battery(inverter: InverterState, soc_percent: float | None, localizer: Localizer) -> str:
    if soc_percent is None:
        return ""
    name = "now.battery_charging" if sign(inverter.battery_power_w) > 0 else "now.battery_at"
    return localizer(name, soc=localizer.number("percent", soc_percent))
