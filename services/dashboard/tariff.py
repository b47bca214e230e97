"""The cost of energy from the grid by day and by night, pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from shared.history.derived import HOUR_MS
from shared.history.tables import to_ms


@dataclass(frozen=True)
class Tariff:
    """Prices of a kWh; the night lasts from one full local hour to another, usually over midnight."""

    day: float
    night: float
    night_from: int
    night_to: int
    currency: str

    def costs(
        self, grid_in: Mapping[int, float | None], first: date, last: date, zone: tzinfo
    ) -> dict[date, dict[int, float]]:
        """Return the cost of each hour, by day; hours are keyed by their start in ms."""
        found: dict[date, dict[int, float]] = {}
        for day in (first + timedelta(days=index) for index in range((last - first).days)):
            prices = dict.fromkeys(_hours(day, 0, 24, zone), self.day)
            for night in self._nights(day, zone):
                prices |= dict.fromkeys(night, self.night)
            costs = {at: kwh * price for at, price in prices.items() if (kwh := grid_in.get(at)) is not None}
            if costs:
                found[day] = costs
        return found

    def _nights(self, day: date, zone: tzinfo) -> list[range]:
        if self.night_from <= self.night_to:
            return [_hours(day, self.night_from, self.night_to, zone)]
        return [_hours(day, 0, self.night_to, zone), _hours(day, self.night_from, 24, zone)]


def _hours(day: date, first: int, last: int, zone: tzinfo) -> range:
    """Return the starts of the hours between two local hours in ms; a day may have 23 or 25."""
    begins, ends = (
        to_ms(datetime.combine(day + timedelta(days=one // 24), time(one % 24), zone)) for one in (first, last)
    )
    return range(begins, ends, HOUR_MS)
