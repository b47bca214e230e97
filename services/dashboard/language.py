"""Which language a reader wants."""

from flask import has_request_context, request

from shared.texts.language import Language

COOKIE = "language"


def wanted(cookie: str | None, accepted: str | None) -> Language:
    """Return the language chosen on the page, or else the browser's first that we speak, or else Ukrainian."""
    if cookie in list(Language):
        return Language(cookie)
    for one in (accepted or "").split(","):
        code = one.strip()[:2].lower()
        if code in list(Language):
            return Language(code)
    return Language.UK


def asked_language() -> Language:
    """Return the language of whoever asks; Dash wants the layout once before anybody has come."""
    if not has_request_context():
        return Language.UK
    return wanted(request.cookies.get(COOKIE), request.headers.get("Accept-Language"))
