"""What the page is made of. Elements with `data-text` and `data-state-of` are filled by assets/live.js from /live."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from services.dashboard.periods import PATH as HISTORY_PATH
from services.dashboard.texts import Words

HEADER_PX = 56
TABS_PX = 60
REFRESH_MS = 60_000


def shell(words: Words) -> dmc.MantineProvider:
    """Return the whole page: header, both pages of which one is shown, and tabs at the bottom of a phone."""
    return dmc.MantineProvider(
        html.Div(
            [
                dcc.Location(id="url", refresh=False),
                dcc.Store(id="look"),
                dcc.Interval(id="minute", interval=REFRESH_MS),
                dmc.AppShell(
                    [_header(words), dmc.AppShellMain([_notices(words), _now(words), _history(words)]), _tabs(words)],
                    header={"height": HEADER_PX},
                    footer={"height": {"base": TABS_PX, "sm": 0}},
                ),
            ],
            id="page",
        ),
        defaultColorScheme="auto",
        theme={"defaultRadius": "md", "primaryColor": "teal"},
    )


def attributes(**named: str) -> Any:
    """Return attributes with dashes in their names: data_text is data-text."""
    return {name.replace("_", "-"): value for name, value in named.items()}


def icon(name: str) -> html.Span:
    """Return a drawing that says nothing to a screen reader; the words beside it do."""
    return html.Span(className=f"icon icon-{name}", **attributes(aria_hidden="true"))


def _text(key: str, tag: Any = html.Span, **more: Any) -> Any:
    return tag(**attributes(data_text=key), **more)


def _header(words: Words) -> dmc.AppShellHeader:
    toggle = dmc.ColorSchemeToggle(
        lightIcon=icon("sun"),
        darkIcon=icon("moon"),
        variant="subtle",
        color="gray",
        size="lg",
        **attributes(aria_label=words.switch_theme),
    )
    brand = html.Div([icon("bolt"), html.Span(words.brand)], className="brand")
    return dmc.AppShellHeader(html.Div([brand, _links(words, "top"), toggle], className="header"))


def _tabs(words: Words) -> dmc.AppShellFooter:
    return dmc.AppShellFooter(_links(words, "bottom"), hiddenFrom="sm")


def _links(words: Words, kind: str) -> html.Nav:
    now = dcc.Link([icon("now"), html.Span(words.now)], href="/", className="goto goto-now")
    history = dcc.Link([icon("chart"), html.Span(words.history)], href=HISTORY_PATH, className="goto goto-history")
    return html.Nav([now, history], className=kind, **attributes(aria_label=words.pages))


def _notices(words: Words) -> html.Div:
    return html.Div(
        [
            html.P([icon("alert"), html.Span(words.server_gone)], className="notice notice-lost"),
            html.P([icon("alert"), _text("notice")], className="notice notice-broker"),
        ],
        role="status",
    )


# now


def _now(words: Words) -> html.Div:
    return html.Div(
        [
            html.Section(
                [icon("waiting"), html.H1(words.empty_title), _text("empty", html.P)], className="card empty if-empty"
            ),
            html.Div(
                [
                    _banner(),
                    html.Div(
                        [_flow(words), html.Div([_tiles(words), _details(words)], className="facts")],
                        className="columns",
                    ),
                    html.Section(
                        [html.H2(words.other_inverters), html.Ul(id="others", className="others")],
                        id="others-card",
                        className="card",
                    ),
                ],
                className="if-readings",
            ),
            html.Section(
                [html.H2(words.services), html.Ul(id="services", className="services")], className="card if-answered"
            ),
        ],
        className="now",
    )


def _banner() -> html.Section:
    return html.Section(
        [
            html.Span(className="banner-icon icon", **attributes(aria_hidden="true")),
            html.Div(
                [
                    html.H1([_text("banner", **attributes(aria_live="polite")), _text("lasting", className="lasting")]),
                    _text("verdict", html.P, className="verdict"),
                ]
            ),
            html.P([html.Span(className="pulse"), _text("name", className="name"), _text("as-of")], className="as-of"),
        ],
        className="banner",
        **attributes(data_state_of="banner"),
    )


def _flow(words: Words) -> html.Section:
    nodes = [("sun", words.sun), ("grid", words.grid), ("home", words.home), ("battery", words.battery)]
    return html.Section(
        [
            html.H2(words.flow),
            html.Div(
                [html.Div(id="flow-lines"), *(_node(key, label) for key, label in nodes), _hub()], className="flow dims"
            ),
        ],
        className="card flow-card",
    )


def _hub() -> html.Span:
    return html.Span(icon("bolt"), className="hub")


def _node(key: str, label: str) -> html.Div:
    ring = [icon(key), _text(key, className="value")]
    below = [html.Span(label, className="label"), _text("soc" if key == "battery" else f"{key}-note", className="note")]
    return html.Div(
        [html.Div(ring, className="ring"), html.Div(below, className="caption")],
        className=f"node node-{key}",
        **attributes(data_state_of=key),
    )


def _tiles(words: Words) -> html.Div:
    return html.Div(
        [
            _tile(
                "battery",
                words.battery,
                "soc",
                html.Div(html.Div(className="level"), className="bar"),
                "battery-fact",
                "battery-note",
                "battery-voltage",
            ),
            _tile("home", words.home, "home", "home-note"),
            _tile("sun", words.sun, "sun", "sun-note"),
            _tile("grid", words.grid, "grid", "grid-note", "grid-voltage", "grid-frequency"),
        ],
        className="tiles",
    )


def _tile(key: str, label: str, value: str, *notes: Any) -> html.Section:
    """A tile: its name, one large value, and small facts below it in a row."""
    bars = [note for note in notes if not isinstance(note, str)]
    facts = [_text(note, className="fact") for note in notes if isinstance(note, str)]
    return html.Section(
        [
            html.H2([icon(key), label]),
            _text(value, html.P, className="value dims"),
            *bars,
            html.P(facts, className="note dims"),
        ],
        className=f"card tile tile-{key}",
        **attributes(data_state_of=key),
    )


def _details(words: Words) -> html.Section:
    rows = [
        ("mode", words.mode),
        ("temperature", words.temperature),
        ("output-voltage", words.output_voltage),
        ("output-frequency", words.output_frequency),
        ("battery-current", words.battery_current),
        ("warnings", words.warnings),
        ("faults", words.faults),
    ]
    pairs = [
        html.Div([html.Dt(label), _text(key, html.Dd, className="dims", **attributes(data_state_of=key))])
        for key, label in rows
    ]
    return html.Section([html.H2(words.details), html.Dl(pairs)], className="card details")


# history


def _history(words: Words) -> html.Div:
    return html.Div(html.P(words.loading, className="loading"), id="history", className="history")
