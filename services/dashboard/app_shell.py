"""The frame of all pages: header, tabs at the bottom of a phone, notices."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html

from services.dashboard.markup import attributes, icon, text
from services.dashboard.pages import Page
from shared.texts.language import Language
from shared.texts.localizer import Localizer

HEADER_PX = 56
TABS_PX = 60
REFRESH_MS = 60_000


def shell(pages: Sequence[Page], localizer: Localizer) -> dmc.MantineProvider:
    """Return the frame with all pages in it, of which one is shown."""
    main = [_notices(localizer), *(_page(page, localizer) for page in pages)]
    return dmc.MantineProvider(
        html.Div(
            [
                dcc.Location(id="url", refresh=False),
                dcc.Store(id="look"),
                dcc.Interval(id="minute", interval=REFRESH_MS),
                dmc.AppShell(
                    [_header(pages, localizer), dmc.AppShellMain(main), _tabs(pages, localizer)],
                    header={"height": HEADER_PX},
                    footer={"height": {"base": TABS_PX, "sm": 0}},
                ),
            ],
            id="page",
        ),
        defaultColorScheme="auto",
        theme={"defaultRadius": "md", "primaryColor": "teal"},
    )


def _page(page: Page, localizer: Localizer) -> html.Div:
    return html.Div(page.layout(localizer), className=f"page {page.name}", **attributes(data_page=page.name))


def _header(pages: Sequence[Page], localizer: Localizer) -> dmc.AppShellHeader:
    toggle = dmc.ColorSchemeToggle(
        lightIcon=icon("sun"),
        darkIcon=icon("moon"),
        variant="subtle",
        color="gray",
        size="lg",
        **attributes(aria_label=localizer("page.switch_theme")),
    )
    brand = html.Div([icon("bolt"), html.Span(localizer("page.brand"))], className="brand")
    tools = html.Div([_languages(localizer), toggle], className="tools")
    return dmc.AppShellHeader(html.Div([brand, _links(pages, localizer, "top"), tools], className="header"))


def _languages(localizer: Localizer) -> html.Div:
    return html.Div(
        [_language(one, chosen=one is localizer.language) for one in Language],
        className="languages",
        role="group",
        **attributes(aria_label=localizer("page.language")),
    )


def _language(language: Language, *, chosen: bool) -> html.Button:
    return html.Button(
        language.upper(),
        lang=language.value,
        **attributes(data_language=language.value, aria_pressed=str(chosen).lower()),
    )


def _tabs(pages: Sequence[Page], localizer: Localizer) -> dmc.AppShellFooter:
    return dmc.AppShellFooter(_links(pages, localizer, "bottom"), hiddenFrom="sm")


def _links(pages: Sequence[Page], localizer: Localizer, kind: str) -> html.Nav:
    links = [
        dcc.Link(
            [icon(page.icon), html.Span(localizer(f"page.{page.name}"))],
            href=page.path,
            className=f"goto goto-{page.name}",
        )
        for page in pages
    ]
    return html.Nav(links, className=kind, **attributes(aria_label=localizer("page.pages")))


def _notices(localizer: Localizer) -> html.Div:
    return html.Div(
        [
            html.P([icon("alert"), html.Span(localizer("page.server_gone"))], className="notice notice-lost"),
            html.P([icon("alert"), text("notice")], className="notice notice-broker"),
        ],
        role="status",
    )
