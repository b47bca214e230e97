"""The outage log and statistics, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.outages.plan_and_actual import length
from shared.history.outage_details import OutageDetails
from shared.history.reports import Outage, Statistics
from shared.texts.localizer import Localizer

FIRST = 10
MOST = 100
ON_TIME_MIN = 1
"""Closer to the schedule than this is on time."""
MOST_PLUGS = 5
LOWER_PERCENT = 1.0
"""The lowest charge is mentioned if it is lower than at both ends by this much."""
PLANNED = {True: "planned", False: "unplanned", None: "unknown"}


def numbers(periods: Sequence[tuple[int, Statistics]], localizer: Localizer) -> html.Section:
    """Return the statistics of several periods side by side."""
    blocks = [
        html.Div(
            [html.H3(localizer("outages.last_days", days=days)), html.Dl(_facts(stats, localizer), className="pairs")]
        )
        for days, stats in periods
    ]
    return html.Section(
        [html.H2(localizer("outages.statistics")), html.Div(blocks, className="periods")], className="card"
    )


def _facts(stats: Statistics, localizer: Localizer) -> list[html.Div]:
    share = None if stats.planned_share is None else 100 * stats.planned_share
    facts = {
        "count": localizer.decimal(stats.count),
        "total": length(stats.total, localizer),
        "longest": length(stats.longest, localizer) if stats.count else localizer("unknown"),
        "share": localizer.number("percent", share),
    }
    return [html.Div([html.Dt(localizer(f"outages.{name}")), html.Dd(value)]) for name, value in facts.items()]


@dataclass(frozen=True)
class LogContext:
    """What is known beside the records.

    heard is the last time the grid was recorded; details are by the beginning of an outage; name_of is the name of a
    plug by its id.
    """

    heard: datetime
    details: Mapping[datetime, OutageDetails] = field(default_factory=dict)
    name_of: Callable[[str], str] = str


def log(records: Sequence[Outage], beside: LogContext, localizer: Localizer) -> html.Section:
    """Return the outages, newest first, the older ones folded."""
    rows = [_row(record, beside, localizer) for record in reversed(records[-MOST:])]
    rest = html.Details(
        [
            html.Summary(localizer.count("outages.log_more", len(rows) - FIRST)),
            html.Ol(rows[FIRST:], className="log"),
        ],
        className="more",
    )
    shown = html.Ol(rows[:FIRST], className="log") if rows else html.P(localizer("outages.log_none"), className="hint")
    return html.Section(
        [html.H2(localizer("outages.log")), shown, *([rest] if rows[FIRST:] else [])], className="card outage-log"
    )


def _row(record: Outage, beside: LogContext, localizer: Localizer) -> html.Li:
    planned = PLANNED[record.planned]
    word = html.Span([html.Span(className="shape"), localizer(f"outages.was_{planned}")], className="badge")
    details = beside.details.get(record.start, OutageDetails())
    facts = (_against_plan(record, localizer), _cost(record, details, localizer), _around(details, beside, localizer))
    return html.Li(
        [
            html.Div(
                [html.Strong(_when(record, localizer)), html.Span(_lasted(record, beside.heard, localizer)), word],
                className="log-head",
            ),
            *(html.P([html.Span(fact) for fact in line], className="log-facts") for line in facts if line),
        ],
        **attributes(data_planned=planned),
    )


def _when(record: Outage, localizer: Localizer) -> str:
    if record.end is None:
        return localizer("outages.lasting", start=localizer.since(record.start))
    ended = (
        localizer.since(record.end)
        if _day(record.end, localizer) != _day(record.start, localizer)
        else localizer.clock(record.end)
    )
    return f"{localizer.since(record.start)} – {ended}"


def _day(at: datetime, localizer: Localizer) -> object:
    return at.astimezone(localizer.zone).date()


def _lasted(record: Outage, heard: datetime, localizer: Localizer) -> str:
    lasted = localizer.lasted((record.end or heard) - record.start)
    if record.end:
        return lasted
    return localizer("outages.so_far" if heard == localizer.now else "outages.at_least", length=lasted)


def _against_plan(record: Outage, localizer: Localizer) -> list[str]:
    return [
        localizer(f"outages.{name}", how=_punctual(minutes, localizer))
        for name, minutes in (("went", record.start_late_min), ("came", record.end_late_min))
        if minutes is not None
    ]


def _punctual(minutes: float, localizer: Localizer) -> str:
    if abs(minutes) < ON_TIME_MIN:
        return localizer("outages.on_time")
    return localizer(
        f"outages.{'late' if minutes > 0 else 'early'}", length=localizer.lasted(timedelta(minutes=abs(minutes)))
    )


def _cost(record: Outage, details: OutageDetails, localizer: Localizer) -> list[str]:
    """Return what the outage took from the battery, and the highest load."""
    parts: list[str] = []
    if record.battery_kwh is not None:
        parts.append(localizer("outages.used", energy=localizer.number("kilowatt_hours", record.battery_kwh, 1)))
    ends = [one for one in (record.soc_from_percent, record.soc_to_percent) if one is not None]
    if ends:
        before, after = (
            localizer.number("percent", value) for value in (record.soc_from_percent, record.soc_to_percent)
        )
        parts.append(localizer("outages.charge", before=before, after=after))
    lowest = details.lowest_soc_percent
    if lowest is not None and lowest <= min(ends, default=1000.0) - LOWER_PERCENT:
        parts.append(localizer("outages.lowest", percent=localizer.number("percent", lowest)))
    if record.load_max_w is not None:
        parts.append(localizer("outages.highest", power=localizer.power(record.load_max_w)))
    return parts


def _around(details: OutageDetails, beside: LogContext, localizer: Localizer) -> list[str]:
    """Return the voltage before, and which plugs were switched off."""
    parts: list[str] = []
    if details.voltage_before_v is not None:
        parts.append(localizer("outages.voltage_before", voltage=localizer.number("volts", details.voltage_before_v)))
    if details.plugs_off:
        names = [beside.name_of(one) for one in details.plugs_off]
        listed = ", ".join(names[:MOST_PLUGS]) + ("…" if names[MOST_PLUGS:] else "")
        parts.append(localizer("outages.plugs_off", names=listed))
    return parts
