"""The CSRF token of a session."""

import hmac
import secrets

from flask import request, session


def csrf_token() -> str:
    """Return the token that every command must carry. Opening a page also extends the session."""
    session.permanent = True
    token: str = session.setdefault("csrf", secrets.token_urlsafe(32))
    return token


def keep_session(now_s: float) -> None:
    """Extend the session of a page that stays open for weeks, once a day."""
    day = int(now_s // 86_400)
    if session and session.get("day") != day:
        session.permanent = True
        session["day"] = day


def has_csrf_token() -> bool:
    """Return whether this request carries the token of its session: X-CSRF-Token, in a form or in an address."""
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf") or request.args.get("csrf")
    return equal(given, session.get("csrf"))


def equal(given: str | None, expected: str | None) -> bool:
    """Return whether both are present and equal, compared in constant time."""
    return bool(given and expected) and hmac.compare_digest(str(given).encode(), str(expected).encode())
