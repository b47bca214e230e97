"""The calendar of outages: for each day the hours without the grid, by shade and by number, pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.wording import Clock
from shared.history.queries import GridSpan
from shared.history.reports import Statistics, by_day
from shared.messages import Grid

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MONTHS = 6
SHOWN = 3
FULL_HOURS = 12
"""From so many hours a day on the shade is the darkest."""
NOTICED = timedelta(minutes=10)
"""A shorter time of which nothing is known is not worth a word."""


def first_day(today: date) -> date:
    """Return the first day that the calendar shows."""
    return _months(today)[-1]


def known_time(spans: Iterable[GridSpan], zone: tzinfo, until: datetime) -> dict[date, timedelta]:
    """Return for how much of each day, up to a moment, it is recorded whether the grid was there."""
    known: dict[date, timedelta] = {}
    for span in spans:
        if span.state is not Grid.UNKNOWN:
            for day, part in by_day(span.start, min(span.end, until), zone):
                known[day] = known.get(day, timedelta()) + part
    return known


def calendar(stats: Statistics, known: Mapping[date, timedelta], first: date, clock: Clock) -> html.Section:
    """Return the months from the newest to the first of which anything is recorded; the older ones folded away."""
    months = [month for month in _months(clock.today) if _after(month) > first]
    drawn = [_month(month, stats, known, clock) for month in months]
    older = html.Details(
        [html.Summary(clock("outages.earlier_months")), html.Div(drawn[SHOWN:], className="months")], className="more"
    )
    return html.Section(
        [
            html.H2(clock("outages.heat")),
            html.P(clock("outages.heat_help"), className="hint"),
            html.Div(drawn[:SHOWN], className="months"),
            *([older] if drawn[SHOWN:] else []),
        ],
        className="card heat",
    )


def _months(today: date) -> list[date]:
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


def _after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _month(month: date, stats: Statistics, known: Mapping[date, timedelta], clock: Clock) -> html.Table:
    hours = stats.by_month().get(month, 0.0)
    name = clock("time.months_alone").split()[month.month - 1]
    title = f"{name[:1].upper()}{name[1:]} {month.year}"
    lost = html.Span(clock("outages.month_total", total=clock.lasted(hours * HOUR)), className="day-total")
    caption = html.Caption([html.Strong(title), " ", *([lost] if hours else [])])
    names = html.Tr([html.Th(name, scope="col") for name in clock("weekdays").split()])
    weeks = [html.Tr([_cell(day, month, stats, known, clock) for day in week]) for week in _weeks(month)]
    return html.Table([caption, html.Thead(names), html.Tbody(weeks)], className="month")


def _weeks(month: date) -> list[Sequence[date]]:
    begin = month - timedelta(days=month.weekday())
    count = -(-(_after(month) - begin).days // 7)
    return [[begin + timedelta(days=7 * week + day) for day in range(7)] for week in range(count)]


def _cell(day: date, month: date, stats: Statistics, known: Mapping[date, timedelta], clock: Clock) -> html.Td:
    if day.month != month.month or day > clock.today:
        return html.Td(str(day.day) if day.month == month.month else "", className="later")
    hours = stats.hours.get(day, 0.0)
    unknown = _length(day, clock) - known.get(day, timedelta())
    label = _label(day, hours, unknown, day in known or hours > 0, clock)
    shown = _shown(hours, clock) if hours or day in known else clock("unknown")
    shade = round(100 * min(1, hours / FULL_HOURS))
    state = "off" if hours else "on" if day in known else "unknown"
    return html.Td(
        [
            html.Span(str(day.day), className="number", **attributes(aria_hidden="true")),
            html.Span(shown, className="lost", **attributes(aria_hidden="true")),
            html.Span(label, className="unseen"),
        ],
        title=label,
        style={"--shade": f"{shade}%"},
        **attributes(data_state=state),
    )


def _length(day: date, clock: Clock) -> timedelta:
    """How much of a day has passed."""
    start, end = (datetime(one.year, one.month, one.day, tzinfo=clock.zone) for one in (day, day + timedelta(days=1)))
    return min(end.timestamp(), clock.now.timestamp()) * SECOND - start.timestamp() * SECOND


def _shown(hours: float, clock: Clock) -> str:
    return clock.decimal(hours, 0 if hours >= 10 else 1) if hours >= 0.05 else "0"


def _label(day: date, hours: float, unknown: timedelta, seen: bool, clock: Clock) -> str:
    name = f"{day.day} {clock('time.months_of_day').split()[day.month - 1]}"
    if not seen:
        return clock("outages.cell_unknown", day=name)
    if not hours and unknown < NOTICED:
        return clock("outages.cell_none", day=name)
    lost = clock.lasted(hours * HOUR) if hours else clock("whole_hours", hours=0)
    if unknown < NOTICED:
        return clock("outages.cell_hours", day=name, hours=lost)
    return clock("outages.cell_part", day=name, hours=lost, unknown=clock.lasted(unknown))
