"""A daily span of time, such as quiet hours or a night tariff. Pure."""

from datetime import time
from typing import TypeVar

T = TypeVar("T", time, int)


def in_daily_span(at: T, start: T, end: T) -> bool:
    """Return whether a span, which may cross midnight, includes a time of day or an hour; an empty one has none."""
    return start <= at < end if start <= end else at >= start or at < end
