"""The loads of the home: a base load, morning and evening peaks, a fridge, a kettle, an oven."""

import math
from datetime import datetime

from simulators.noise import Noise

BASE_W = 310
FRIDGE_W = 110
KETTLE_W = 1900
OVEN_W = 1500
MOST_W = 5500
SLOT_S = 1800


class Loads:
    """The appliances of one home."""

    def __init__(self, seed: int) -> None:
        self._mood = Noise(seed, "mood")
        self._murmur = Noise(seed, "murmur")
        self._fridge = Noise(seed, "fridge")
        self._kettle = Noise(seed, "kettle")
        self._oven = Noise(seed, "oven")

    def power_w(self, at_s: float, local: datetime) -> int:
        """Return the total power of all appliances."""
        hour = local.hour + local.minute / 60
        busy = _bump(hour, 7.5, 1.2) * 0.6 + _bump(hour, 19.8, 2.0) + _bump(hour, 13, 3) * 0.25
        steady = BASE_W + 980 * busy * (1 + 0.4 * self._mood.smooth(at_s, 2400))
        wanted = steady + self._fridge_w(at_s) + self._kettle_w(at_s, busy) + self._oven_w(at_s, hour)
        return min(MOST_W, round(wanted * (1 + 0.04 * self._murmur.smooth(at_s, 4))))

    def _fridge_w(self, at_s: float) -> int:
        cycle, second = divmod(at_s, 2700)
        return FRIDGE_W if second < 700 + 400 * self._fridge.share(int(cycle)) else 0

    def _kettle_w(self, at_s: float, busy: float) -> int:
        slot, second = divmod(at_s, SLOT_S)
        chance = self._kettle.share(int(slot))
        starts_at = 2000 * chance % 1 * (SLOT_S - 200)
        return KETTLE_W if chance < 0.03 + 0.5 * busy and 0 <= second - starts_at < 190 else 0

    def _oven_w(self, at_s: float, hour: float) -> int:
        """Return the oven's power: on some evenings for an hour, switched by its thermostat."""
        tonight = self._oven.share(int(at_s // 86_400)) < 0.35
        return OVEN_W if tonight and 17 <= hour < 18 and at_s % 240 < 130 else 0


def _bump(hour: float, centre: float, width: float) -> float:
    return math.exp(-(((hour - centre) / width) ** 2))
