"""The cost of energy from the grid by day and by night, pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.daily_span import in_daily_span


@dataclass(frozen=True)
class Tariff:
    """Prices of a kWh; the night lasts from one full local hour to another, usually over midnight."""

    day: float
    night: float
    night_from: int
    night_to: int
    currency: str

    @cached_property
    def prices(self) -> Sequence[float]:
        """The price of a kWh in each hour of the wall clock."""
        nights = (in_daily_span(hour, self.night_from, self.night_to) for hour in range(24))
        return [self.night if is_night else self.day for is_night in nights]

    def cost(self, by_hour: Sequence[float | None]) -> float | None:
        """Return the cost of energy by the hour on the wall clock; None if none is known."""
        known = [kwh * price for kwh, price in zip(by_hour, self.prices, strict=False) if kwh is not None]
        return sum(known) if known else None
