"""The choice of a period and of an inverter, pure."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import html

from services.dashboard.history.period import A_DAY, PATH, Period, Span, period
from services.dashboard.markup import attributes, drawn, icon, tree
from shared.live_figures import ALL
from shared.texts.localizer import Localizer


def controls(shown: Period, first: date | None, localizer: Localizer) -> html.Div:
    """Return the choice of a length and the steps to the time before and after."""
    today = localizer.today
    later = shown.later() if not shown.contains(today) and shown.first <= today else None
    steps = [
        _step("earlier", localizer("history.earlier"), shown.earlier()),
        html.H1(shown.title(localizer), id="history-title"),
        _step("later", localizer("history.later"), later),
    ]
    top = [_lengths(shown, first, localizer), html.Div(steps, className="steps")]
    return html.Div([*top, _dates(shown, first, localizer)], className="controls")


def _dates(shown: Period, first: date | None, localizer: Localizer) -> html.Div:
    """Return a form with the first and the last day (assets/history.js); the same address works without a script."""
    limits = {"min": first.isoformat(), "max": localizer.today.isoformat()} if first else {}
    days = {"from": shown.first, "to": shown.last - A_DAY}
    fields = [
        ["label", {}, [localizer(f"history.{name}"), ["input", _date_field(name, day) | limits, []]]]
        for name, day in days.items()
    ]
    hidden = [["input", {"type": "hidden", "name": "inverter", "value": shown.inverter}, []]] if shown.inverter else []
    button = ["button", {"type": "submit", "className": "button"}, [localizer("history.show")]]
    form = ["form", {"action": PATH, "data-dates": ""}, [*hidden, *fields, button]]
    summary = ["summary", {}, [tree(icon("calendar")), localizer("history.dates")]]
    return drawn([["details", {"className": "dates"}, [summary, form]]], id="history-dates")


def _date_field(name: str, day: date) -> dict[str, str]:
    return {"type": "date", "name": name, "value": day.isoformat(), "required": ""}


def _lengths(shown: Period, first: date | None, localizer: Localizer) -> html.Nav:
    lengths = (Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR)
    links = [
        _choice(localizer(f"span.{span.value}"), shown.of_span(span, localizer.today), chosen=span is shown.span)
        for span in lengths
    ]
    if first and first <= localizer.today:
        everything = period(Span.CUSTOM, first, shown.inverter, (localizer.today - first).days + 1)
        links.append(_choice(localizer("span.all"), everything, chosen=shown == everything))
    return html.Nav(links, className="choices", **attributes(aria_label=localizer("history.length")))


def _choice(text: str, target: Period, *, chosen: bool) -> html.A:
    return html.A(text, href=target.address, className="choice chosen" if chosen else "choice")


def _step(name: str, title: str, target: Period | None) -> Any:
    if target is None:
        return html.Span(icon(name), className="step step-none", **attributes(aria_hidden="true"))
    return html.A(icon(name), href=target.address, title=title, className=f"step step-{name}")


def inverters(shown: Period, names: Sequence[str], name: str, localizer: Localizer) -> html.Nav:
    """Return the choice between several inverters."""
    titles = {ALL: localizer("history.all_inverters")}
    links = [_choice(titles.get(one, one), shown.of_inverter(one), chosen=one == name) for one in names]
    return html.Nav(links, className="choices", **attributes(aria_label=localizer("history.inverter")))
