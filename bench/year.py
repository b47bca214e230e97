"""A year of a house in a database: one inverter and two batteries with cells, a reading of each in 10 seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.messages import BatteryState, GridState
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE
from simulators.history import grid_state, inverter_state, truths
from simulators.house import House, Truth
from simulators.mains import windows
from simulators.registers import Layout

END = datetime(2026, 11, 23, tzinfo=UTC)
EVERY_S = 10
BATCH = 500
BATTERIES = {"jk-1": 0.52, "jk-2": 0.48}
"""Each battery's part of the current."""
CELLS = 16
GRID_EVERY = 6
"""The recorder keeps one row a minute of a grid that stays; saying it more often would only make this slower."""


def year(path: Path, days: int = 365, end: datetime = END) -> int:
    """Record so many days into a new database, the way from the message to the commit; return the rows."""
    house = House(end - timedelta(days=days), outages=windows("08:00-11:00,18:00-21:30"))
    store = open_store(path)
    count = 0
    batch: list[tuple[str, bytes]] = []
    for topic_and_payload in told(house, end):
        batch.append(topic_and_payload)
        if len(batch) == BATCH:
            store.write([to_row(topic, payload) for topic, payload in batch])
            count += len(batch)
            batch.clear()
    store.write([to_row(topic, payload) for topic, payload in batch])
    store.close()
    return count + len(batch)


def told(house: House, end: datetime) -> Iterator[tuple[str, bytes]]:
    """Return what travels on the broker, as it travels."""
    before: GridState | None = None
    for number, truth in enumerate(truths(house, end, EVERY_S)):
        yield INVERTER_STATE.named("main"), inverter_state(truth, Layout.CLASSIC).model_dump_json().encode()
        for name, part in BATTERIES.items():
            yield BATTERY_STATE.named(name), battery(truth, part).model_dump_json().encode()
        grid = grid_state(truth)
        if before is None or grid.since != before.since or number % GRID_EVERY == 0:
            yield GRID_STATE.named(), grid.model_dump_json().encode()
        before = grid


def battery(truth: Truth, part: float) -> BatteryState:
    """Return a reading of one of the batteries behind the house's battery, its cells a little apart."""
    middle = truth.battery_voltage_v / CELLS
    cells = tuple(round(middle + 0.001 * (number * 7 % 5 - 2), 3) for number in range(CELLS))
    soc = float(truth.battery_soc_percent)
    return BatteryState(
        at=truth.house_time,
        voltage_v=truth.battery_voltage_v,
        current_a=round(truth.battery_current_a * part, 3),
        power_w=round(truth.battery_power_w * part, 1),
        soc_percent=soc,
        soh_percent=99,
        remaining_ah=round(280 * soc / 100, 2),
        full_ah=280.0,
        nominal_ah=280.0,
        cycles=120,
        cell_voltages_v=cells,
        cell_resistances_ohm=(0.0004,) * CELLS,
        cell_min_v=min(cells),
        cell_max_v=max(cells),
        cell_delta_v=round(max(cells) - min(cells), 3),
        cell_min_number=cells.index(min(cells)) + 1,
        cell_max_number=cells.index(max(cells)) + 1,
        temperatures_c=(21.5, 22.0),
        mosfet_temperature_c=24.0,
        charging_mosfet=True,
        discharging_mosfet=True,
        alarm_bits=0,
        alarms=(),
        rssi_dbm=-60,
        frame_age_s=0.4,
    )
