"""The cells of a pack of the simulated house, pure."""

CELLS = 16
FULL_AH = 100.0
KNEE_PERCENT = 90.0
RUNS_AWAY_V = 0.045
"""How far the weakest cell of an odd pack is above the others when the pack is full."""
WEAKEST = 6


def cell_voltages(pack_v: float, soc_percent: float, number: int) -> tuple[float, ...]:
    """Return the voltages of a pack, counted from 0: a few millivolts apart, and further where charging ends."""
    apart = [0.001 * ((7 * slot + number) % 5 - 2) for slot in range(CELLS)]
    knee = max(0.0, soc_percent - KNEE_PERCENT) / (100 - KNEE_PERCENT)
    apart[WEAKEST] += RUNS_AWAY_V * knee**2 * (number % 2)
    return tuple(round(pack_v / CELLS + one, 3) for one in apart)


def address_of(number: int) -> str:
    """Return the Bluetooth address of a pack, counted from 0."""
    return f"C8:47:80:00:00:{number + 1:02X}"
