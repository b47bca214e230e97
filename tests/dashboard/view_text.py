"""A view as the browser gets it, and the words in its trees."""

import json
from typing import Any

from services.dashboard.html_document import view_payload
from services.dashboard.markup import tree
from services.dashboard.pages import View
from shared.broker_state import BrokerState
from shared.texts.localizer import Localizer


def page(view: View, snapshot: BrokerState, localizer: Localizer) -> dict[str, Any]:
    """Return a view through JSON without NaN, with plain spaces."""
    shown = json.dumps(view_payload(view, snapshot, localizer), allow_nan=False).replace("\\u00a0", " ")
    return dict(json.loads(shown))


def words(node: Any) -> str:
    """Return every text in a tree, or in components."""
    plain = tree(node) if not isinstance(node, list | str) else node
    if isinstance(plain, str):
        return plain.replace("\u00a0", " ")
    if plain and isinstance(plain[0], str) and len(plain) == 3 and isinstance(plain[1], dict):
        return words(plain[2])
    return " ".join(text for text in (words(one).strip() for one in plain) if text)


def all_of(node: Any, tag: str) -> list[Any]:
    """Return every element of a kind in a tree, the outer ones first."""
    if isinstance(node, str):
        return []
    if node and isinstance(node[0], str) and len(node) == 3 and isinstance(node[1], dict):
        return ([node] if node[0] == tag else []) + all_of(node[2], tag)
    return [found for one in node for found in all_of(one, tag)]
