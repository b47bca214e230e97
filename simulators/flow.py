"""The energy flow at one moment: pv + grid = load + battery + losses, exact in whole watts."""

from dataclasses import dataclass

IDLE_W = 45
STANDBY_W = 10
PV_LOSS = 0.03
CHARGER_LOSS = 0.05
INVERTER_LOSS = 0.05
MAX_GRID_CHARGE_A = 30


@dataclass(frozen=True)
class Flow:
    """Powers at one moment. battery_w is positive while charging; grid_w is imported, never exported."""

    pv_w: int
    grid_w: int
    load_w: int
    battery_w: int
    losses_w: int
    charge_from_grid_w: int = 0


def on_grid(pv_available_w: int, load_w: int, charge_limit_w: int, grid_charge_w: int) -> Flow:
    """Charge from the sun first, then as requested from the grid; the home takes the remaining sun, then the grid."""
    sun = int(pv_available_w * (1 - PV_LOSS))
    from_sun = min(charge_limit_w, sun)
    from_grid = min(grid_charge_w, charge_limit_w - from_sun)
    pv_w = min(pv_available_w, int((from_sun + load_w + IDLE_W) / (1 - PV_LOSS)))
    losses_w = IDLE_W + round(PV_LOSS * pv_w) + round(CHARGER_LOSS * from_grid)
    battery_w = from_sun + from_grid
    return Flow(pv_w, load_w + battery_w + losses_w - pv_w, load_w, battery_w, losses_w, from_grid)


def off_grid(pv_available_w: int, load_w: int, charge_limit_w: int, idle_w: int = IDLE_W) -> Flow:
    """Feed the home from the sun, then from the battery; the battery gets the remaining sun if it has room."""
    fixed_w = idle_w + round(INVERTER_LOSS * load_w)
    most_useful = int((load_w + fixed_w + charge_limit_w) / (1 - PV_LOSS))
    pv_w = min(pv_available_w, most_useful)
    losses_w = fixed_w + round(PV_LOSS * pv_w)
    return Flow(pv_w, 0, load_w, pv_w - load_w - losses_w, losses_w)
