"""The token of a session: whoever sends it back has read our own page."""

import hmac
import secrets

from flask import request, session


def csrf_token() -> str:
    """Return what every command has to send back. Asked for as a page opens, from when the session then lasts."""
    session.permanent = True
    token: str = session.setdefault("csrf", secrets.token_urlsafe(32))
    return token


def sent_back() -> bool:
    """Return whether this request carries the token of its session, as X-CSRF-Token or in a form."""
    return equal(request.headers.get("X-CSRF-Token") or request.form.get("csrf"), session.get("csrf"))


def equal(told: str | None, expected: str | None) -> bool:
    """Return whether both are there and the same, without telling by its time how much of it."""
    return bool(told and expected) and hmac.compare_digest(str(told).encode(), str(expected).encode())
