"""The inverter `all`: several inverters summed up as one. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.live_figures import load_w
from shared.messages import InverterState, Mode

SUMMED = (
    "grid_power_w",
    "grid_charging_power_w",
    "inverter_power_w",
    "inverter_charging_power_w",
    "inverter_charging_current_a",
    "load_power_w",
    "load_apparent_power_va",
    "battery_power_w",
    "pv_power_w",
    "pv_charging_power_w",
    "pv_charging_current_a",
    "pv_energy_today_kwh",
    "pv_energy_total_kwh",
)
"""Powers, energies and currents on the battery's side; those of the outputs may be of different phases."""
ONE_BANK_V = 0.03
"""Voltages that differ by at most this share are those of one battery bank, measured by several inverters."""
ONE_BANK_PERCENT = 10
"""The same for the charge, in percentage points: each inverter makes its own estimate."""


def inverter_sum(states: Mapping[str, InverterState | None], rated_w: Mapping[str, int | None]) -> InverterState | None:
    """Return the sum of inverters by name, in the order of the list; a state of None is a silent inverter.

    None if all are silent. `at` is the moment of the oldest reading in it.
    """
    known = [state for state in states.values() if state]
    if not known:
        return None
    complete = known if len(known) == len(states) else []
    figures = {name: _total(complete, lambda state, name=name: getattr(state, name)) for name in SUMMED}  # type: ignore[misc]
    voltage_v, is_one_bank = _battery_voltage(complete)
    return InverterState(
        at=min(state.at for state in known),
        **figures,
        **_modes(complete),
        total_load_power_w=_total_load(complete),
        load_percent=_load_percent(complete, [rated_w.get(name) for name in states]),
        battery_voltage_v=voltage_v,
        battery_current_a=_total(complete, lambda state: state.battery_current_a) if is_one_bank else None,
        battery_soc_percent=_shared([state.battery_soc_percent for state in complete], ONE_BANK_PERCENT),
        faults=_all_of([state.faults for state in complete]),
        warnings=_all_of([state.warnings for state in complete]),
        inverters=tuple(states),
        silent=tuple(name for name, state in states.items() if state is None),
    )


def _total(states: Sequence[InverterState], value: Callable[[InverterState], Any]) -> Any:
    """Return the sum of a value, or None if one of the inverters does not know it."""
    values = [value(state) for state in states]
    if not values or None in values:
        return None
    return sum(values) if all(isinstance(one, int) for one in values) else round(sum(values), 3)


def _total_load(states: Sequence[InverterState]) -> int | None:
    """Return the load of both outputs, if one of the inverters has two."""
    if all(state.total_load_power_w is None for state in states):
        return None
    total: int | None = _total(states, load_w)
    return total


def _load_percent(states: Sequence[InverterState], rated_w: Sequence[int | None]) -> int | None:
    loads = [load_w(state) for state in states]
    rated = [watts for watts in rated_w if watts]
    if not loads or None in loads or len(rated) < len(loads):
        return None
    return round(100 * sum(load or 0 for load in loads) / sum(rated))


def _battery_voltage(states: Sequence[InverterState]) -> tuple[float | None, bool]:
    """Return the mean voltage of the battery bank, and whether there is only one."""
    known = [state.battery_voltage_v for state in states if state.battery_voltage_v is not None]
    voltage_v = _shared([state.battery_voltage_v for state in states], ONE_BANK_V * max(known, default=0.0))
    return (None if voltage_v is None else round(voltage_v, 2)), voltage_v is not None


def _shared(values: Sequence[float | None], most_apart: float) -> float | None:
    """Return the mean of what all measure of the same thing, or None if they contradict each other."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values) or max(known) - min(known) > most_apart:
        return None
    return round(sum(known) / len(known), 2)


def _modes(states: Sequence[InverterState]) -> dict[str, Any]:
    """Return the mode if all have the same."""
    codes, modes = {state.mode_code for state in states}, {state.mode for state in states}
    return {
        "mode": modes.pop() if len(modes) == 1 else Mode.UNKNOWN,
        "mode_code": codes.pop() if len(codes) == 1 else None,
    }


def _all_of(lists: Sequence[tuple[Any, ...] | None]) -> tuple[Any, ...] | None:
    """Return what any of them reports, each once."""
    if not lists or None in lists:
        return None
    return tuple(dict.fromkeys(one for reported in lists for one in reported or ()))
