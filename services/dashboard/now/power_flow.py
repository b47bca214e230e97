"""The four nodes of the power flow: numbers, directions and strength of each flow, pure."""

from shared.live_figures import flow_sign, load_w
from shared.messages import Grid, InverterState
from shared.texts.localizer import Localizer

FULL_W = 5000
"""From here on a flow is drawn at full strength."""


def figures(inverter: InverterState, grid: Grid, localizer: Localizer) -> dict[str, str]:
    """Return the texts of the nodes."""
    missing, volts = grid is Grid.OFF, inverter.grid_voltage_v
    return {
        "sun": localizer.power(inverter.pv_power_w),
        "sun-note": localizer("now.no_sun") if inverter.pv_power_w == 0 else "",
        "grid": localizer("now.no_grid") if missing else localizer.power(inverter.grid_power_w),
        "grid-note": ""
        if missing
        else _direction(inverter.grid_power_w, ("importing", "exporting", "idle"), localizer),
        "home": localizer.power(load_w(inverter)),
        "home-note": _home_note(inverter, localizer),
        "battery": localizer.power(inverter.battery_power_w),
        "grid-voltage": "" if missing or volts is None else localizer.number("volts", volts),
        "battery-note": _direction(inverter.battery_power_w, ("charging", "discharging", "resting"), localizer),
    }


def panel_strings(inverter: InverterState, localizer: Localizer) -> str:
    """Return the power of each of two panel strings; for a single one that of the sun is enough."""
    strings = (inverter.pv1_power_w, inverter.pv2_power_w)
    return " + ".join(map(localizer.power, strings)) if all(strings) else ""


def load_percent(inverter: InverterState) -> float | None:
    """Return the load as a percentage of the inverter's rating."""
    return inverter.load_percent if inverter.total_load_percent is None else inverter.total_load_percent


def _home_note(inverter: InverterState, localizer: Localizer) -> str:
    share = load_percent(inverter)
    return "" if share is None else localizer("now.load_share", percent=localizer.number("percent", share))


def _direction(watts: float | None, names: tuple[str, str, str], localizer: Localizer) -> str:
    if watts is None:
        return ""
    positive, negative, still = names
    name = {1: positive, -1: negative, 0: still}[flow_sign(watts)]
    return localizer(f"flow.{name}")


def battery_flow(power_w: float | None, localizer: Localizer) -> str:
    """Return whether a battery charges or discharges, and with what power."""
    if power_w is None:
        return localizer("unknown")
    if not flow_sign(power_w):
        return localizer("flow.resting")
    direction = localizer("flow.charging" if power_w > 0 else "flow.discharging")
    return f"{direction} {localizer.power(power_w)}"


def nodes(inverter: InverterState, grid: Grid) -> dict[str, str]:
    """Return the state of each node: `missing` (an outage), `unknown`, `idle` or `active`."""
    return {
        "sun": _node(inverter.pv_power_w),
        "grid": "missing" if grid is Grid.OFF else _node(inverter.grid_power_w),
        "battery": _node(inverter.battery_power_w),
        "home": _node(load_w(inverter)),
    }


def _node(watts: float | None) -> str:
    if watts is None:
        return "unknown"
    return "active" if flow_sign(watts) else "idle"


def flow(inverter: InverterState, grid: Grid) -> dict[str, float]:
    """Return the strength of each flow, 0 to 1: positive out of sun, grid and battery, and into the home."""
    return {
        "sun": strength(inverter.pv_power_w),
        "grid": 0 if grid is Grid.OFF else strength(inverter.grid_power_w),
        "battery": -strength(inverter.battery_power_w),
        "home": strength(load_w(inverter)),
    }


def strength(watts: float | None) -> float:
    """Return the power relative to FULL_W, with its sign."""
    return flow_sign(watts) * round(min(1, abs(watts or 0) / FULL_W), 3)
