"""The outage log and statistics, pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.outages.plan_and_actual import length
from shared.history.reports import Outage, Statistics
from shared.texts.localizer import Localizer

FIRST = 10
MOST = 100
ON_TIME_MIN = 1
"""Closer to the schedule than this is on time."""
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


def log(records: Sequence[Outage], heard: datetime, localizer: Localizer) -> html.Section:
    """Return the outages, newest first, the older ones folded; `heard` is the last time the grid was recorded."""
    rows = [_row(record, heard, localizer) for record in reversed(records[-MOST:])]
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


def _row(record: Outage, heard: datetime, localizer: Localizer) -> html.Li:
    planned = PLANNED[record.planned]
    word = html.Span([html.Span(className="shape"), localizer(f"outages.was_{planned}")], className="badge")
    facts = [fact for fact in (*_against_plan(record, localizer), *_cost(record, localizer)) if fact]
    return html.Li(
        [
            html.Div(
                [html.Strong(_when(record, localizer)), html.Span(_lasted(record, heard, localizer)), word],
                className="log-head",
            ),
            *([html.P([html.Span(fact) for fact in facts], className="log-facts")] if facts else []),
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


def _cost(record: Outage, localizer: Localizer) -> list[str]:
    told: list[str] = []
    if record.battery_kwh is not None:
        told.append(localizer("outages.used", energy=localizer.number("kilowatt_hours", record.battery_kwh, 1)))
    if record.soc_from_percent is not None or record.soc_to_percent is not None:
        before, after = (
            localizer.number("percent", value) for value in (record.soc_from_percent, record.soc_to_percent)
        )
        told.append(localizer("outages.charge", before=before, after=after))
    if record.load_max_w is not None:
        told.append(localizer("outages.highest", power=localizer.power(record.load_max_w)))
    return told
