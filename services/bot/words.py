"""Sentences for Telegram: the shared catalogue with every value escaped, lines joined, long texts split. Pure."""

from datetime import datetime, tzinfo
from html import escape

from shared.texts.language import Language
from shared.texts.localizer import Localized, Localizer

LONGEST = 3600
"""Telegram takes 4096 characters after it has read the tags; we count the tags too, but an emoji once, not twice."""


Html = Localized
"""A text that is HTML already."""


def html_escape(text: str) -> str:
    """Return a text as Telegram's HTML wants it."""
    return escape(text, quote=False)


def Voice(language: Language, now: datetime, zone: tzinfo) -> Localizer:  # noqa: N802
    """Return a localizer that speaks HTML."""
    return Localizer(language, now, zone, html_escape)


def lines(*given: str | None) -> str:
    """Join what there is, a line each."""
    return "\n".join(line for line in given if line)


def paragraphs(*given: str | None) -> str:
    """Join what there is, with an empty line between."""
    return "\n\n".join(one for one in given if one)


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Cut a text at its lines, for a tag never runs over one; a line that is too long by itself loses its tags."""
    parts, part = list[str](), ""
    for line in (piece for whole in text.split("\n") for piece in _pieces(whole, longest)):
        if part and len(part) + 1 + len(line) > longest:
            parts.append(part)
            part = ""
        part = f"{part}\n{line}" if part else line
    return [*parts, part]


def _pieces(line: str, longest: int) -> list[str]:
    if len(line) <= longest:
        return [line]
    bare = plain(line)
    step = longest // 6  # escaping makes at most five characters of one
    return [escape(bare[start : start + step], quote=False) for start in range(0, len(bare), step)]


def plain(text: str) -> str:
    """Return a text without its tags, for a message that Telegram could not read."""
    out, is_inside = [], False
    for character in text:
        is_inside = character == "<" or (is_inside and character != ">")
        if not is_inside and character != ">":
            out.append(character)
    return "".join(out).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
