"""The HTML document of a page. It contains all that is known, so it can be read before any script has run."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from services.dashboard.access import csrf_token, is_guest
from services.dashboard.app_shell import shell
from services.dashboard.asset_bundles import scripts, styles
from services.dashboard.guest_view import for_guests
from services.dashboard.markup import Content, tree
from services.dashboard.pages import Page, PageContext, View, ViewOptions
from services.dashboard.paging import pager
from services.dashboard.response_headers import COLOR_SCHEME_SCRIPT
from services.dashboard.shown_devices import shown_devices
from services.dashboard.web_manifest import ICONS, MANIFEST, PAPER
from shared.broker_state import BrokerState
from shared.conditions import clock
from shared.live_figures import is_clock_unset
from shared.texts.localizer import Localizer


def document(pages: Sequence[Page], context: PageContext, dash: str) -> str:
    """Return the document of the requested page, or of the first page if there is none with this name.

    `dash` is the HTML that loads Dash.
    """
    localizer = context.localizer()
    page = next((page for page in pages if page.path == request.path), pages[0])
    payload = payload_of(page, context)
    parts = payload["parts"] | visible(_recorded(page, context))
    return render_template(
        "page.html",
        language=localizer.language.value,
        route=page.name,
        live=payload["page"],
        notice=payload["notice"],
        version=scripts().version,
        csrf=csrf_token(),
        title=title(page, localizer),
        touch_icon=ICONS["apple 180"],
        manifest=MANIFEST,
        paper=PAPER,
        color_scheme_script=COLOR_SCHEME_SCRIPT,
        styles=styles().address,
        scripts=scripts().address,
        body=shell(pages, page, Content(payload["text"], payload["state"], parts), localizer, guest=is_guest()),
        dash=dash,
        dash_at_once=bool(page.charts),
    )


def title(page: Page, localizer: Localizer) -> str:
    """Return the title of a page's window."""
    return f"{localizer(f'page.{page.name}')} · {localizer('page.brand')}"


def _recorded(page: Page, context: PageContext) -> dict[str, Any]:
    if page.recorded is None or page.charts:
        return {}
    options = ViewOptions.of(request.query_string.decode(errors="replace"), "")
    return trees_by_id(page, page.recorded(context, context.calendar(), options))


def trees_by_id(page: Page, found: Any) -> dict[str, Any]:
    """Return the recorded content of a page without charts as trees, by the id of the element that they fill."""
    by_id = found if isinstance(found, dict) else {f"{page.name}-recorded": found}
    return {name: tree(nodes) for name, nodes in by_id.items()}


def view_payload(view: View, snapshot: BrokerState, localizer: Localizer) -> dict[str, Any]:
    """Return a view as JSON for the browser, with a notice if the broker is gone or the clock is not set."""
    lost = not snapshot.connected and not view.missing
    page = "empty" if view.missing else "stale" if view.stale or lost else "live"
    kind = "broker" if lost else "clock" if is_clock_unset(snapshot, localizer.now) else ""
    notices = {"broker": localizer("page.broker_gone"), "clock": localizer.reason(clock.NOT_SET()), "": ""}
    return vars(view) | {"page": page, "notice": kind, "text": {**view.text, "notice": notices[kind]}}


def payload_of(page: Page, context: PageContext) -> dict[str, Any]:
    """Return the present view of a page, with one page of the devices if there are very many."""
    part, localizer = shown_devices(context), context.localizer()
    payload = view_payload(page.view(part.snapshot, localizer, context.settings.fresh_for), part.snapshot, localizer)
    return payload | {"parts": visible({**payload["parts"], "pager": tree(pager(part, localizer))})}


def visible(trees: Any) -> Any:
    """Return trees, or several by place, as this visitor may see them."""
    if not is_guest():
        return trees
    return {name: for_guests(one) for name, one in trees.items()} if isinstance(trees, dict) else for_guests(trees)
