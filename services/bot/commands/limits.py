"""How many strangers are answered, pure: anyone who knows the bot's name can write to it, but must not delay alerts."""

from collections import deque

WITHIN_S = 60.0
MOST_PER_CHAT = 5
"""Enough for an owner who sets the bot up."""
MOST_OF_ALL = 20


class StrangerLimit:
    """Five answers a minute for one stranger, twenty for all of them; what exceeds that is ignored."""

    def __init__(self) -> None:
        self._answered: deque[tuple[float, int]] = deque()

    def allows(self, chat: int, now_s: float) -> bool:
        """Whether to answer a stranger now; if so, it is counted."""
        while self._answered and self._answered[0][0] <= now_s - WITHIN_S:
            self._answered.popleft()
        of_chat = sum(one == chat for _, one in self._answered)
        if len(self._answered) >= MOST_OF_ALL or of_chat >= MOST_PER_CHAT:
            return False
        self._answered.append((now_s, chat))
        return True
