"""Readings as x-mentat/eamoon stored them, into the fields of InverterState. Pure.

Facts, from its public repository: a row is `created_at`, and a `payload` (a JSON object of formatted texts, "N/A" where
unknown) or an `error`. Its moments were UTC without an offset at first, then a fixed +02:00 all year, always with it:
both say which moment is meant. Its battery service stored the inverter's last reading once more under a new moment
whenever it had read a battery; those rows carry `bms_` keys and are no readings of the inverter.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.messages import Mode, iso

MODES = tuple(Mode)[:7]
"""By the number in register 201, whose names are others there."""
MODE_NAMES = {"SUB": 2, "SBU": 3}
UNKNOWN_MODE = re.compile(r"UNKNOWN \((\d{1,5})\)")


@dataclass(frozen=True)
class Field:
    """Where a value belongs, and what it can be: outside of that it is unknown."""

    name: str
    low: float
    high: float
    whole: bool = False


FIELDS: Mapping[str, Field] = {
    "grid_voltage": Field("grid_voltage_v", 0, 500),
    "grid_power": Field("grid_power_w", -30000, 30000, whole=True),
    "ac_output_voltage": Field("output_voltage_v", 0, 500),
    "ac_output_power": Field("load_power_w", 0, 30000, whole=True),
    "ac_output_current": Field("output_current_a", 0, 300),
    "battery_voltage": Field("battery_voltage_v", 0, 100),
    "battery_current": Field("battery_current_a", -500, 500),
    "battery_power": Field("battery_power_w", -30000, 30000, whole=True),
    "battery_soc": Field("battery_soc_percent", 0, 100),
    "pv_input_voltage": Field("pv1_voltage_v", 0, 1000),
    "pv_input_power": Field("pv_power_w", 0, 30000, whole=True),
    "pv_input_current": Field("pv1_current_a", 0, 100),
    "temperature": Field("dcdc_temperature_c", -40, 150, whole=True),  # it called this register the battery's
}
LEFT_OUT = {
    "grid_current": "computed from power and voltage",
    "battery_charge_power": "computed as grid minus load",
    "ac_output_freq": "a setting, not a measurement, on its 11K",
}
STATUS = "status_text"


@dataclass
class Tally:
    """What was found in the rows."""

    rows: int = 0
    readings: int = 0
    errors: int = 0
    copies: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """Fields that nobody knows, by name."""


def to_state(created_at: object, payload: object, error: object, tally: Tally) -> dict[str, Any] | None:
    """Return a reading as the fields of InverterState, or None where a row is none; the tally says why."""
    tally.rows += 1
    if payload is None and error:
        tally.errors += 1
        return None
    try:
        at, said = _moment(created_at), _object(payload)
    except ValueError as problem:
        tally.bad[str(problem)] += 1
        return None
    if any("bms_" in name for name in said):
        tally.copies += 1
        return None
    return {"at": iso(at), **_mode(said.get(STATUS)), **_values(said, tally)}


def _moment(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("no moment that can be read") from None


def _object(payload: object) -> dict[str, Any]:
    try:
        said = json.loads(payload) if isinstance(payload, str | bytes) else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise ValueError("no JSON object")
    return said


def _mode(status: object) -> dict[str, Any]:
    """Return the number in register 201 and what it means, as far as its name there gives it away."""
    numbered = UNKNOWN_MODE.fullmatch(str(status))
    code = int(numbered[1]) if numbered else MODE_NAMES.get(str(status))
    if code is None:
        return {}
    return {"mode_code": code, "mode": MODES[code] if code < len(MODES) else Mode.UNKNOWN}


def _values(said: Mapping[str, Any], tally: Tally) -> dict[str, float | int]:
    values: dict[str, float | int] = {}
    for name, value in said.items():
        if name in FIELDS:
            number = _number(value, FIELDS[name])
            if number is not None:
                values[FIELDS[name].name] = number
            elif value not in (None, "N/A"):
                tally.unreadable += 1
        elif name != STATUS and name not in LEFT_OUT:
            tally.unknown[name] += 1
    return values


def _number(value: object, wanted: Field) -> float | int | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    if not wanted.low <= number <= wanted.high:  # nan is nowhere
        return None
    return round(number) if wanted.whole else number
