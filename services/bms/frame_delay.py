"""How long a frame was under way, pure: a hung bluetoothd lets frames through late, as if they were of now.

The BMS counts its seconds of running in every frame. Against that count a frame that is handed over late stands out by
how much later it came than the promptest one of the last minutes.
"""

from collections import deque
from dataclasses import dataclass, field

WINDOW_S = 300.0
"""How far back the promptest frame is looked for: the BMS's clock may drift over longer times."""
PROVEN_S = 5.0
"""The BMS's count has to be seen running for so long before it proves anything."""
RESOLUTION_S = 2.0
"""The count has whole seconds, and radio takes a moment: less is no delay."""


@dataclass
class FrameDelay:
    """The frames of one connection: when they came, and the BMS's count in them."""

    _frames: deque[tuple[float, float]] = field(default_factory=deque)
    _is_proven: bool = False

    def of(self, received_s: float, runtime_s: float | None) -> float:
        """Return how many seconds ago a frame that was received now was measured; 0 if that is not provable."""
        if runtime_s is None:
            return 0.0
        if self._frames and (received_s < self._frames[-1][0] or runtime_s < self._frames[-1][1]):
            self._frames.clear()  # a clock was set back, or the BMS has restarted
            self._is_proven = False
        while self._frames and received_s - self._frames[0][0] > WINDOW_S:
            self._frames.popleft()
        self._is_proven = self._is_proven or self._is_running()
        self._frames.append((received_s, runtime_s))
        promptest = min(came - count for came, count in self._frames)
        delay = received_s - runtime_s - promptest
        return round(delay, 1) if self._is_proven and delay >= RESOLUTION_S else 0.0

    def _is_running(self) -> bool:
        """Whether the count has run as fast as time does; some modules send a constant."""
        if len(self._frames) < 2:
            return False
        (first_s, first_count), (last_s, last_count) = self._frames[0], self._frames[-1]
        counted = last_count - first_count
        return counted >= PROVEN_S and counted >= (last_s - first_s) / 2
