"""The layout of *Now*. Elements with `data-text` and `data-state-of` are filled by assets/live.js from /live."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.now.plugs import routes
from services.dashboard.now.recorded_parts import PAST, TODAY, recorded
from services.dashboard.now.view import view
from services.dashboard.pages import Page
from shared.texts.localizer import Localizer


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; its texts and states come from /live."""
    return [
        _of_house(_banner()),
        _first_run(),
        html.Div(
            [_battery(localizer), _flow(localizer), _of_house(_strip(localizer))],
            className="columns answers if-answered",
        ),
        _packs(localizer),
        html.Section(
            [html.H2(localizer("now.other_inverters")), part("others", html.Ul, className="others")],
            className="card if-readings",
        ),
        _plugs(localizer),
        html.Div([_details(localizer), _sources(localizer)], className="columns"),
    ]


def _first_run() -> html.Section:
    """What is found and what is missing, until there is an inverter."""
    words = [icon("waiting"), text("empty-title", html.H1), text("empty", html.P)]
    found = part("checklist", html.Ul, className="sources checklist")
    return html.Section([*words, found], className="card empty if-empty")


def _of_house(section: html.Section) -> html.Div:
    """A section that is shown without an inverter too, if a schedule, a battery or the grid is known."""
    return html.Div(section, className="if-answered of-house", **attributes(data_state_of="house"))


def _banner() -> html.Section:
    return html.Section(
        [
            html.Span(className="banner-icon icon", **attributes(aria_hidden="true")),
            html.Div(
                [
                    html.H1([text("banner", **attributes(aria_live="polite")), text("lasting", className="lasting")]),
                    text("next", html.P, className="verdict next"),
                    text("why", html.P, className="verdict"),
                ]
            ),
            html.P([html.Span(className="pulse"), text("name", className="name"), text("as-of")], className="as-of"),
        ],
        className="banner",
        **attributes(data_state_of="banner"),
    )


def _battery(localizer: Localizer) -> html.Section:
    """How full the battery is, until when that lasts, and whether it is enough."""
    charge = [html.Span(localizer("strip.charge"), className="label"), text("soc", className="value dims")]
    until = [text("until-label", className="label"), text("until", className="value")]
    return html.Section(
        [
            html.H2([icon("battery"), localizer("node.battery")]),
            html.Div([html.P(charge), html.P(until)], className="figures"),
            _bar(),
            part("forecast", className="forecast"),
        ],
        className="card battery-card",
        **attributes(data_state_of="battery-card"),
    )


def _bar() -> html.Div:
    """The charge as a bar, with a mark at the reserve."""
    inside = [html.Div(className="level"), html.Span(className="reserve")]
    return html.Div(inside, className="bar", **attributes(aria_hidden="true"))


def _flow(localizer: Localizer) -> html.Section:
    nodes = [
        _node("sun", localizer("node.sun"), "sun-note"),
        _node("grid", localizer("node.grid"), "grid-note", "grid-voltage"),
        _node("home", localizer("node.home"), "home-note"),
        _node("battery", localizer("node.battery"), "battery-note"),
    ]
    return html.Section(
        [
            html.H2(localizer("now.flow")),
            html.Div([html.Div(id="flow-lines"), *nodes, _hub()], className="flow dims"),
            html.Div(id=TODAY, className="today"),
        ],
        className="card flow-card if-readings",
    )


def _hub() -> html.Span:
    return html.Span(icon("bolt"), className="hub")


def _node(key: str, label: str, *notes: str) -> html.Div:
    ring = [icon(key), text(key, className="value")]
    below = [html.Span(label, className="label"), *(text(note, className="note") for note in notes)]
    return html.Div(
        [html.Div(ring, className="ring"), html.Div(below, className="caption")],
        className=f"node node-{key}",
        **attributes(data_state_of=key),
    )


def _packs(localizer: Localizer) -> html.Section:
    """The batteries, with a link to their page."""
    link = html.A(part("packs", html.Span, className="packs"), href="/battery", title=localizer("page.battery"))
    return html.Section(link, className="card packs-card")


def _strip(localizer: Localizer) -> html.Section:
    looks = ("charge", "forecast", "reserve", "off", "planned", "possible", "unknown")
    legend = [html.Li([html.Span(className=f"key key-{look}"), localizer(f"strip.{look}")]) for look in looks]
    scale = [html.Span(localizer.number("percent", mark), className=f"scale scale-{mark}") for mark in (100, 50)]
    layers = [html.Div(id=PAST, className="strip-past"), part("strip", className="strip-live"), *scale]
    return html.Section(
        [html.H2(localizer("strip.title")), html.Div(layers, className="strip"), html.Ul(legend, className="legend")],
        className="card strip-card",
    )


def _sources(localizer: Localizer) -> html.Section:
    return html.Section(
        [
            html.H2(localizer("now.sources")),
            part("sources", html.Ul, className="sources"),
            part("services", html.Ul, className="services"),
        ],
        className="card if-answered",
    )


def _plugs(localizer: Localizer) -> html.Section:
    return html.Section(
        [
            html.H2(localizer("plug.title")),
            text("plugs-closed", html.P, className="plugs-closed"),
            part("plug-plan", html.Ul, className="plug-plan"),
            html.P(id="plug-result", role="status", className="unseen"),
            part("plugs", html.Ul, className="plugs", **attributes(data_no_answer=localizer("plug.no_answer"))),
        ],
        className="card if-answered plugs-card",
    )


def _details(localizer: Localizer) -> html.Section:
    rows = [
        ("mode", localizer("now.mode")),
        ("temperature", localizer("now.temperature")),
        ("output-voltage", localizer("now.output_voltage")),
        ("output-frequency", localizer("now.output_frequency")),
        ("battery-voltage", localizer("now.battery_voltage")),
        ("battery-current", localizer("now.battery_current")),
        ("grid-frequency", localizer("now.grid_frequency")),
        ("sun-strings", localizer("now.sun_strings")),
        ("warnings", localizer("now.warnings")),
        ("faults", localizer("now.faults")),
    ]
    pairs = [
        html.Div([html.Dt(label), text(key, html.Dd, className="dims", **attributes(data_state_of=key))])
        for key, label in rows
    ]
    return html.Section([html.H2(localizer("now.details")), html.Dl(pairs)], className="card details if-readings")


PAGE = Page("now", "now", layout, view, recorded=recorded, routes=routes)
