"""How often a battery is read, pure: over a lasting connection, or over one for every reading."""

FRAME_INTERVAL_S = 0.5
"""How often a connected JK sends its cells."""
CONNECT_EACH_TIME_S = 60.0
"""From this interval on, every reading has its own connection, and the phone app may connect in between."""


def connects_each_time(interval_s: float) -> bool:
    """Whether every reading has its own connection."""
    return interval_s >= CONNECT_EACH_TIME_S


def min_interval_s(interval_s: float) -> float:
    """Return how soon after a reading another one is the next, given that neither frames nor connections are exact."""
    return interval_s / 2 if connects_each_time(interval_s) else interval_s - FRAME_INTERVAL_S / 2
