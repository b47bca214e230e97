"""Local days in ms: a day begins at midnight and may have 23 or 25 hours. Pure."""

from datetime import date, datetime, time, timedelta, tzinfo

from shared.history.tables import from_ms, to_ms


def midnight_of(day: date, zone: tzinfo) -> int:
    """Return when a day begins."""
    return to_ms(datetime.combine(day, time(), zone))


def midnight(ms: int, zone: tzinfo) -> int:
    """Return the local midnight at or before a time."""
    return midnight_of(from_ms(ms).astimezone(zone).date(), zone)


def next_midnight(ms: int, zone: tzinfo) -> int:
    """Return the local midnight after a time."""
    return midnight_of(from_ms(ms).astimezone(zone).date() + timedelta(days=1), zone)
