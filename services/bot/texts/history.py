"""Recorded energy and outages as messages. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from services.bot.texts.html import lines
from shared.history.reports import Outage
from shared.texts.localizer import Localized, Localizer

ENERGY_COLUMNS = {"load": "load_kwh", "sun": "pv_kwh", "grid": "grid_in_kwh"}
DAY = timedelta(days=1)

Energy = Mapping[date, Mapping[str, float | None]]
"""The energies of each day, by column."""


def energy_text(localizer: Localizer, energy: Energy, due: datetime | None = None) -> str:
    """Return the energy of today, yesterday and this month; from `due` on it is not added up yet."""
    today = localizer.today
    periods = {
        "today": (today, today),
        "yesterday": (today - DAY, today - DAY),
        "bot.month": (today.replace(day=1), today),
    }
    return lines(
        localizer("bot.energy_title"),
        *(_energy_line(localizer, energy, name, first, last) for name, (first, last) in periods.items()),
        localizer("bot.energy_note"),
        localizer("bot.energy_due", due=localizer("history.due", at=localizer.time(due))) if due else None,
    )


def _energy_line(localizer: Localizer, energy: Energy, period: str, first: date, last: date) -> str:
    """Return the sums of some days, with a dash for what is unknown."""

    def kwh(column: str) -> str:
        known = [value for day, row in energy.items() if first <= day <= last and (value := row[column]) is not None]
        return localizer.number("kilowatt_hours", sum(known) if known else None, 1)

    sums = {name: kwh(column) for name, column in ENERGY_COLUMNS.items()}
    return localizer("bot.energy_line", period=localizer(period).capitalize(), **sums)


def outages_text(localizer: Localizer, outages: Sequence[Outage]) -> str:
    """Return the last outages, newest first, and whether they were planned."""
    if not outages:
        return localizer("bot.no_recorded_outages")
    return lines(localizer("bot.outages_title"), *(_outage(localizer, one) for one in reversed(outages)))


def _outage(localizer: Localizer, one: Outage) -> str:
    planned = Localized("")
    if one.planned is not None:
        planned = localizer("bot.is_planned" if one.planned else "bot.is_unplanned")
    lasted = localizer.lasted((one.end or localizer.now) - one.start)
    if one.end is None:
        return localizer("bot.outage_now", began=localizer.time(one.start), lasted=lasted, planned=planned)
    return localizer("bot.outage_line", window=localizer.span(one.start, one.end), lasted=lasted, planned=planned)
