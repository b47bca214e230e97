"""The reader's language."""

from flask import has_request_context, request

from shared.texts.language import Language

COOKIE, HEADER = "language", "X-Language"


def wanted(cookie: str | None, accepted: str | None) -> Language:
    """Return the language chosen on the page, else the browser's first supported language, else Ukrainian."""
    if cookie in list(Language):
        return Language(cookie)
    for one in (accepted or "").split(","):
        code = one.strip()[:2].lower()
        if code in list(Language):
            return Language(code)
    return Language.UK


def request_language() -> Language:
    """Return the language of the request; Ukrainian outside of one, as Dash builds the layout once at the start.

    A page names its own, because another window may have chosen a different one since; an address may also name one.
    """
    if not has_request_context():
        return Language.UK
    chosen = request.headers.get(HEADER) or request.args.get("lang") or request.cookies.get(COOKIE)
    return wanted(chosen, request.headers.get("Accept-Language"))
