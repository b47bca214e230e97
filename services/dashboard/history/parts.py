"""The parts of the page around its charts, pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dash import dcc, html

from services.dashboard.history.energy import (
    BATTERY_IN,
    BATTERY_OUT,
    GRID_IN,
    GRID_OUT,
    LOAD,
    SUN,
    Kwh,
    change,
    self_sufficiency,
)
from services.dashboard.history.periods import Period, Span, period
from services.dashboard.history.table import money
from services.dashboard.markup import attributes, icon
from services.dashboard.tariff import Tariff
from services.dashboard.wording import Clock
from shared.history.queries import GridSpan
from shared.messages import Grid


def controls(shown: Period, first: date | None, clock: Clock) -> html.Div:
    """Return the choice of a length and the steps to the time before and after."""
    today = clock.today
    later = shown.later() if not shown.contains(today) and shown.first <= today else None
    steps = [
        _step("earlier", clock("history.earlier"), shown.earlier()),
        html.H1(shown.title(clock)),
        _step("later", clock("history.later"), later),
    ]
    return html.Div([_lengths(shown, first, clock), html.Div(steps, className="steps")], className="controls")


def _lengths(shown: Period, first: date | None, clock: Clock) -> html.Nav:
    lengths = (Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR)
    links = [
        _choice(clock(f"span.{span.value}"), shown.of_span(span, clock.today), chosen=span is shown.span)
        for span in lengths
    ]
    if first and first <= clock.today:
        everything = period(Span.CUSTOM, first, shown.inverter, (clock.today - first).days + 1)
        links.append(_choice(clock("span.all"), everything, chosen=shown == everything))
    return html.Nav(links, className="choices", **attributes(aria_label=clock("history.length")))


def _choice(text: str, target: Period, *, chosen: bool) -> dcc.Link:
    return dcc.Link(text, href=target.address, className="choice chosen" if chosen else "choice")


def _step(name: str, title: str, target: Period | None) -> Any:
    if target is None:
        return html.Span(icon(name), className="step step-none", **attributes(aria_hidden="true"))
    return dcc.Link(icon(name), href=target.address, title=title, className=f"step step-{name}")


def inverters(shown: Period, names: Sequence[str], name: str, clock: Clock) -> html.Nav:
    """Return the choice between several inverters."""
    links = [_choice(one, shown.of_inverter(one), chosen=one == name) for one in names]
    return html.Nav(links, className="choices", **attributes(aria_label=clock("history.inverter")))


def says(sentence: str) -> html.Section:
    """Return a sentence where there is nothing to draw."""
    return html.Section([icon("chart"), html.P(sentence)], className="card empty")


def summary(spans: Sequence[GridSpan], clock: Clock) -> html.Section:
    """Return how long the grid was away, and how long nobody knew."""
    off, unknown = (_length(spans, state) for state in (Grid.OFF, Grid.UNKNOWN))
    count = sum(span.state is Grid.OFF for span in spans)
    lost = clock.count("history.outages", count, duration=clock.lasted(off))
    lines = [lost if count else clock("history.no_outage")]
    if unknown:
        lines.append(clock("history.nobody_knew", duration=clock.lasted(unknown)))
    first = html.P([icon("grid-off" if count else "grid"), html.Span(lines[0])])
    return html.Section([first, *map(html.P, lines[1:])], className="card summary")


def _length(spans: Sequence[GridSpan], state: Grid) -> timedelta:
    return sum((span.end - span.start for span in spans if span.state is state), timedelta())


def totals(kwh: Kwh, before: Kwh, clock: Clock) -> list[html.Div]:
    """Return the sums, each with how much more or less it was before; what never was is left out."""
    names = {SUN: "sun", LOAD: "home", GRID_IN: "grid", GRID_OUT: "grid", BATTERY_OUT: "battery", BATTERY_IN: "battery"}
    always = (LOAD, GRID_IN)
    return [
        tile(
            drawing,
            clock(f"history.{name.removesuffix('_kwh')}_w"),
            _kilowatt_hours(kwh[name], clock),
            difference(kwh[name], before[name], clock),
        )
        for name, drawing in names.items()
        if kwh[name] or name in always
    ]


def shares(kwh: Kwh, cost: float | None, tariff: Tariff | None, clock: Clock) -> list[html.Div]:
    """Return the self-sufficiency, and the cost where a tariff is set."""
    found = [tile("bolt", clock("history.own"), clock.number("percent", self_sufficiency(kwh)), "")]
    if tariff:
        found.append(tile("coin", clock("history.cost"), money(cost, tariff, clock), ""))
    return found


def tile(drawing: str, name: str, value: str, note: str) -> html.Div:
    """Return one sum."""
    lines = [html.Dt([icon(drawing), html.Span(name)]), html.Dd(value, className="value")]
    return html.Div([*lines, html.Dd(note, className="note")] if note else lines, className=f"sum sum-{drawing}")


def _kilowatt_hours(value: float | None, clock: Clock) -> str:
    return clock.number("kilowatt_hours", value, 2 if value is None or value < 10 else 1 if value < 1000 else 0)


def difference(value: float | None, before: float | None, clock: Clock) -> str:
    """Return in words how much more or less something was before, nothing where that says nothing."""
    percent = change(value, before)
    if percent is None or percent >= 1000:
        return ""
    size = round(abs(percent))
    name = "history.same" if not size else "history.more" if percent > 0 else "history.less"
    return clock(name, percent=clock.number("percent", size))


def against(shown: Period, clock: Clock) -> str:
    """Return what the differences are to; of a custom period there is no name."""
    running = "_so_far" if shown.contains(clock.today) else ""
    return clock(f"history.against{running}", period=shown.earlier().title(clock))


def download(shown: Period, name: str, clock: Clock) -> html.A:
    """Return the link to the file."""
    target = replace(shown, inverter=name).download
    return html.A(
        [icon("download"), html.Span(clock("history.download"))], href=target, className="button", download=""
    )
