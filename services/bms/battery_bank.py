"""The battery bank: several batteries in parallel, summed up as one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.conditions import Reason, battery
from shared.freshness import fresh
from shared.messages import BatteryState, PackHealth

WORST_FIRST = (PackHealth.RED, PackHealth.ORANGE, PackHealth.UNKNOWN, PackHealth.GREEN)
CHARGE_CARRIED = timedelta(minutes=30)
"""How long the last charge of a battery that has fallen silent is still counted."""


@dataclass(frozen=True)
class BankMember:
    """A battery of the bank: its last reading, perhaps of an earlier run, and whether it still answers."""

    name: str
    state: BatteryState | None
    is_online: bool


def bank_state(members: Sequence[BankMember], now: datetime, carried_for: timedelta = CHARGE_CARRIED) -> BatteryState:
    """Return the sum of the batteries. What one of them does not know, the sum does not know.

    The charge of a silent one is carried for a while, which the reasons say: the capacity of a battery does not vanish
    with its connection. The voltage of batteries in parallel is that of those that answer.
    """
    states = {one.name: one.state for one in members if one.is_online and one.state}
    silent = [one for one in members if one.name not in states]
    charged = [one.state if one.name in states or _is_carried(one, now, carried_for) else None for one in members]
    live = [*states.values(), *(None for _ in silent)]
    remaining, full = _sum(charged, "remaining_ah"), _sum(charged, "full_ah")
    lows, highs, deltas = (_known(live, name) for name in ("cell_min_v", "cell_max_v", "cell_delta_v"))
    voltages = [state.voltage_v for state in states.values() if state.voltage_v is not None]
    return BatteryState(
        at=_measured_at(members, states.values(), now),
        voltage_v=round(sum(voltages) / len(voltages), 3) if voltages else None,
        current_a=_sum(live, "current_a"),
        power_w=_sum(live, "power_w"),
        remaining_ah=remaining,
        full_ah=full,
        nominal_ah=_sum(charged, "nominal_ah"),
        soc_percent=round(min(100.0, 100 * remaining / full), 1) if full and remaining is not None else None,
        cell_min_v=lows and min(lows),
        cell_max_v=highs and max(highs),
        cell_delta_v=deltas and max(deltas),
        alarms=_alarms(states, is_complete=not silent),
        health=_health(states.values(), is_complete=not silent),
        health_reasons=(
            *(battery.of_pack(name=name, reason=one) for name, state in states.items() for one in state.health_reasons),
            *(_silence(one, now, carried_for) for one in silent),
        ),
        packs=tuple(states),
    )


def _is_carried(member: BankMember, now: datetime, carried_for: timedelta) -> bool:
    return member.state is not None and fresh(member.state.at, now, carried_for)


def _silence(member: BankMember, now: datetime, carried_for: timedelta) -> Reason:
    if member.state and _is_carried(member, now, carried_for):
        return battery.charge_carried(name=member.name, at=member.state.at)
    return battery.charge_unknown(name=member.name)


def _measured_at(members: Sequence[BankMember], live: Any, now: datetime) -> datetime:
    """Return the moment of the oldest reading of those that answer, or else the last reading of all."""
    oldest = min((state.at for state in live), default=None)
    return oldest or max((one.state.at for one in members if one.state), default=now)


def _alarms(states: dict[str, BatteryState], *, is_complete: bool) -> tuple[Reason, ...] | None:
    """Return the alarms of all batteries; None unless each of them knows its own. Known ones are health reasons too."""
    if not is_complete or any(state.alarms is None for state in states.values()):
        return None
    return tuple(battery.of_pack(name=name, reason=one) for name, state in states.items() for one in state.alarms or ())


def _health(states: Any, *, is_complete: bool) -> PackHealth:
    """Return the worst health; a silent battery may be anything, so all are healthy only where all answer."""
    found = {state.health for state in states} | (set() if is_complete else {PackHealth.UNKNOWN})
    return next((health for health in WORST_FIRST if health in found), PackHealth.UNKNOWN)


def _known(states: Sequence[BatteryState | None], name: str) -> list[float] | None:
    """Return a value of every battery, or None if one is unknown."""
    values: list[float | None] = [getattr(state, name) if state else None for state in states]
    known = [value for value in values if value is not None]
    return known if known and len(known) == len(values) else None


def _sum(states: Sequence[BatteryState | None], name: str) -> float | None:
    values = _known(states, name)
    return None if values is None else round(sum(values), 3)
