"""The reader's localizer with how long a reading counts as live, pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.freshness import fresh
from shared.texts.localizer import Localizer


@dataclass(frozen=True)
class Clock(Localizer):
    """The present moment in the reader's language and zone, with how long a reading counts as live."""

    fresh_for: timedelta = timedelta(seconds=20)

    def fresh(self, at: datetime) -> bool:
        """Return whether something measured `at` is still live."""
        return fresh(at, self.now, self.fresh_for)
