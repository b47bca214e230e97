"""The login page, which works without scripts, and the refusal where no password is set."""

import logging
import math
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from services.dashboard.access.csrf import csrf_token
from services.dashboard.access.ended_sessions import new_session
from services.dashboard.access.origin import local_path, throttle_key
from services.dashboard.access.password import Password
from services.dashboard.access.throttle import Throttle
from services.dashboard.asset_bundles import styles
from services.dashboard.language import request_language
from services.dashboard.paths import GUEST, LOGIN
from services.dashboard.response_headers import COLOR_SCHEME_SCRIPT, GUEST_SCRIPT
from shared.texts.catalogue import say
from shared.texts.language import Language

log = logging.getLogger("access")


def pages(password: Password | None, is_authorized: Callable[[], bool]) -> Blueprint:
    """Return the routes of login and logout."""
    blueprint = Blueprint("access", __name__, template_folder="templates")
    throttle, one_at_a_time = Throttle(), threading.Lock()

    @blueprint.get(LOGIN)
    def form() -> ResponseReturnValue:
        return page() if password and not is_authorized() else redirect(_next(), 303)

    @blueprint.get(GUEST)
    def by_link() -> ResponseReturnValue:
        return page(guest=True) if password and not is_authorized() else redirect(_next(), 303)

    @blueprint.post(LOGIN)
    def enter() -> ResponseReturnValue:
        if not password:
            return redirect("/", 303)
        with one_at_a_time:  # or simultaneous attempts would all be checked before the first is counted
            return _try(password, throttle)

    @blueprint.post("/logout")
    def leave() -> ResponseReturnValue:
        inside = session.pop("in", None)
        if isinstance(inside, str):
            current_app.config["ENDED_SESSIONS"].end(inside, time.time())
        session.clear()
        return redirect(LOGIN, 303)

    return blueprint


def address(then: str) -> str:
    """Return the address of the login page that leads on to a path."""
    return LOGIN if then == "/" else f"{LOGIN}?{urlencode({'next': then})}"


def page(problem: str = "", status: int = 200, *, guest: bool = False, **values: object) -> Response:
    """Return the login page, with the problem if there is one; a guest's link fills it in by itself."""
    language = request_language()
    shown = render_template(
        "login.html",
        language=language.value,
        color_scheme_script=COLOR_SCHEME_SCRIPT,
        styles=styles().address,
        say=lambda name: say(language, name),
        problem=say(language, problem, **values) if problem else "",
        token=csrf_token(),
        next=_next(),
        guest_script=GUEST_SCRIPT if guest else "",
    )
    return make_response(shown, status)


def refused() -> Response:
    """Return the page for other machines while no password is set, in both languages."""
    shown = render_template(
        "refused.html",
        color_scheme_script=COLOR_SCHEME_SCRIPT,
        styles=styles().address,
        languages=list(Language),
        say=say,
    )
    return make_response(shown, 403)


def _try(password: Password, throttle: Throttle) -> Response:
    who, now = throttle_key(request.remote_addr), time.monotonic()
    wait = math.ceil(throttle.wait_s(who, now))
    if wait:
        answer = page("access.wait", 429, wait=_length(wait))
        answer.headers["Retry-After"] = str(wait)
        return answer
    typed = request.form.get("password", "")
    link = current_app.config["GUESTS"].opened_by(typed)
    if link is None and not password.matches(typed):
        throttle.failed(who, now)
        log.warning("A wrong password came from %s.", request.remote_addr)
        return page("access.wrong", 401)
    throttle.succeeded(who)
    session.clear()
    session.permanent = True
    session.update({"in": new_session()} if link is None else {"guest": link})
    return make_response(redirect(_next(), 303))


def _next() -> str:
    return local_path(request.values.get("next"))


def _length(seconds: int) -> str:
    name = "access.seconds" if seconds < 120 else "minutes"
    return say(request_language(), name, seconds=seconds, minutes=math.ceil(seconds / 60))
