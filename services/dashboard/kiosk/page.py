"""The routes of the screen on the wall: its document, its script and style, and the figures that it asks for."""

import hashlib
import time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template_string, request

from services.dashboard.access import keep_session
from services.dashboard.kiosk.sun import is_sun_up, place_of_zone
from services.dashboard.kiosk.view import view
from services.dashboard.pages import PageContext
from services.dashboard.paths import KIOSK, KIOSK_FIGURES, KIOSK_SCRIPT, KIOSK_STYLES
from shared.trusted_time import is_unset

HERE = Path(__file__).parent
LOOKS = ("light", "dark")
"""What `?look=` may name; otherwise it goes by the sun."""


def routes(server: Flask, context: PageContext) -> None:
    """Serve the screen."""

    @server.get(KIOSK)
    def kiosk() -> str:
        localizer = context.localizer()
        chosen = request.args.get("look")
        return render_template_string(
            _file("kiosk.html"),
            language=localizer.language.value,
            look=chosen if chosen in LOOKS else "",
            version=_version(),
            say=localizer,
            first=_figures(context),
            script=f"{KIOSK_SCRIPT}?m={_version()}",
            styles=f"{KIOSK_STYLES}?m={_version()}",
            figures=KIOSK_FIGURES,
        )

    @server.get(KIOSK_FIGURES)
    def figures() -> Response:
        keep_session(time.time())  # or a screen would be shut out after a month
        return jsonify(_figures(context))

    server.add_url_rule(KIOSK_SCRIPT, KIOSK_SCRIPT, lambda: Response(_file("kiosk.js"), mimetype="text/javascript"))
    server.add_url_rule(KIOSK_STYLES, KIOSK_STYLES, lambda: Response(_file("kiosk.css"), mimetype="text/css"))


def _figures(context: PageContext) -> dict[str, Any]:
    localizer = context.localizer()
    shown = view(context.snapshot(), localizer, context.settings.fresh_for)
    by_sun = "" if is_unset(localizer.now) else "light" if _is_day(context, localizer.now) else "dark"
    return vars(shown) | {"look": by_sun, "version": _version()}


def _is_day(context: PageContext, now: Any) -> bool:
    return is_sun_up(now, _place(context.settings.time_zone))


@cache
def _place(zone: str) -> tuple[float, float]:
    return place_of_zone((files("tzdata") / "zoneinfo" / "zone1970.tab").read_text(), zone)


@cache
def _file(name: str) -> str:
    return (HERE / name).read_text()


@cache
def _version() -> str:
    text = "".join(map(_file, ("kiosk.html", "kiosk.css", "kiosk.js")))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
