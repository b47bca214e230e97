"""Tables derived from the recorded ones: roll-ups, grid runs, outages, and the ledger of what is due.

They can be recomputed for as long as the raw rows are kept. Energy is in kWh and never negative: each direction has a
its own column.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, literal_column

from shared.history.tables import battery_state, inverter_state, metadata

MINUTE_MS = 60_000
FIVE_MINUTES, HOUR, DAY = 5, 60, 1440
"""Widths of the roll-ups, in minutes. A day begins at local midnight and may have 23 or 25 hours."""
STEP_MS = FIVE_MINUTES * MINUTE_MS
HOUR_MS = HOUR * MINUTE_MS
DAY_MS = DAY * MINUTE_MS
LONGEST_DAY_MS = 25 * HOUR_MS

INVERTER_FIELDS = (
    *("pv_power_w", "load_power_w", "grid_power_w", "battery_power_w", "battery_soc_percent"),
    *("battery_voltage_v", "battery_current_a", "grid_voltage_v", "grid_frequency_hz"),
    *("output_voltage_v", "load_percent", "total_load_power_w", "pv1_voltage_v", "pv1_power_w"),
    *("pv2_voltage_v", "pv2_power_w", "inverter_temperature_c", "dcdc_temperature_c", "pv_temperature_c"),
    *("pv_energy_today_kwh", "pv_energy_total_kwh"),
)
BATTERY_FIELDS = (
    *("voltage_v", "current_a", "power_w", "soc_percent", "remaining_ah"),
    *("cell_min_v", "cell_max_v", "cell_delta_v", "mosfet_temperature_c", "balance_current_a"),
)


@dataclass(frozen=True)
class Source:
    """A table of readings, its roll-up, and for each power field the energy columns of both directions.

    `by_hour` is the energy column that days also have by local hour, which is what any tariff needs.
    """

    raw: Table
    rollup: Table
    fields: tuple[str, ...]
    flows: Mapping[str, tuple[str | None, str | None]]
    by_hour: str | None = None

    @property
    def energies(self) -> tuple[str, ...]:
        """The energy columns."""
        return tuple(name for pair in self.flows.values() for name in pair if name)


def _rollup(title: str, fields: tuple[str, ...], energies: tuple[str, ...], by_hour: str | None) -> Table:
    """Return a roll-up table.

    Hours and days have `known_h`: how long there were readings, by five-minute steps. Days have a `version`, a random
    number that changes with anything in them, and may have an energy by local hour, as JSON: the kWh of each of the 24
    hours on the wall clock, whether the day has 23 hours or 25.
    """
    aggregates = (f"{field}_{kind}" for field in fields for kind in ("min", "mean", "max"))
    table = Table(
        title,
        metadata,
        Column("device", Text(), primary_key=True),
        Column("step", Integer(), primary_key=True, autoincrement=False),
        Column("at", BigInteger(), primary_key=True),
        Column("n", Integer(), nullable=False),
        *(Column(name, Float()) for name in (*aggregates, *energies)),
        Column("known_h", Float()),
        Column("version", BigInteger()),
        *((Column(f"{by_hour}_by_hour", Text()),) if by_hour else ()),
        sqlite_with_rowid=False,
    )
    of_days = table.c.step == literal_column(str(DAY))
    Index(f"ix_{title}_day", table.c.at, sqlite_where=of_days, postgresql_where=of_days)
    return table


def _source(
    raw: Table,
    title: str,
    fields: tuple[str, ...],
    flows: Mapping[str, tuple[str | None, str | None]],
    by_hour: str | None = None,
) -> Source:
    energies = tuple(name for pair in flows.values() for name in pair if name)
    return Source(raw, _rollup(title, fields, energies, by_hour), fields, flows, by_hour)


INVERTERS = _source(
    inverter_state,
    "inverter_rollup",
    INVERTER_FIELDS,
    {
        "pv_power_w": ("pv_kwh", None),
        "load_power_w": ("load_kwh", None),
        "grid_power_w": ("grid_in_kwh", "grid_out_kwh"),
        "battery_power_w": ("battery_in_kwh", "battery_out_kwh"),
    },
    by_hour="grid_in_kwh",
)
BATTERIES = _source(battery_state, "battery_rollup", BATTERY_FIELDS, {"power_w": ("in_kwh", "out_kwh")})
SOURCES = {source.raw.name: source for source in (INVERTERS, BATTERIES)}

grid_run = Table(
    "grid_run",
    metadata,
    Column("home", Text(), primary_key=True, server_default=""),
    Column("at", BigInteger(), primary_key=True, autoincrement=False),
    Column("last", BigInteger(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("since", BigInteger(), nullable=False),
)
"""Consecutive rows of grid_state with the same state and beginning: the first and the last of them."""

outage = Table(
    "outage",
    metadata,
    Column("home", Text(), primary_key=True, server_default=""),
    Column("start", BigInteger(), primary_key=True, autoincrement=False),
    Column("end", BigInteger()),
    Column("planned", Boolean()),
    Column("plan_start", BigInteger()),
    Column("plan_end", BigInteger()),
    Column("start_late_min", Float()),
    Column("end_late_min", Float()),
    Column("battery_kwh", Float()),
    Column("soc_from_percent", Float()),
    Column("soc_to_percent", Float()),
    Column("load_max_w", Float()),
)
"""`home` is empty for a home alone; `end` is NULL while it lasts; `planned` is NULL if no schedule was known; the
delays are negative if early.
"""

rollup_due = Table(
    "rollup_due",
    metadata,
    Column("source", Text(), primary_key=True),
    Column("device", Text(), primary_key=True),
    Column("at", BigInteger(), primary_key=True),
    Column("marks", BigInteger(), nullable=False),
    sqlite_with_rowid=False,
)
"""Five-minute steps with rows that no derived table reflects yet, marked in the transaction of the rows.

A mark made while a step is being processed increases `marks`, so the step stays due.
"""

upkeep_note = Table(
    "upkeep_note",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("value", Text(), nullable=False),
    sqlite_with_rowid=False,
)
"""Notes of upkeep: the time zone of the days, and up to when raw rows were purged."""
ZONE_NOTE = "zone"
