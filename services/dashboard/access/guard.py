"""Access control for every request: who may read, and which commands are accepted."""

import hmac
import time
from datetime import timedelta
from pathlib import Path

from flask import Flask, Request, current_app, has_request_context, jsonify, redirect, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature

from services.dashboard.access import login
from services.dashboard.access.csrf import equal, has_csrf_token
from services.dashboard.access.ended_sessions import EndedSessions
from services.dashboard.access.guests import Guests
from services.dashboard.access.origin import from_this_machine, same_origin
from services.dashboard.access.password import Password
from services.dashboard.language import request_language
from services.dashboard.paths import CALENDAR, DOWNLOADS, GUEST, HEALTH, LOGIN, METRICS, STYLES, open_to_guests
from services.dashboard.settings import DashboardSettings
from services.dashboard.web_manifest import ICONS, MANIFEST
from shared.texts.catalogue import say

SESSION_LIFETIME = timedelta(days=30)
"""How long a visitor stays logged in after opening the page."""
KEYED = (CALENDAR, METRICS)
"""Paths for programs that cannot log in: each has its own read-only key, which opens nothing else."""
OPEN = {HEALTH, LOGIN, GUEST, MANIFEST, STYLES, "/assets/icon.svg", *ICONS.values()}
"""Served without a login: the login page's files and the health check."""
SAFE = {"GET", "HEAD", "OPTIONS"}
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
"""Headers that proxies add to a request."""


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, marked secure when it is set over https; one from the future is as good as any.

    After an outage a Raspberry Pi may go by the time of its last shutdown for hours: nobody has to log in again then.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Return the session of a request, an empty one if its cookie is not ours or too old."""
        signer, cookie = self.get_signing_serializer(app), request.cookies.get(self.get_cookie_name(app))
        if signer is None or not cookie:
            return self.session_class()
        try:
            content, signed = signer.loads(cookie, return_timestamp=True)
        except BadSignature:
            return self.session_class()
        age_s = time.time() - signed.timestamp()
        return self.session_class(content if age_s <= app.permanent_session_lifetime.total_seconds() else None)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - as Flask calls it
        """Return whether the cookie is for https only."""
        return request.is_secure


def protect(
    server: Flask, settings: DashboardSettings, key: bytes, *, ended: Path | None = None, guests: Path | None = None
) -> None:
    """Require the password or, where none is set, this machine; accept commands from our own page only.

    `ended` is the file of the sessions that have ended, `guests` that of the guests' links.
    """
    given = settings.dashboard_password.get_secret_value()
    password = Password(given, key) if given else None
    signing = password.derived(key) if password else key
    server.secret_key = signing
    server.session_interface = Sessions()
    server.config.update(
        PASSWORD_IS_SET=bool(password),
        ENDED_SESSIONS=EndedSessions(SESSION_LIFETIME.total_seconds(), ended),
        GUESTS=Guests(signing, guests),
        READ_KEYS={path: hmac.new(signing, path.encode(), "sha256").hexdigest()[:32] for path in KEYED if password},
        SESSION_COOKIE_NAME=f"easun_{settings.dashboard_port}",  # cookies do not tell ports apart
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
    )
    server.before_request(_require_login)
    server.before_request(_require_own_page)
    server.register_blueprint(login.pages(password, is_authorized))


def is_authorized() -> bool:
    """Return whether the visitor may see everything."""
    if current_app.config["PASSWORD_IS_SET"]:
        inside = session.get("in")
        return isinstance(inside, str) and inside not in current_app.config["ENDED_SESSIONS"]
    return from_this_machine(
        request.remote_addr, request.host, forwarded=any(name in request.headers for name in PROXY_HEADERS)
    )


def is_guest() -> bool:
    """Return whether the visitor came by a guest's link that is still open."""
    if not has_request_context() or is_authorized():
        return False
    link, config = session.get("guest"), current_app.config
    return bool(config["PASSWORD_IS_SET"]) and isinstance(link, str) and link in config["GUESTS"]


def read_key(path: str) -> str | None:
    """Return the key that opens one of KEYED with `?key=` and nothing else; None if none is needed."""
    key: str | None = current_app.config["READ_KEYS"].get(path)
    return key


def _require_login() -> ResponseReturnValue | None:
    if request.path in OPEN or is_authorized():
        return None
    if not current_app.config["PASSWORD_IS_SET"]:
        return login.refused()
    if is_guest():
        return _within_guest_pages()
    if request.path in KEYED and equal(request.args.get("key"), read_key(request.path)):
        return None
    if request.method in SAFE and "text/html" in request.headers.get("Accept", ""):
        return redirect(login.address(request.full_path.rstrip("?")), 303)
    return jsonify(error=say(request_language(), "access.log_in_first")), 401


def _within_guest_pages() -> ResponseReturnValue | None:
    """Let a guest read what is open to guests, and refuse everything that a guest sends."""
    if request.method in SAFE and open_to_guests(request.path):
        return None
    if request.method in SAFE and "text/html" in request.headers.get("Accept", ""):
        return redirect("/", 303)
    return jsonify(error=say(request_language(), "access.guest_only_reads")), 403


def _require_own_page() -> ResponseReturnValue | None:
    if request.method in SAFE and request.path not in DOWNLOADS:
        return None
    ours = same_origin(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), request.host)
    if ours and has_csrf_token():
        return None
    if request.path == LOGIN:
        return login.page("access.again", status=400)
    return jsonify(error=say(request_language(), "access.not_from_page")), 403
