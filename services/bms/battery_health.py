"""How healthy a battery is, judged by its alarms and its own limits. Pure."""

from dataclasses import dataclass

from shared.conditions import Reason, Severity, battery, severity
from shared.messages import PackHealth

NEAR = 0.03
"""A cell within this share of a limit is near it."""
FAR_APART = 3
"""Cells that differ by this many times the allowed difference are a fault, no longer a warning."""


@dataclass(frozen=True)
class Limits:
    """The range a cell should stay in, and how far apart the cells may be."""

    cell_low_v: float
    cell_high_v: float
    cell_delta_v: float


def assess(
    alarms: tuple[Reason, ...] | None,
    cell_min_v: float | None,
    cell_max_v: float | None,
    wire_warning_bits: int | None,
    limits: Limits,
) -> tuple[PackHealth, tuple[Reason, ...]]:
    """Return the health and the reasons for it, faults before warnings. Without cells its alarms are all it has.

    A warning of which nobody knows what it is about is no fault: boards with the factory's password always warn.
    """
    red = [alarm for alarm in alarms or () if severity(alarm) is Severity.FAULT]
    orange = [alarm for alarm in alarms or () if severity(alarm) is Severity.WARNING]
    if cell_min_v is None or cell_max_v is None:
        return _colour(red, orange, PackHealth.UNKNOWN), tuple(red + orange)
    delta_v = cell_max_v - cell_min_v
    checks = (  # reason, near a limit, beyond it
        (
            battery.cell_voltage(volts=cell_max_v),
            cell_max_v >= limits.cell_high_v * (1 - NEAR),
            cell_max_v >= limits.cell_high_v,
        ),
        (
            battery.cell_voltage(volts=cell_min_v),
            cell_min_v <= limits.cell_low_v * (1 + NEAR),
            cell_min_v <= limits.cell_low_v,
        ),
        (
            battery.cells_apart(millivolts=round(1000 * delta_v, 1)),
            delta_v >= limits.cell_delta_v,
            delta_v >= limits.cell_delta_v * FAR_APART,
        ),
        (battery.WIRE_WITH_TOO_MUCH_RESISTANCE(), bool(wire_warning_bits), False),
    )
    red += [reason for reason, _, is_beyond in checks if is_beyond]
    orange += [reason for reason, is_near, is_beyond in checks if is_near and not is_beyond]
    return _colour(red, orange, PackHealth.GREEN), tuple(red + orange)


def _colour(red: list[Reason], orange: list[Reason], otherwise: PackHealth) -> PackHealth:
    return PackHealth.RED if red else PackHealth.ORANGE if orange else otherwise
