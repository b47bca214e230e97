"""The last and the next twelve hours, pure: the charge as it was and as it is forecast, outages past and scheduled.

Plain HTML in two layers over one time axis: the recorded one is read every minute, the live one is drawn every two
seconds, so that an outage shows at once and the schedule shows without a database.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.now.charge_ahead import charge_ahead, charge_label
from services.dashboard.now.svg_mask import area, line, mask
from services.dashboard.now.time_axis import AHEAD, BACK, BUCKETS, STEP, Axis, axis
from shared import outages
from shared.broker_state import BrokerState
from shared.freshness import fresh
from shared.history.queries import GridSpan
from shared.live_figures import usable_outlook
from shared.messages import Certainty, Grid, GridState, OutageSchedule
from shared.texts.localizer import Localizer

TICK = timedelta(hours=3)
CLASSES = {Grid.OFF: "off", Grid.UNKNOWN: "unknown"}
NEAR_PERCENT = 4
"""Closer to an edge a label would be cut off."""


def live_layer(
    snapshot: BrokerState, soc_percent: float | None, localizer: Localizer, fresh_for: timedelta
) -> list[Any]:
    """Return the live layer: the current outage, the schedule, the forecast, the hours and the present moment."""
    span = axis(localizer.now)
    shown = [*_lasting(snapshot, span, localizer.now, fresh_for), *_plan(snapshot.schedule, span)]
    marks = [html.Span(className="now-line", style={"left": f"{span.percent(span.now)}%"})]
    if soc_percent is not None:
        place = {"left": f"{span.percent(span.now)}%", "bottom": f"{soc_percent:.1f}%"}
        marks.append(html.Span(className="now-dot", style=place))
    outlook = usable_outlook(snapshot.outlook, localizer.now) if snapshot.connected else None
    label = localizer("strip.ahead", bands=_listed(shown, localizer))
    words = filter(None, (label, charge_label(outlook, span, localizer)))
    drawn = [*(_band(*one, span, localizer) for one in shown), *charge_ahead(outlook, span, localizer), *marks]
    bands = html.Div(drawn, role="img", **attributes(aria_label=". ".join(words)))
    return [bands, *_ticks(span, localizer)]


def recorded_layer(
    spans: Sequence[GridSpan], grid: GridState | None, charge: Sequence[float | None], localizer: Localizer
) -> list[Any]:
    """Return the recorded layer: outages, times with unknown state, and the state of charge."""
    span = axis(localizer.now)
    shown = [(CLASSES[one.state], one.start, one.end) for one in stretches(spans, grid, span)]
    label = localizer("strip.back", bands=_listed(shown, localizer))
    bands = [_band(*one, span, localizer) for one in shown]
    shapes = [html.Span(className=f"shape-{kind}", style={"--shape": shape}) for kind, shape in _shapes(charge)]
    reach = {"width": f"{span.percent(span.start + BUCKETS * STEP)}%"}
    return [
        html.Div(
            [*bands, html.Div(shapes, className="charge", style=reach)], role="img", **attributes(aria_label=label)
        )
    ]


def stretches(spans: Sequence[GridSpan], grid: GridState | None, span: Axis) -> list[GridSpan]:
    """Return outages and times with unknown state up to now; what was not recorded is unknown.

    The grid's current state holds from its start to its last message, recorded or not.
    """
    said = [GridSpan(grid.state, max(span.start, grid.since), min(span.now, grid.at))] if grid else []
    said = [one for one in said if one.start < one.end]
    known = [*_before(spans, said[0].start if said else span.now), *said]
    edges = [span.start, *(edge for one in known for edge in (one.start, one.end)), span.now]
    gaps = [
        GridSpan(Grid.UNKNOWN, begin, end)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        if end - begin > STEP
    ]
    return sorted((one for one in [*known, *gaps] if one.state is not Grid.ON), key=lambda one: one.start)


def _before(spans: Iterable[GridSpan], end: datetime) -> Iterator[GridSpan]:
    for one in spans:
        if one.start < end:
            yield GridSpan(one.state, one.start, min(one.end, end))


Band = tuple[str, datetime, datetime]
"""A CSS class, a start and an end."""


def _lasting(snapshot: BrokerState, span: Axis, now: datetime, fresh_for: timedelta) -> Iterator[Band]:
    """What lasts right now, unless the power is simply on."""
    grid = snapshot.grid
    if grid is None or grid.at > now + STEP:
        return
    heard = snapshot.connected and fresh(grid.at, now, fresh_for)
    if not heard and grid.at < span.now:
        yield "unknown", max(span.start, grid.at), span.now
    elif grid.state in CLASSES and heard:
        # at least two minutes wide, or an outage that has just begun would not be seen
        yield CLASSES[grid.state], min(max(span.start, grid.since), span.now), span.now


def _plan(plan: OutageSchedule | None, span: Axis) -> Iterator[Band]:
    """The scheduled outages, and the time ahead that has no schedule yet."""
    windows = outages.within(plan.windows, span.start, span.end) if plan else ()
    for one in windows:
        yield ("possible" if one.certainty is Certainty.POSSIBLE else "planned"), one.start, one.end
    zone = plan.time_zone if plan else "Europe/Kyiv"
    first, last = outages.local_day(span.now, zone), outages.local_day(span.end, zone)
    for day in sorted({first, last}):
        if outages.state_of(plan, day) not in outages.FIRM:
            begin, end = outages.bounds(day, zone)
            yield from _bare(max(begin, span.now), min(end, span.end), [(one.start, one.end) for one in windows])


def _bare(start: datetime, end: datetime, taken: Sequence[tuple[datetime, datetime]]) -> Iterator[Band]:
    """The parts of a time that are not taken."""
    edges = [(start, start), *((max(start, a), min(end, b)) for a, b in taken if a < end and b > start), (end, end)]
    for (_, begin), (finish, _) in pairwise(edges):
        if begin < finish:
            yield "unpublished", begin, finish


def _band(look: str, start: datetime, end: datetime, span: Axis, localizer: Localizer) -> html.Span:
    left, right = span.percent(start), span.percent(end)
    return html.Span(
        className=f"band band-{look}",
        title=_label(look, start, end, localizer),
        style={"left": f"{left}%", "width": f"{round(right - left, 2)}%"},
    )


def _label(look: str, start: datetime, end: datetime, localizer: Localizer) -> str:
    return f"{localizer(f'strip.{look}')}: {localizer.hours_of(start, end)}"


def _listed(shown: Iterable[Band], localizer: Localizer) -> str:
    return "; ".join(_label(*one, localizer) for one in shown) or localizer("strip.nothing")


def _ticks(span: Axis, localizer: Localizer) -> list[Any]:
    """The hours below it, in local time; where there is little room, every other one is not named."""
    local = span.start.astimezone(localizer.zone)
    first = span.start + (-timedelta(hours=local.hour % 3, minutes=local.minute)) % TICK
    moments = [first + index * TICK for index in range((BACK + AHEAD) // TICK)]
    named = first.astimezone(localizer.zone).hour // 3 % 2
    return [
        html.Span(
            localizer.clock(at),
            className="tick" if index % 2 == named else "tick tick-between",
            style={"left": f"{span.percent(at)}%"},
        )
        for index, at in enumerate(moments)
        if NEAR_PERCENT <= span.percent(at) <= 100 - NEAR_PERCENT
    ]


def _shapes(charge: Sequence[float | None]) -> list[tuple[str, str]]:
    """The line of the charge and the area under it."""
    runs = list(_runs(charge))
    if not runs:
        return []
    lines, areas = ("".join(map(shape, runs)) for shape in (line, area))
    return [("area", mask(areas, BUCKETS)), ("line", mask(lines, BUCKETS, dashed=False))]


def _runs(charge: Sequence[float | None]) -> Iterator[list[tuple[float, float]]]:
    """Return the points between the gaps; one that stands alone is drawn as a short line."""
    run: list[tuple[float, float]] = []
    for index, percent in enumerate([*charge, None]):
        if percent is not None:
            run.append((index + 0.5, round(100 - percent, 1)))
        elif run:
            yield run if len(run) > 1 else [(run[0][0] - 0.5, run[0][1]), (run[0][0] + 0.5, run[0][1])]
            run = []
