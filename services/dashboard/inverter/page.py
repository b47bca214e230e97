"""The layout of *Inverter*, and the question that stands between a press and a change."""

from typing import Any

from dash import html

from services.dashboard.inverter.changes import routes
from services.dashboard.inverter.view import view
from services.dashboard.markup import attributes, part
from services.dashboard.pages import Page
from shared.texts.localizer import Localizer


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; its lists come from /live."""
    return [
        html.H1(localizer("inverter.title")),
        part("inverters", className="if-answered inverters dims"),
        # what became of a change, for those who do not see it; filled by assets/inverter.js
        html.P(id="setting-result", role="status", className="unseen", **attributes(data_none=_none(localizer))),
        _question(localizer),
    ]


def _none(localizer: Localizer) -> str:
    return localizer("inverter.no_outcome")


def _question(localizer: Localizer) -> html.Dialog:
    """Return what asks once more, empty until it is needed: assets/inverter.js fills it from the server's answer."""
    yes = html.Button(localizer("inverter.yes"), type="button", className="button yes", id="setting-yes")
    no = html.Button(localizer("inverter.no"), type="button", className="button", id="setting-no")
    return html.Dialog(
        [
            html.H2(id="setting-question"),
            html.Div(className="sentences"),
            html.P(className="reason refused", role="alert", **attributes(data_severity="fault")),
            html.Div([no, yes], className="buttons"),
        ],
        id="setting-dialog",
        className="question",
        **attributes(aria_labelledby="setting-question"),
    )


PAGE = Page("inverter", "inverter", layout, view, routes=routes)
