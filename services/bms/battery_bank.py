"""The battery bank: several batteries in parallel, summed up as one. Pure."""

from collections.abc import Mapping
from datetime import datetime

from shared.conditions import battery
from shared.messages import BatteryState, PackHealth

WORST_FIRST = (PackHealth.RED, PackHealth.ORANGE, PackHealth.UNKNOWN, PackHealth.GREEN)


def bank_state(states: Mapping[str, BatteryState], now: datetime) -> BatteryState:
    """Return the sum of the batteries, which are given by name. What one does not know, the sum does not."""
    batteries = list(states.values())
    remaining, full = _sum(batteries, "remaining_ah"), _sum(batteries, "full_ah")
    voltages = [state.voltage_v for state in batteries if state.voltage_v is not None]
    lows = [state.cell_min_v for state in batteries if state.cell_min_v is not None]
    highs = [state.cell_max_v for state in batteries if state.cell_max_v is not None]
    return BatteryState(
        at=min((state.at for state in batteries), default=now),
        voltage_v=round(sum(voltages) / len(voltages), 3) if voltages else None,
        current_a=_sum(batteries, "current_a"),
        power_w=_sum(batteries, "power_w"),
        remaining_ah=remaining,
        full_ah=full,
        nominal_ah=_sum(batteries, "nominal_ah"),
        soc_percent=round(min(100.0, 100 * remaining / full), 1) if full and remaining is not None else None,
        cell_min_v=min(lows, default=None),
        cell_max_v=max(highs, default=None),
        cell_delta_v=max((state.cell_delta_v or 0 for state in batteries), default=None),
        alarms=tuple(
            battery.of_pack(name=name, reason=alarm) for name, state in states.items() for alarm in state.alarms or ()
        ),
        health=next(health for health in WORST_FIRST if any(state.health is health for state in batteries)),
        health_reasons=tuple(
            battery.of_pack(name=name, reason=reason)
            for name, state in states.items()
            for reason in state.health_reasons
        ),
        packs=tuple(states),
    )


def _sum(states: list[BatteryState], name: str) -> float | None:
    values = [getattr(state, name) for state in states]
    return None if None in values or not values else round(sum(values), 3)
