"""The outage calendar: hours without power on each day, as shade and number, pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from dash import html

from services.dashboard.markup import attributes
from shared.history.queries import GridSpan
from shared.history.reports import By, Statistics, beginning, by_day, following
from shared.messages import Grid
from shared.texts.localizer import Localizer

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MONTHS = 6
SHOWN = 3
FULL_HOURS = 12
"""From this many hours a day on the shade is the darkest."""
NOTICED = timedelta(minutes=10)
"""A shorter unknown time is not mentioned."""


def first_day(today: date) -> date:
    """Return the first day that the calendar shows."""
    return _months(today)[-1]


def known_time(spans: Iterable[GridSpan], zone: tzinfo, until: datetime) -> dict[date, timedelta]:
    """Return for how much of each day, up to a moment, the state of the grid was recorded."""
    known: dict[date, timedelta] = {}
    for span in spans:
        if span.state is not Grid.UNKNOWN:
            for day, part in by_day(span.start, min(span.end, until), zone):
                known[day] = known.get(day, timedelta()) + part
    return known


def calendar(stats: Statistics, known: Mapping[date, timedelta], first: date, localizer: Localizer) -> html.Section:
    """Return the recorded months, newest first, the older ones folded."""
    months = [month for month in _months(localizer.today) if following(month, By.MONTH) > first]
    drawn = [_month(month, stats, known, localizer) for month in months]
    older = html.Details(
        [html.Summary(localizer("outages.earlier_months")), html.Div(drawn[SHOWN:], className="months")],
        className="more",
    )
    return html.Section(
        [
            html.H2(localizer("outages.heat")),
            html.P(localizer("outages.heat_help"), className="hint"),
            html.Div(drawn[:SHOWN], className="months"),
            *([older] if drawn[SHOWN:] else []),
        ],
        className="card heat",
    )


def _months(today: date) -> list[date]:
    months = [beginning(today, By.MONTH)]
    while len(months) < MONTHS:
        months.append(beginning(months[-1] - timedelta(days=1), By.MONTH))
    return months


def _month(month: date, stats: Statistics, known: Mapping[date, timedelta], localizer: Localizer) -> html.Table:
    hours = stats.by_month().get(month, 0.0)
    name = localizer("time.months_alone").split()[month.month - 1]
    title = f"{name[:1].upper()}{name[1:]} {month.year}"
    lost = html.Span(localizer("outages.month_total", total=localizer.lasted(hours * HOUR)), className="day-total")
    caption = html.Caption([html.Strong(title), " ", *([lost] if hours else [])])
    names = html.Tr([html.Th(name, scope="col") for name in localizer("weekdays").split()])
    weeks = [html.Tr([_cell(day, month, stats, known, localizer) for day in week]) for week in _weeks(month)]
    return html.Table([caption, html.Thead(names), html.Tbody(weeks)], className="month")


def _weeks(month: date) -> list[Sequence[date]]:
    begin = month - timedelta(days=month.weekday())
    count = -(-(following(month, By.MONTH) - begin).days // 7)
    return [[begin + timedelta(days=7 * week + day) for day in range(7)] for week in range(count)]


def _cell(day: date, month: date, stats: Statistics, known: Mapping[date, timedelta], localizer: Localizer) -> html.Td:
    if day.month != month.month or day > localizer.today:
        return html.Td(str(day.day) if day.month == month.month else "", className="later")
    hours = stats.hours.get(day, 0.0)
    unknown = _length(day, localizer) - known.get(day, timedelta())
    label = _label(day, hours, unknown, day in known or hours > 0, localizer)
    shown = _shown(hours, localizer) if hours or day in known else localizer("unknown")
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


def _length(day: date, localizer: Localizer) -> timedelta:
    """The part of a day that has passed."""
    start, end = (
        datetime(one.year, one.month, one.day, tzinfo=localizer.zone) for one in (day, day + timedelta(days=1))
    )
    return min(end.timestamp(), localizer.now.timestamp()) * SECOND - start.timestamp() * SECOND


def _shown(hours: float, localizer: Localizer) -> str:
    return localizer.decimal(hours, 0 if hours >= 10 else 1) if hours >= 0.05 else "0"


def _label(day: date, hours: float, unknown: timedelta, seen: bool, localizer: Localizer) -> str:
    name = f"{day.day} {localizer('time.months_of_day').split()[day.month - 1]}"
    if not seen:
        return localizer("outages.cell_unknown", day=name)
    if not hours and unknown < NOTICED:
        return localizer("outages.cell_none", day=name)
    lost = localizer.lasted(hours * HOUR) if hours else localizer("whole_hours", hours=0)
    if unknown < NOTICED:
        return localizer("outages.cell_hours", day=name, hours=lost)
    return localizer("outages.cell_part", day=name, hours=lost, unknown=localizer.lasted(unknown))
