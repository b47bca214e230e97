"""`replay`: the forecast as it would have been at a past moment, from a recorded database alone."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.outlook.forecast import forecast
from services.outlook.message import to_message
from services.outlook.recorded_history import plan_of, read_history
from shared.charge import RESERVE_PERCENT
from shared.conditions.recorder_tools import no_file
from shared.errors import StorageError
from shared.history.engine import Place, reader
from shared.history.past_schedules import schedule_at
from shared.messages import Certainty, ChargeStrip, Outlook, Scorecard
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import between, charging_advice, replayed, verdict_sentence
from shared.tool import speak, write

YEARS = range(1990, 2200)
"""Years of a record, and of what is forecast from it."""
EVERY = 36
"""A line of the charge ahead for so many of its values: three hours."""


def main(arguments: list[str]) -> None:
    """Print one forecast. Exit codes: 0 done, 1 the database cannot be read, 2 an option is wrong."""
    speak(lambda localizer: _run(_parser(localizer).parse_args(arguments), localizer))


def _run(options: argparse.Namespace, localizer: Localizer) -> None:
    at = options.at or localizer.now
    at = at.replace(tzinfo=at.tzinfo or options.zone)
    place: Place = options.history if "://" in options.history else Path(options.history)
    if isinstance(place, Path) and not place.is_file():
        raise StorageError(no_file(file=str(place)))
    engine = reader(place, options.home)
    history = read_history(engine, at, time_zone=options.zone.key)
    found = forecast(history, at, plan_of(schedule_at(engine, at), at), reserve_percent=options.reserve)
    said = Localizer(localizer.language, at, options.zone)
    for line in lines(to_message(found, at, Scorecard()), said):
        write(line)


def _parser(localizer: Localizer) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.outlook replay", description=localizer("help.forecast_at")
    )
    moment, zone, percent = (partial(one, localizer) for one in (_moment, _zone, _percent))
    parser.add_argument("history", help=localizer("help.replay_history"))
    parser.add_argument("--at", type=moment, help=localizer("help.replay_at"))
    parser.add_argument("--zone", type=zone, default="Europe/Kyiv", help=localizer("help.replay_zone"))
    parser.add_argument("--home", default="", help=localizer("help.replay_home"))
    parser.add_argument("--reserve", type=percent, default=RESERVE_PERCENT, help=localizer("help.replay_reserve"))
    return parser


def _moment(localizer: Localizer, text: str) -> datetime:
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.year in YEARS:
            return at
    raise argparse.ArgumentTypeError(localizer("tool.no_moment", given=text))


def _zone(localizer: Localizer, text: str) -> ZoneInfo:
    with suppress(ValueError, OSError, ZoneInfoNotFoundError):
        return ZoneInfo(text)
    raise argparse.ArgumentTypeError(localizer("tool.no_zone", given=text))


def _percent(localizer: Localizer, text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 100:
            return float(text)
    raise argparse.ArgumentTypeError(localizer("tool.no_percentage", given=text))


def lines(outlook: Outlook, localizer: Localizer) -> Iterator[str]:
    """Yield a forecast in the words of page and bot."""
    yield localizer("tool.forecast_of", at=f"{outlook.at.astimezone(localizer.zone):%d.%m.%Y %H:%M}")
    if outlook.charge and not any(one.running for one in outlook.outages):
        yield verdict_sentence(localizer, outlook, None)
        yield from _indented(between(localizer, outlook, None))
    for one in outlook.outages:
        sentence = verdict_sentence(localizer, outlook, one)
        is_possible = one.certainty is Certainty.POSSIBLE
        yield localizer("tool.forecast_possible", sentence=sentence) if is_possible else sentence
        yield from _indented((*between(localizer, outlook, one), *charging_advice(localizer, one)))
    if outlook.strip:
        yield from _ahead(outlook.strip, localizer)
    yield from replayed(localizer, outlook)


def _ahead(strip: ChargeStrip, localizer: Localizer) -> Iterator[str]:
    for number, charges in enumerate(zip(strip.p10, strip.p50, strip.p90, strict=True)):
        if number % EVERY == 0:
            low, middle, high = (localizer.number("percent", one, 1) for one in charges)
            at = localizer.time(strip.start + timedelta(minutes=number * strip.step_min))
            yield localizer("tool.forecast_step", at=at, low=low, middle=middle, high=high)


def _indented(sentences: Iterable[str]) -> Iterator[str]:
    return (f"  {one}" for one in sentences)
