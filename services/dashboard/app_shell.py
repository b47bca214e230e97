"""The frame of all pages: skip link, header, tabs at the bottom of a phone, notices, pure."""

from collections.abc import Sequence
from typing import Any

from dash import html
from markupsafe import Markup

from services.dashboard.guest_view import for_guests
from services.dashboard.markup import Content, attributes, filled, icon, part, text, to_html, tree
from services.dashboard.pages import Page, nothing
from shared.texts.language import Language
from shared.texts.localizer import Localizer

MAIN, DASH = "main", "react-entry-point"


def shell(
    pages: Sequence[Page], opened: Page, content: Content, localizer: Localizer, *, guest: bool = False
) -> Markup:
    """Return the body of the document as HTML."""
    return Markup("\n").join(map(to_html, frame(pages, opened, content, localizer, guest=guest)))


def frame(
    pages: Sequence[Page], opened: Page, content: Content, localizer: Localizer, *, guest: bool = False
) -> list[Any]:
    """Return trees of the body: all pages, one of which is shown, with all its known content."""
    layouts = [
        filled(tree(_page(page, localizer)), content) if page is opened else tree(_page(page, localizer))
        for page in pages
        if page.layout is not nothing
    ]
    if guest:
        layouts = for_guests(layouts)
    inside = [filled(tree(_notices(localizer)), content), *layouts, tree(_charts(localizer))]
    return [
        tree(_skip_link(localizer)),
        tree(_header(pages, opened, localizer)),
        ["main", {"id": MAIN, "tabIndex": "-1"}, inside],
        tree(_links(pages, opened, localizer, "bottom")),
    ]


def _page(page: Page, localizer: Localizer) -> html.Div:
    devices = part("pager", html.Nav, className="pager", **attributes(aria_label=localizer("page.devices")))
    inside = [*page.layout(localizer), devices]
    return html.Div(inside, className=f"page {page.name}", **attributes(data_page=page.name))


def _charts(localizer: Localizer) -> html.Div:
    """Return the place of Dash, with a placeholder until it is loaded."""
    return html.Div(html.P(localizer("page.loading"), className="loading"), id=DASH)


def charts(pages: Sequence[Page], localizer: Localizer) -> list[html.Div]:
    """Return the part of the pages that Dash renders."""
    return [
        html.Div(
            page.charts(localizer),
            className=f"page {page.name}",
            **({} if page.layout is not nothing else attributes(data_page=page.name)),
        )
        for page in pages
        if page.charts
    ]


def _skip_link(localizer: Localizer) -> html.A:
    return html.A(localizer("page.skip"), href=f"#{MAIN}", className="skip")


def _header(pages: Sequence[Page], opened: Page, localizer: Localizer) -> html.Header:
    toggle = html.Button(
        [icon("sun"), icon("moon")],
        type="button",
        className="toggle",
        **attributes(aria_label=localizer("page.switch_theme"), data_switch_look=""),
    )
    brand = html.Div([icon("bolt"), html.Span(localizer("page.brand"))], className="brand")
    tools = html.Div([_languages(localizer), toggle], className="tools")
    return html.Header(html.Div([brand, _links(pages, opened, localizer, "top"), tools], className="header"))


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
        type="button",
        lang=language.value,
        **attributes(data_language=language.value, aria_pressed=str(chosen).lower()),
    )


def _links(pages: Sequence[Page], opened: Page, localizer: Localizer, kind: str) -> html.Nav:
    links = [
        html.A(
            [icon(page.icon), html.Span(localizer(f"page.{page.name}"))],
            href=page.path,
            className=f"goto goto-{page.name}",
            **attributes(data_goto=page.name, data_charts=str(bool(page.charts)).lower()),
            **(attributes(aria_current="page") if page.name in (opened.name, opened.parent) else {}),
        )
        for page in pages
        if not page.parent
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
