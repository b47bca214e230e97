"""The log of outages and their statistics, pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.outages.compared import length
from services.dashboard.wording import Clock
from shared.history.reports import Outage, Statistics

FIRST = 10
MOST = 100
ON_TIME_MIN = 1
"""Nearer to the plan than this is on time."""
PLANNED = {True: "planned", False: "unplanned", None: "unknown"}


def numbers(periods: Sequence[tuple[int, Statistics]], clock: Clock) -> html.Section:
    """Return the statistics of the last so many days, side by side."""
    blocks = [
        html.Div([html.H3(clock("outages.last_days", days=days)), html.Dl(_facts(stats, clock), className="pairs")])
        for days, stats in periods
    ]
    return html.Section([html.H2(clock("outages.statistics")), html.Div(blocks, className="periods")], className="card")


def _facts(stats: Statistics, clock: Clock) -> list[html.Div]:
    share = None if stats.planned_share is None else 100 * stats.planned_share
    facts = {
        "count": clock.decimal(stats.count),
        "total": length(stats.total, clock),
        "longest": length(stats.longest, clock) if stats.count else clock("unknown"),
        "share": clock.number("percent", share),
    }
    return [html.Div([html.Dt(clock(f"outages.{name}")), html.Dd(value)]) for name, value in facts.items()]


def log(records: Sequence[Outage], heard: datetime, clock: Clock) -> html.Section:
    """Return the outages, the newest first, of which only some are unfolded; `heard` is when the grid last was."""
    rows = [_row(record, heard, clock) for record in reversed(records[-MOST:])]
    rest = html.Details(
        [
            html.Summary(clock.count("outages.log_more", len(rows) - FIRST)),
            html.Ol(rows[FIRST:], className="log"),
        ],
        className="more",
    )
    shown = html.Ol(rows[:FIRST], className="log") if rows else html.P(clock("outages.log_none"), className="hint")
    return html.Section(
        [html.H2(clock("outages.log")), shown, *([rest] if rows[FIRST:] else [])], className="card outage-log"
    )


def _row(record: Outage, heard: datetime, clock: Clock) -> html.Li:
    planned = PLANNED[record.planned]
    word = html.Span([html.Span(className="shape"), clock(f"outages.was_{planned}")], className="badge")
    facts = [fact for fact in (*_against_plan(record, clock), *_cost(record, clock)) if fact]
    return html.Li(
        [
            html.Div(
                [html.Strong(_when(record, clock)), html.Span(_lasted(record, heard, clock)), word],
                className="log-head",
            ),
            *([html.P([html.Span(fact) for fact in facts], className="log-facts")] if facts else []),
        ],
        **attributes(data_planned=planned),
    )


def _when(record: Outage, clock: Clock) -> str:
    if record.end is None:
        return clock("outages.lasting", start=clock.since(record.start))
    ended = clock.since(record.end) if _day(record.end, clock) != _day(record.start, clock) else clock.clock(record.end)
    return f"{clock.since(record.start)} – {ended}"


def _day(at: datetime, clock: Clock) -> object:
    return at.astimezone(clock.zone).date()


def _lasted(record: Outage, heard: datetime, clock: Clock) -> str:
    lasted = clock.lasted((record.end or heard) - record.start)
    if record.end:
        return lasted
    return clock("outages.so_far" if heard == clock.now else "outages.at_least", length=lasted)


def _against_plan(record: Outage, clock: Clock) -> list[str]:
    return [
        clock(f"outages.{name}", how=_punctual(minutes, clock))
        for name, minutes in (("went", record.start_late_min), ("came", record.end_late_min))
        if minutes is not None
    ]


def _punctual(minutes: float, clock: Clock) -> str:
    if abs(minutes) < ON_TIME_MIN:
        return clock("outages.on_time")
    return clock(f"outages.{'late' if minutes > 0 else 'early'}", length=clock.lasted(timedelta(minutes=abs(minutes))))


def _cost(record: Outage, clock: Clock) -> list[str]:
    told: list[str] = []
    if record.battery_kwh is not None:
        told.append(clock("outages.used", energy=clock.number("kilowatt_hours", record.battery_kwh, 1)))
    if record.soc_from_percent is not None or record.soc_to_percent is not None:
        before, after = (clock.number("percent", value) for value in (record.soc_from_percent, record.soc_to_percent))
        told.append(clock("outages.charge", before=before, after=after))
    if record.load_max_w is not None:
        told.append(clock("outages.highest", power=clock.power(record.load_max_w)))
    return told
