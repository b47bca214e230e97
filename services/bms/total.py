"""Several batteries as one, pure: for those who only ask how full it is."""

from collections.abc import Mapping
from datetime import datetime

from shared.messages import BatteryState, PackHealth

WORST_FIRST = (PackHealth.RED, PackHealth.ORANGE, PackHealth.UNKNOWN, PackHealth.GREEN)


def sum_up(states: Mapping[str, BatteryState], at: datetime) -> BatteryState:
    """Return the batteries, side by side, as one. What one of them does not know, the sum does not know either."""
    all_of_them = list(states.values())
    remaining, full = _sum(all_of_them, "remaining_ah"), _sum(all_of_them, "full_ah")
    voltages = [state.voltage_v for state in all_of_them if state.voltage_v is not None]
    lows = [state.cell_min_v for state in all_of_them if state.cell_min_v is not None]
    highs = [state.cell_max_v for state in all_of_them if state.cell_max_v is not None]
    return BatteryState(
        at=min((state.at for state in all_of_them), default=at),
        voltage_v=round(sum(voltages) / len(voltages), 3) if voltages else None,
        current_a=_sum(all_of_them, "current_a"),
        power_w=_sum(all_of_them, "power_w"),
        remaining_ah=remaining,
        full_ah=full,
        nominal_ah=_sum(all_of_them, "nominal_ah"),
        soc_percent=round(min(100.0, 100 * remaining / full), 1) if full and remaining is not None else None,
        cell_min_v=min(lows, default=None),
        cell_max_v=max(highs, default=None),
        cell_delta_v=max((state.cell_delta_v or 0 for state in all_of_them), default=None),
        alarms=tuple(f"{name}: {alarm}" for name, state in states.items() for alarm in state.alarms or ()),
        health=next(health for health in WORST_FIRST if any(state.health is health for state in all_of_them)),
        health_reasons=tuple(f"{name}: {reason}" for name, state in states.items() for reason in state.health_reasons),
        packs=tuple(states),
    )


def _sum(states: list[BatteryState], name: str) -> float | None:
    values = [getattr(state, name) for state in states]
    return None if None in values or not values else round(sum(values), 3)
