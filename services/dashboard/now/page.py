"""The page that opens first. Elements with `data-text` and `data-state-of` are filled by assets/live.js from /live."""

from typing import Any

from dash import dcc, html

from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.now.plugs import routes
from services.dashboard.now.recorded import recorded
from services.dashboard.now.view import view
from services.dashboard.pages import Page
from services.dashboard.wording import Clock


def layout(clock: Clock) -> list[Any]:
    """Return the page; its texts and states come from /live."""
    return [
        _of_house(_banner()),
        html.Section(
            [icon("waiting"), text("empty-title", html.H1), text("empty", html.P)], className="card empty if-empty"
        ),
        html.Div(
            [_flow(clock), html.Div([_tiles(clock), _packs(clock)], className="facts")],
            className="columns if-readings",
        ),
        html.Div(_packs(clock), className="if-empty"),
        _of_house(_strip(clock)),
        html.Section(
            [html.H2(clock("now.other_inverters")), part("others", html.Ul, className="others")],
            className="card if-readings",
        ),
        _plugs(clock),
        html.Div([_details(clock), _sources(clock)], className="columns"),
    ]


def _of_house(section: html.Section) -> html.Div:
    """What has something to say even without an inverter, where a plan, a battery or the grid is known."""
    return html.Div(section, className="if-answered of-house", **attributes(data_state_of="house"))


def _banner() -> html.Section:
    return html.Section(
        [
            html.Span(className="banner-icon icon", **attributes(aria_hidden="true")),
            html.Div(
                [
                    html.H1([text("banner", **attributes(aria_live="polite")), text("lasting", className="lasting")]),
                    text("verdict", html.P, className="verdict"),
                    text("outlook", html.P, className="verdict outlook"),
                ]
            ),
            html.P([html.Span(className="pulse"), text("name", className="name"), text("as-of")], className="as-of"),
        ],
        className="banner",
        **attributes(data_state_of="banner"),
    )


def _flow(clock: Clock) -> html.Section:
    nodes = [
        ("sun", clock("node.sun")),
        ("grid", clock("node.grid")),
        ("home", clock("node.home")),
        ("battery", clock("node.battery")),
    ]
    return html.Section(
        [
            html.H2(clock("now.flow")),
            html.Div(
                [html.Div(id="flow-lines"), *(_node(key, label) for key, label in nodes), _hub()], className="flow dims"
            ),
        ],
        className="card flow-card",
    )


def _hub() -> html.Span:
    return html.Span(icon("bolt"), className="hub")


def _node(key: str, label: str) -> html.Div:
    ring = [icon(key), text(key, className="value")]
    below = [html.Span(label, className="label"), text("soc" if key == "battery" else f"{key}-note", className="note")]
    return html.Div(
        [html.Div(ring, className="ring"), html.Div(below, className="caption")],
        className=f"node node-{key}",
        **attributes(data_state_of=key),
    )


def _tiles(clock: Clock) -> html.Div:
    return html.Div(
        [
            _tile(
                "battery",
                clock("node.battery"),
                "soc",
                _bar(),
                "battery-fact",
                "battery-note",
                "battery-voltage",
            ),
            _tile("home", clock("node.home"), "home", _bar(), "home-note"),
            _tile("sun", clock("node.sun"), "sun", "sun-note", "sun-strings"),
            _tile("grid", clock("node.grid"), "grid", "grid-note", "grid-voltage", "grid-frequency"),
        ],
        className="tiles",
    )


def _bar() -> html.Div:
    return html.Div(html.Div(className="level"), className="bar", **attributes(aria_hidden="true"))


def _tile(key: str, label: str, value: str, *notes: Any) -> html.Section:
    """A tile: its name, one large value, and small facts below it in a row."""
    bars = [note for note in notes if not isinstance(note, str)]
    facts = [text(note, className="fact") for note in notes if isinstance(note, str)]
    return html.Section(
        [
            html.H2([icon(key), label]),
            text(value, html.P, className="value dims"),
            *bars,
            html.P(facts, className="note dims"),
        ],
        className=f"card tile tile-{key}",
        **attributes(data_state_of=key),
    )


def _packs(clock: Clock) -> html.Section:
    """Several batteries, each of which leads to their page."""
    link = dcc.Link(part("packs", html.Span, className="packs"), href="/battery", title=clock("page.battery"))
    return html.Section(link, className="card packs-card")


def _strip(clock: Clock) -> html.Section:
    looks = ("charge", "off", "planned", "possible", "unknown")
    legend = [html.Li([html.Span(className=f"key key-{look}"), clock(f"strip.{look}")]) for look in looks]
    scale = [html.Span(clock.number("percent", mark), className=f"scale scale-{mark}") for mark in (100, 50)]
    layers = [html.Div(id="now-recorded", className="strip-past"), part("strip", className="strip-live"), *scale]
    return html.Section(
        [html.H2(clock("strip.title")), html.Div(layers, className="strip"), html.Ul(legend, className="legend")],
        className="card strip-card",
    )


def _sources(clock: Clock) -> html.Section:
    return html.Section(
        [
            html.H2(clock("now.sources")),
            part("sources", html.Ul, className="sources"),
            part("services", html.Ul, className="services"),
        ],
        className="card if-answered",
    )


def _plugs(clock: Clock) -> html.Section:
    return html.Section(
        [
            html.H2(clock("plug.title")),
            text("plugs-closed", html.P, className="plugs-closed"),
            part("plugs", html.Ul, className="plugs", **attributes(data_no_answer=clock("plug.no_answer"))),
        ],
        className="card if-answered plugs-card",
    )


def _details(clock: Clock) -> html.Section:
    rows = [
        ("mode", clock("now.mode")),
        ("temperature", clock("now.temperature")),
        ("output-voltage", clock("now.output_voltage")),
        ("output-frequency", clock("now.output_frequency")),
        ("battery-current", clock("now.battery_current")),
        ("warnings", clock("now.warnings")),
        ("faults", clock("now.faults")),
    ]
    pairs = [
        html.Div([html.Dt(label), text(key, html.Dd, className="dims", **attributes(data_state_of=key))])
        for key, label in rows
    ]
    return html.Section([html.H2(clock("now.details")), html.Dl(pairs)], className="card details if-readings")


PAGE = Page("now", "now", layout, view, recorded=recorded, renews=True, routes=routes)
