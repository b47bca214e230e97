"""Exponential backoff: how long to wait before the next attempt."""

import random
from collections.abc import Callable

NO_JITTER = (1.0, 1.0)


def pause_s(attempts: int, first_s: float, most_s: float, *, factor: float = 2) -> float:
    """Return the pause after so many earlier attempts, without jitter: for those who may keep no state."""
    pause = first_s
    for _ in range(attempts):
        if pause >= most_s:
            break
        pause *= factor
    return min(pause, most_s)


class Backoff:
    """Pauses that grow by `factor` from `first_s` to `most_s`.

    Each pause is multiplied by a random number between the two of `jitter`, so that clients which lost the same peer
    do not come back all at once. The growth itself has no jitter.
    """

    def __init__(
        self,
        first_s: float,
        most_s: float,
        *,
        factor: float = 2,
        jitter: tuple[float, float] = NO_JITTER,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.attempts = 0
        """Pauses handed out since the last reset."""
        self._first_s = first_s
        self._most_s = most_s
        self._factor = factor
        self._jitter = jitter
        self._uniform = uniform

    def next_s(self) -> float:
        """Return the pause before the next attempt; the one after it will be longer."""
        pause = pause_s(self.attempts, self._first_s, self._most_s, factor=self._factor)
        self.attempts += 1
        return pause if self._jitter == NO_JITTER else pause * self._uniform(*self._jitter)

    def reset(self) -> None:
        """Start again from the shortest pause, after a success."""
        self.attempts = 0
