"""Converts readings stored by x-mentat/eamoon into fields of InverterState. Pure.

From its public repository: a row has `created_at`, and a `payload` (a JSON object of formatted texts, "N/A" if unknown)
or an `error`. Its times were first UTC without an offset, later a fixed +02:00 all year round, always with the offset;
both are unambiguous. Whenever its battery service had read a battery, it stored the inverter's last reading again under
a new time; those copies carry `bms_` keys and are skipped.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.conditions import Reason
from shared.conditions import recorder_tools as tools
from shared.errors import BadMessageError
from shared.messages import Mode, iso

MODES = tuple(Mode)[:7]
"""By the value of register 201; eamoon has other names for them."""
MODE_NAMES = {"SUB": 2, "SBU": 3}
UNKNOWN_MODE = re.compile(r"UNKNOWN \((\d{1,5})\)")


@dataclass(frozen=True)
class Field:
    """Our field, and the range of plausible values; anything else is unknown."""

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
    "temperature": Field("dcdc_temperature_c", -40, 150, whole=True),  # it called this the battery temperature
}
LEFT_OUT = ("grid_current", "battery_charge_power", "ac_output_freq")
"""Left out on purpose: the first two are computed, and the last is a setting on its 11K."""
STATUS = "status_text"


@dataclass
class Tally:
    """Counts what was found in the rows."""

    rows: int = 0
    readings: int = 0
    errors: int = 0
    copies: int = 0
    bad: Counter[Reason] = field(default_factory=Counter)
    unreadable: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """Unknown fields, by name."""


def to_state(created_at: object, payload: object, error: object, tally: Tally) -> dict[str, Any] | None:
    """Return a row as fields of InverterState, or None if it is not a reading; the tally counts why."""
    tally.rows += 1
    if payload is None and error:
        tally.errors += 1
        return None
    try:
        at, fields = _time(created_at), _object(payload)
    except BadMessageError as problem:
        tally.bad[problem.reason] += 1
        return None
    if any("bms_" in name for name in fields):
        tally.copies += 1
        return None
    return {"at": iso(at), **_mode(fields.get(STATUS)), **_values(fields, tally)}


def _time(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMessageError(tools.NO_VALID_TIME()) from None


def _object(payload: object) -> dict[str, Any]:
    try:
        content = json.loads(payload) if isinstance(payload, str | bytes) else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise BadMessageError(tools.NO_JSON_OBJECT())
    return content


def _mode(status: object) -> dict[str, Any]:
    """Return the value of register 201 and our mode, as far as the status text reveals them."""
    numbered = UNKNOWN_MODE.fullmatch(str(status))
    code = int(numbered[1]) if numbered else MODE_NAMES.get(str(status))
    if code is None:
        return {}
    return {"mode_code": code, "mode": MODES[code] if code < len(MODES) else Mode.UNKNOWN}


def _values(fields: Mapping[str, Any], tally: Tally) -> dict[str, float | int]:
    values: dict[str, float | int] = {}
    for name, value in fields.items():
        if name in FIELDS:
            number = _number(value, FIELDS[name])
            if number is not None:
                values[FIELDS[name].name] = number
            elif value not in (None, "N/A"):
                tally.unreadable += 1
        elif name != STATUS and name not in LEFT_OUT:
            tally.unknown[name] += 1
    return values


def _number(value: object, target: Field) -> float | int | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    if not target.low <= number <= target.high:  # false for NaN
        return None
    return round(number) if target.whole else number
