"""Throttling of password attempts, by address and for all together, pure."""

from collections import OrderedDict
from dataclasses import dataclass

FORGIVEN_S = 900.0
"""After this long without a wrong password from an address its count starts over."""
ADDRESSES = 1000
"""How many addresses are remembered; the oldest is dropped first. The common count continues."""


@dataclass
class Attempts:
    """Wrong passwords from one address: the first few are free, then each doubles the wait."""

    free: int
    most_s: float
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0

    def failed(self, now: float) -> None:
        """Count a wrong password."""
        self.wrong = 1 if now - self.last > FORGIVEN_S else self.wrong + 1
        self.last = now
        if self.wrong >= self.free:
            self.until = now + min(self.most_s, 2.0 ** min(self.wrong - self.free, 20))


class Throttle:
    """Counts wrong passwords. The common wait stays short, or a stranger could lock the owner out."""

    def __init__(self) -> None:
        self._all = Attempts(free=50, most_s=30)
        self._by_address: OrderedDict[str, Attempts] = OrderedDict()

    def wait_s(self, address: str, now: float) -> float:
        """Return how long an address has to wait before its next attempt."""
        own = self._by_address.get(address)
        return max(0.0, self._all.until - now, own.until - now if own else 0.0)

    def failed(self, address: str, now: float) -> None:
        """Count a wrong password from an address."""
        self._by_address.setdefault(address, Attempts(free=5, most_s=600)).failed(now)
        self._by_address.move_to_end(address)
        if len(self._by_address) > ADDRESSES:
            self._by_address.popitem(last=False)
        self._all.failed(now)

    def succeeded(self, address: str) -> None:
        """Reset the count of an address after the right password."""
        self._by_address.pop(address, None)
