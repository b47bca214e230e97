"""The pages before the door: the login, which works without scripts, and the refusal where no password is set."""

import logging
import math
import threading
import time
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from services.dashboard.access.csrf import csrf_token
from services.dashboard.access.origin import counted_as, local_path
from services.dashboard.access.password import Password
from services.dashboard.access.throttle import Throttle
from services.dashboard.language import asked_language
from services.dashboard.response_headers import LOOK_EARLY
from shared.texts.catalogue import say
from shared.texts.language import Language

log = logging.getLogger("access")

PATH = "/login"


def pages(password: Password | None) -> Blueprint:
    """Return login and logout."""
    blueprint = Blueprint("access", __name__, template_folder="templates")
    throttle, one_at_a_time = Throttle(), threading.Lock()

    @blueprint.get(PATH)
    def form() -> ResponseReturnValue:
        return page() if password and not session.get("in") else redirect(_next(), 303)

    @blueprint.post(PATH)
    def enter() -> ResponseReturnValue:
        if not password:
            return redirect("/", 303)
        with one_at_a_time:  # or many tries at once would all be looked at before the first is counted
            return _try(password, throttle)

    @blueprint.post("/logout")
    def leave() -> ResponseReturnValue:
        session.clear()
        return redirect(PATH, 303)

    return blueprint


def address(then: str) -> str:
    """Return the login page that leads on to a path."""
    return PATH if then == "/" else f"{PATH}?{urlencode({'next': then})}"


def page(problem: str = "", status: int = 200, **values: object) -> Response:
    """Return the login page, with what went wrong."""
    language = asked_language()
    shown = render_template(
        "login.html",
        language=language.value,
        look_early=LOOK_EARLY,
        say=lambda name: say(language, name),
        problem=say(language, problem, **values) if problem else "",
        token=csrf_token(),
        next=_next(),
    )
    return make_response(shown, status)


def refused() -> Response:
    """Return the page for others than this machine, as long as there is no password; nobody has chosen a language."""
    shown = render_template("refused.html", look_early=LOOK_EARLY, languages=list(Language), say=say)
    return make_response(shown, 403)


def _try(password: Password, throttle: Throttle) -> Response:
    who, now = counted_as(request.remote_addr), time.monotonic()
    wait = math.ceil(throttle.wait_s(who, now))
    if wait:
        answer = page("access.wait", 429, wait=_length(wait))
        answer.headers["Retry-After"] = str(wait)
        return answer
    if not password.matches(request.form.get("password", "")):
        throttle.failed(who, now)
        log.warning("A wrong password came from %s.", request.remote_addr)
        return page("access.wrong", 401)
    throttle.succeeded(who)
    session.clear()
    session.permanent = True
    session["in"] = True
    return make_response(redirect(_next(), 303))


def _next() -> str:
    return local_path(request.values.get("next"))


def _length(seconds: int) -> str:
    name = "access.seconds" if seconds < 120 else "minutes"
    return say(asked_language(), name, seconds=seconds, minutes=math.ceil(seconds / 60))
