"""Whether the sun is up, which is when a screen should be bright, pure.

The position is good to a hundredth of a degree (the low-precision formulas of the Astronomical Almanac).
"""

import re
from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, radians, sin

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
HORIZON = -0.83
"""The sun's upper edge, seen through the air."""
PLACE = re.compile(r"([+-])(\d{2,3})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")
KYIV = (50.45, 30.52)


def is_sun_up(at: datetime, place: tuple[float, float] = KYIV) -> bool:
    """Return whether the sun is up at a latitude and longitude, in degrees north and east."""
    return elevation(at, place) > HORIZON


def elevation(at: datetime, place: tuple[float, float]) -> float:
    """Return how high the sun stands, in degrees."""
    days = (at - J2000).total_seconds() / 86_400
    anomaly = radians(357.528 + 0.9856003 * days)
    longitude = radians(280.460 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    ascension = atan2(cos(tilt) * sin(longitude), cos(longitude))
    declination = asin(sin(tilt) * sin(longitude))
    sidereal = radians((280.46062 + 360.98564737 * days) % 360 + place[1])
    north, hour = radians(place[0]), sidereal - ascension
    return degrees(asin(sin(north) * sin(declination) + cos(north) * cos(declination) * cos(hour)))


def place_of_zone(table: str, zone: str) -> tuple[float, float]:
    """Return the city that a time zone is named for, from the table zone1970.tab; Kyiv if it has none."""
    for line in table.splitlines():
        columns = line.split("\t")
        if not line.startswith("#") and len(columns) > 2 and columns[2] == zone:
            found = PLACE.fullmatch(columns[1])
            if found:
                return _degrees(*found.groups()[:4]), _degrees(*found.groups()[4:])
    return KYIV


def _degrees(sign: str, whole: str, minutes: str, seconds: str | None) -> float:
    size = int(whole) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -size if sign == "-" else size
