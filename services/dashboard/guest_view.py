"""What a guest sees of a page: everything except controls, and links to what guests may not see. Pure."""

from typing import Any
from urllib.parse import urlsplit

from services.dashboard.paths import open_to_guests

CONTROLS = {"button", "form", "input", "select", "textarea"}


def for_guests(trees: list[Any]) -> list[Any]:
    """Return trees without what a guest cannot use. `data-owner` marks what goes with a control."""
    return [one if isinstance(one, str) else _without(one) for one in trees if isinstance(one, str) or _is_shown(one)]


def _without(node: Any) -> list[Any]:
    tag, given, children = node
    return [tag, given, for_guests(children)]


def _is_shown(node: Any) -> bool:
    tag, given, _children = node
    if tag in CONTROLS or "data-owner" in given:
        return False
    href = given.get("href")
    return href is None or href.startswith("#") or open_to_guests(urlsplit(href).path)
