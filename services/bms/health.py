"""How a battery fares by its own limits, pure."""

from dataclasses import dataclass

from shared.messages import PackHealth

NEAR = 0.03
"""A cell within this share of a limit is near it."""
WIDE = 3
"""So many times the allowed difference between cells is no longer a warning."""
FULL = "battery fully charged"
"""The BMS sets an alarm bit for it; nothing is wrong."""


@dataclass(frozen=True)
class Limits:
    """Between what a cell should stay, and how far apart the cells may be."""

    cell_low_v: float
    cell_high_v: float
    cell_delta_v: float


def judge(
    alarms: tuple[str, ...] | None,
    cell_min_v: float | None,
    cell_max_v: float | None,
    wire_bits: int | None,
    limits: Limits,
) -> tuple[PackHealth, tuple[str, ...]]:
    """Return the colour and the reasons for it."""
    if cell_min_v is None or cell_max_v is None:
        return PackHealth.UNKNOWN, ()
    delta_v = cell_max_v - cell_min_v
    high, low = f"a cell at {cell_max_v:.3f} V", f"a cell at {cell_min_v:.3f} V"
    apart = f"cells {1000 * delta_v:.0f} mV apart"
    checks = (  # what it is, when it is near a limit, when it is beyond
        (high, cell_max_v >= limits.cell_high_v * (1 - NEAR), cell_max_v >= limits.cell_high_v),
        (low, cell_min_v <= limits.cell_low_v * (1 + NEAR), cell_min_v <= limits.cell_low_v),
        (apart, delta_v >= limits.cell_delta_v, delta_v >= limits.cell_delta_v * WIDE),
        ("a wire with too much resistance", bool(wire_bits), False),
    )
    red = [alarm for alarm in alarms or () if alarm != FULL] + [what for what, _, beyond in checks if beyond]
    orange = [what for what, near, beyond in checks if near and not beyond]
    colour = PackHealth.RED if red else PackHealth.ORANGE if orange else PackHealth.GREEN
    return colour, tuple(red + orange)
