"""A small home for tests: quiet days with an evening, an inverter, and outages at ten in the morning."""

from datetime import UTC, datetime, timedelta

import numpy as np

from services.outlook.history import History

NOW = datetime(2026, 11, 20, 16, 2, tzinfo=UTC)
WH_PER_PERCENT = 60.0
CONVERSION, IDLE_W = 1.1, 50.0
CHARGE_W = 1500.0


def home(
    days: int = 20,
    *,
    now: datetime = NOW,
    load_w: float = 400.0,
    off_hours: tuple[float, float] = (8, 12),
    off_now_h: float = 0.0,
    late_min: float = 0.0,
    seed: int = 3,
    columns=None,
):
    """Return the record of a home; off_now_h: for how long there has been no power."""
    rng = np.random.default_rng(seed)
    size = days * 288 + 1
    last = now.timestamp() // 300
    times = (last - np.arange(size - 1, -1, -1)) * 300
    hour = times / 3600 % 24
    load = load_w * (0.7 + 0.6 * np.exp(-(((hour - 18) / 3) ** 2))) * rng.gamma(20, 1 / 20, size)
    off = (hour >= off_hours[0]) & (hour < off_hours[1] + late_min / 60)
    off |= times > now.timestamp() - off_now_h * 3600
    soc, battery = _battery(load, off)
    midnight = (times[0] // 86400) * 86400
    planned = [(day + off_hours[0] * 3600, day + off_hours[1] * 3600) for day in np.arange(midnight, times[-1], 86400)]
    found = {
        "time": times,
        "load_w": load,
        "battery_power_w": battery,
        "soc_percent": np.round(soc),
        "grid_on": (~off).astype(float),
        "planned": planned,
        "time_zone": "UTC",
    }
    return History(**(found | (columns or {})))


def _battery(load, off):
    soc, battery = np.empty(load.size), np.empty(load.size)
    now = 95.0
    for step in range(load.size):
        soc[step] = now
        battery[step] = -(CONVERSION * load[step] + IDLE_W) if off[step] else min(CHARGE_W, (100 - now) * 150)
        now = min(100.0, max(0.0, now + battery[step] / 12 / WH_PER_PERCENT))
    return soc, battery


def hours_after(now: datetime, hours: float) -> datetime:
    """Return a moment ahead."""
    return now + timedelta(hours=hours)
