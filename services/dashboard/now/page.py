"""The page that opens first. Elements with `data-text` and `data-state-of` are filled by assets/live.js from /live."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.now.view import view
from services.dashboard.pages import Page
from services.dashboard.wording import Clock


def layout(clock: Clock) -> list[Any]:
    """Return the page; its texts and states come from /live."""
    return [
        html.Section(
            [icon("waiting"), html.H1(clock("now.empty_title")), text("empty", html.P)], className="card empty if-empty"
        ),
        html.Div(
            [
                _banner(),
                html.Div(
                    [_flow(clock), html.Div([_tiles(clock), _details(clock)], className="facts")],
                    className="columns",
                ),
                html.Section(
                    [html.H2(clock("now.other_inverters")), part("others", html.Ul, className="others")],
                    className="card",
                ),
            ],
            className="if-readings",
        ),
        html.Section(
            [html.H2(clock("service.title")), part("services", html.Ul, className="services")],
            className="card if-answered",
        ),
    ]


def _banner() -> html.Section:
    return html.Section(
        [
            html.Span(className="banner-icon icon", **attributes(aria_hidden="true")),
            html.Div(
                [
                    html.H1([text("banner", **attributes(aria_live="polite")), text("lasting", className="lasting")]),
                    text("verdict", html.P, className="verdict"),
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
                html.Div(html.Div(className="level"), className="bar"),
                "battery-fact",
                "battery-note",
                "battery-voltage",
            ),
            _tile("home", clock("node.home"), "home", "home-note"),
            _tile("sun", clock("node.sun"), "sun", "sun-note"),
            _tile("grid", clock("node.grid"), "grid", "grid-note", "grid-voltage", "grid-frequency"),
        ],
        className="tiles",
    )


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
    return html.Section([html.H2(clock("now.details")), html.Dl(pairs)], className="card details")


PAGE = Page("now", "now", layout, view)
