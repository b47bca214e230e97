"""Which language a reader wants, pure."""

from shared.texts.catalogue import Language

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
