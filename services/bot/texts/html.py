"""Telegram's HTML: escaping, joining lines, splitting long texts, removing tags. Pure."""

from html import escape

LONGEST = 3600
"""Telegram allows 4096 characters without the tags; we count the tags too, but an emoji once, not twice."""


def escape_html(text: str) -> str:
    """Return a text escaped for Telegram's HTML."""
    return escape(text, quote=False)


def lines(*given: str | None) -> str:
    """Join what there is, one per line."""
    return "\n".join(line for line in given if line)


def paragraphs(*given: str | None) -> str:
    """Join what there is, with an empty line between."""
    return "\n\n".join(one for one in given if one)


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Split a text between lines, as no tag spans two; a line that is too long by itself loses its tags."""
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
    step = longest // 6  # escaping turns one character into at most five
    return [escape_html(bare[start : start + step]) for start in range(0, len(bare), step)]


def plain(text: str) -> str:
    """Return a text without its tags, for a button or a message that Telegram could not parse."""
    out, is_inside = [], False
    for character in text:
        is_inside = character == "<" or (is_inside and character != ">")
        if not is_inside and character != ">":
            out.append(character)
    return "".join(out).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
