"""`replay`: the forecast as it would have been at a past moment, from a recorded database alone."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.outlook.answers import OutageAnswer
from services.outlook.forecast import Forecast, forecast
from services.outlook.message import to_reason
from services.outlook.recorded_history import plan_of, read_history
from shared.charge import RESERVE_PERCENT
from shared.errors import EasunError
from shared.history.engine import Place, reader
from shared.history.past_schedules import schedule_at

YEARS = range(1990, 2200)
"""Years of a record, and of what is forecast from it."""


def main(arguments: list[str]) -> None:
    """Print one forecast. Exit codes: 0 done, 1 the database cannot be read."""
    options = _parser().parse_args(arguments)
    zone = options.zone
    at = options.at.replace(tzinfo=options.at.tzinfo or zone)
    place: Place = options.history if "://" in options.history else Path(options.history)
    if isinstance(place, Path) and not place.is_file():
        sys.stderr.write(f"no such file: {place}\n")
        sys.exit(1)
    engine = reader(place, options.home)
    try:
        history = read_history(engine, at, time_zone=zone.key)
        plan = plan_of(schedule_at(engine, at), at)
    except EasunError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    for line in lines(forecast(history, at, plan, reserve_percent=options.reserve), zone):
        sys.stdout.write(line + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.outlook replay", description=__doc__)
    parser.add_argument("history", help="the recorder's SQLite file, or the URL of its PostgreSQL database")
    parser.add_argument("--at", type=_moment, default=datetime.now(UTC), help="2026-11-29T18:00 (now)")
    parser.add_argument("--zone", type=_zone, default="Europe/Kyiv", help="whose clock days follow (Europe/Kyiv)")
    parser.add_argument("--home", default="", help="in a database of many homes: whose history")
    parser.add_argument("--reserve", type=_percent, default=RESERVE_PERCENT, help="the charge to keep, in percent (10)")
    return parser


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.year in YEARS:
            return at
    raise argparse.ArgumentTypeError(f"not a moment of a record: {text!r}; write 2026-11-29T18:00")


def _zone(text: str) -> ZoneInfo:
    with suppress(ValueError, OSError, ZoneInfoNotFoundError):
        return ZoneInfo(text)
    raise argparse.ArgumentTypeError(f"no such time zone: {text!r}; write Europe/Kyiv")


def _percent(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 100:
            return float(text)
    raise argparse.ArgumentTypeError(f"not a percentage: {text!r}")


def lines(found: Forecast, zone: ZoneInfo) -> Iterator[str]:
    """Yield a forecast in words."""
    yield f"at {_at(found.now_s, zone)}, reserve {found.reserve_percent:.0f} %"
    if found.charge:
        yield f"charge {found.charge.percent:.0f} % ({found.charge.source})"
    early, typical, late = (_at(one, zone) if one else "later than 36 h" for one in found.holds_until_s)
    if found.charge:
        yield f"without power from now on it holds until {typical} ({early} to {late})"
    for one in found.outages:
        yield _outage(one, zone)
    if found.strip:
        for step in range(0, len(found.strip.p50), 36):
            low, middle, high = (column[step] for column in (found.strip.p10, found.strip.p50, found.strip.p90))
            yield f"  {_at(found.now_s + 300 * step, zone)}  {low:5.1f} {middle:5.1f} {high:5.1f} %"
    for name, figure in found.learned.items():
        origin = "assumed" if figure.is_default else f"from {figure.evidence:.0f} {figure.unit}"
        yield f"  {name} {figure.value:.2f}, {origin}"
    for unknown in found.unknown:
        yield f"  {to_reason(unknown)}"


def _outage(one: OutageAnswer, zone: ZoneInfo) -> str:
    end = f"{_at(one.end_s, zone)}" if one.end_s is not None else "?"
    said = f"{'possible ' if one.possible else ''}outage {_at(one.start_s, zone)} - {end}: {one.verdict}"
    if one.chance is None or one.charge_at_end is None:
        return said
    at_end = one.charge_at_end
    said += f", chance {one.chance:.2f}, charge at its end {at_end.p50:.0f} % ({at_end.p10:.0f} to {at_end.p90:.0f})"
    if one.charge_needed_percent is not None:
        said += f", needs {one.charge_needed_percent:.0f} %"
    return said + (f", start charging by {_at(one.charge_from_s, zone)}" if one.charge_from_s is not None else "")


def _at(at_s: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at_s, zone):%d.%m %H:%M}"
