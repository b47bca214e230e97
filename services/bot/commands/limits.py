"""How many strangers are answered, pure: whoever knows the bot's name can write to it, and must not delay an alert."""

from collections import deque

PER_CHAT_S = 60.0
MOST_A_MINUTE = 10


class StrangerLimit:
    """One answer a minute for a stranger, and ten for all of them; what exceeds that is ignored."""

    def __init__(self) -> None:
        self._answered: deque[tuple[float, int]] = deque()

    def allows(self, chat: int, now_s: float) -> bool:
        """Whether to answer a stranger now; counted where it is allowed."""
        while self._answered and self._answered[0][0] <= now_s - PER_CHAT_S:
            self._answered.popleft()
        if len(self._answered) >= MOST_A_MINUTE or any(one == chat for _, one in self._answered):
            return False
        self._answered.append((now_s, chat))
        return True
