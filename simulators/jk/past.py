"""Past readings of the batteries as the bms service would have published them, pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.live_figures import ALL
from shared.messages import BatteryState, PackHealth
from simulators.jk.cells import FULL_AH, address_of, cell_voltages


@dataclass(frozen=True)
class HouseBattery:
    """The battery of the house at a moment; current is positive while charging."""

    at: datetime
    voltage_v: float
    current_a: float
    soc_percent: float


def battery_states(house: HouseBattery, count: int) -> Iterator[tuple[str, BatteryState]]:
    """Yield a reading of each pack, and their sum where there are several."""
    names = [address_of(number).lower().replace(":", "") for number in range(count)]
    cells = [cell_voltages(house.voltage_v, house.soc_percent, number) for number in range(count)]
    for name, voltages in zip(names, cells, strict=True):
        yield name, _state(house, house.current_a / count, FULL_AH, voltages)
    if count > 1:
        total = _state(house, house.current_a, FULL_AH * count, [one for pack in cells for one in pack])
        yield ALL, total.model_copy(update={"cell_voltages_v": None, "packs": tuple(names)})


def _state(house: HouseBattery, current_a: float, full_ah: float, cells: Sequence[float]) -> BatteryState:
    low, high = min(cells), max(cells)
    return BatteryState(
        at=house.at,
        voltage_v=house.voltage_v,
        current_a=round(current_a, 1),
        power_w=round(house.voltage_v * current_a, 1),
        soc_percent=house.soc_percent,
        remaining_ah=round(full_ah * house.soc_percent / 100, 1),
        full_ah=full_ah,
        nominal_ah=full_ah,
        cell_voltages_v=tuple(cells),
        cell_min_v=low,
        cell_max_v=high,
        cell_delta_v=round(high - low, 3),
        cell_min_number=cells.index(low) + 1,
        cell_max_number=cells.index(high) + 1,
        alarms=(),
        health=PackHealth.GREEN,
    )
