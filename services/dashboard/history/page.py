"""The page *History*: reads what was recorded in a period and lays it out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dash import dcc, html
from sqlalchemy import Engine

from services.dashboard.history import figures
from services.dashboard.history.periods import BUCKETS, Period, Span, asked_for
from services.dashboard.live import Snapshot
from services.dashboard.look import CONFIG, THEMES
from services.dashboard.markup import attributes, icon
from services.dashboard.pages import Look, Page, Site, View
from services.dashboard.wording import Clock
from shared.errors import StorageError
from shared.history.queries import GridSpan, Series, latest, outages, series
from shared.messages import Grid


def layout(clock: Clock) -> html.Div:
    """Return where the recorded goes."""
    return html.Div(html.P(clock("page.loading"), className="loading"), id="history-recorded", className="recorded")


def view(_snapshot: Snapshot, _clock: Clock) -> View:
    """Return nothing: what was recorded does not change under the eye."""
    return View()


def recorded(site: Site, clock: Clock, look: Look) -> list[Any]:
    """Return the period that is asked for, with a sentence instead of a chart where there is nothing to draw."""
    period = asked_for(look.search, clock.today)
    try:
        return [_controls(period, clock), *_content(site.engine, period, clock, look.scheme)]
    except StorageError as error:
        return [_controls(period, clock), _says(str(error))]


def _content(engine: Engine, period: Period, clock: Clock, scheme: str) -> list[Any]:
    seen = latest(engine)
    if not seen:
        return [_says(clock("history.nothing_yet"))]
    name = period.inverter if period.inverter in seen else next(iter(seen))
    start, end = period.bounds(clock.zone)
    data = series(engine, name, figures.FIELDS, start=start, end=end, buckets=BUCKETS[period.span])
    spans = outages(engine, start=start, end=end)
    choice = [_inverters(period, list(seen), name)] if len(seen) > 1 else []
    if data.empty:
        return [*choice, _says(clock("history.nothing_here", last=clock.since(seen[name])))]
    return [*choice, _chart(data, spans, period, clock, scheme), _summary(spans, clock)]


def _chart(data: Series, spans: Sequence[GridSpan], period: Period, clock: Clock, scheme: str) -> html.Section:
    theme = THEMES.get(scheme, THEMES["light"])
    figure = figures.history(data, spans, period, clock, theme=theme)
    graph = dcc.Graph(id="chart", figure=figure, config=CONFIG, responsive=True, className="chart")
    label = clock("history.chart", period=period.title(clock))
    return html.Section(graph, className="card", role="img", **attributes(aria_label=label))


def _summary(spans: Sequence[GridSpan], clock: Clock) -> html.Section:
    off, unknown = (_total(spans, state) for state in (Grid.OFF, Grid.UNKNOWN))
    count = sum(span.state is Grid.OFF for span in spans)
    lost = clock.count("history.outages", count, duration=clock.lasted(off))
    lines = [lost if count else clock("history.no_outage")]
    if unknown:
        lines.append(clock("history.nobody_knew", duration=clock.lasted(unknown)))
    return html.Section(
        [html.P([icon("grid-off" if count else "grid"), *lines[:1]]), *map(html.P, lines[1:])], className="card summary"
    )


def _total(spans: Sequence[GridSpan], state: Grid) -> timedelta:
    return sum((span.end - span.start for span in spans if span.state is state), timedelta())


def _controls(period: Period, clock: Clock) -> html.Div:
    today = clock.today
    spans = [
        _choice(clock(f"span.{span.value}"), period.of_span(span, today), chosen=span is period.span) for span in Span
    ]
    later = period.later() if not period.contains(today) and period.first <= today else None
    return html.Div(
        [
            html.Nav(spans, className="choices"),
            html.Div(
                [
                    _step("earlier", clock("history.earlier"), period.earlier()),
                    html.H1(period.title(clock)),
                    _step("later", clock("history.later"), later),
                ],
                className="steps",
            ),
        ],
        className="controls",
    )


def _choice(text: str, target: Period, *, chosen: bool) -> dcc.Link:
    return dcc.Link(text, href=target.address, className="choice chosen" if chosen else "choice")


def _step(name: str, title: str, target: Period | None) -> Any:
    if target is None:
        return html.Span(icon(name), className="step step-none", **attributes(aria_hidden="true"))
    return dcc.Link(icon(name), href=target.address, title=title, className=f"step step-{name}")


def _inverters(period: Period, names: Sequence[str], shown: str) -> html.Nav:
    return html.Nav(
        [_choice(name, period.of_inverter(name), chosen=name == shown) for name in names], className="choices"
    )


def _says(sentence: str) -> html.Section:
    return html.Section([icon("chart"), html.P(sentence)], className="card empty")


PAGE = Page("history", "chart", layout, view, recorded=recorded)
