"""An event loop whose time flies: where nothing is to be read and a timer is waited for, it is that time already.

Real sockets of this machine work in it, for what is sent on loopback can be read at once.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


TURN_S = 1e-9
"""What a turn of the loop takes at least: a timer due a rounding error from now would otherwise never be due."""


class _Selector(selectors.DefaultSelector):
    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed_s += TURN_S
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0:
            return ready or (super().select(None) if timeout is None else ready)
        self.passed_s += timeout
        return ready


class FlyingLoop(asyncio.SelectorEventLoop):
    """Its time begins at zero."""

    def __init__(self) -> None:
        self._selector_of_time = _Selector()
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        """Return the seconds that have passed here."""
        return self._selector_of_time.passed_s

    def leap(self, seconds: float) -> None:
        """Let time pass as on a machine that sleeps: every timer of that time is due once, afterwards."""
        self._selector_of_time.passed_s += seconds


def fly(work: Coroutine[Any, Any, T]) -> T:
    """Run something in flying time."""
    with asyncio.Runner(loop_factory=FlyingLoop) as runner:
        return runner.run(work)
