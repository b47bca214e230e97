"""The available solar power: the sun's path over Kyiv, and clouds."""

import math

from simulators.noise import Noise

LATITUDE = math.radians(50.4)
LONGITUDE_DEGREES = 30.5
TILT = math.radians(40)
PEAK_W = 5000
DAY_S = 86_400
YEAR_DAYS = 365.2425
TWO_THOUSAND_S = 946_684_800


def clear_sky_share(at_s: float) -> float:
    """Return the share of their peak power that panels facing south get under a clear sky."""
    declination = -0.4093 * math.cos(_year_angle(at_s + 10 * DAY_S))
    hour = _hour_angle(at_s)
    height = _sine_of_height(LATITUDE, declination, hour)
    if height <= 0.01:
        return 0.0
    # tilting panels to the south by an angle is the same as carrying them south by it
    facing = max(0.0, _sine_of_height(LATITUDE - TILT, declination, hour))
    through_air = 0.7 ** (height**-0.678)
    return float(1.35 * through_air * (facing + 0.1))


class Sky:
    """Clouds that come and go, more of them in winter."""

    def __init__(self, seed: int) -> None:
        self._weather = Noise(seed, "weather")
        self._clouds = Noise(seed, "clouds")
        self._haze = Noise(seed, "haze")

    def pv_available_w(self, at_s: float) -> int:
        """Return the available power of the panels."""
        clear = clear_sky_share(at_s)
        return round(PEAK_W * clear * self._passing(at_s)) if clear else 0

    def _passing(self, at_s: float) -> float:
        usual = 0.35 + 0.2 * math.cos(_year_angle(at_s))
        cover = usual + 0.45 * self._weather.smooth(at_s, 6 * 3600) + 0.2 * self._clouds.smooth(at_s, 900)
        flicker = 0.02 * self._haze.smooth(at_s, 7)
        return 1 - 0.8 * min(1.0, max(0.0, cover)) + flicker


def _year_angle(at_s: float) -> float:
    return 2 * math.pi * ((at_s - TWO_THOUSAND_S) / DAY_S % YEAR_DAYS) / YEAR_DAYS


def _hour_angle(at_s: float) -> float:
    b = _year_angle(at_s - 81 * DAY_S)
    equation_of_time_min = 9.87 * math.sin(2 * b) - 7.53 * math.cos(b) - 1.5 * math.sin(b)
    solar_hours = at_s % DAY_S / 3600 + LONGITUDE_DEGREES / 15 + equation_of_time_min / 60
    return math.radians(15 * (solar_hours - 12))


def _sine_of_height(latitude: float, declination: float, hour: float) -> float:
    return math.sin(declination) * math.sin(latitude) + math.cos(declination) * math.cos(latitude) * math.cos(hour)
