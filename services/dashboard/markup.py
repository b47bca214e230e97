"""HTML, always written as Dash's components.

The server renders the first page of them, assets/live.js what changes, and Dash itself only what holds a chart.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component
from markupsafe import Markup, escape

DASHS_OWN = ("_prop_names", "_valid_wildcard_attributes", "available_properties", "available_wildcard_properties")
"""Internal attributes of a component; to_plotly_json() leaves them out too, but is slow."""
HTML_NAMES = {
    "className": "class",
    "htmlFor": "for",
    "tabIndex": "tabindex",
    "colSpan": "colspan",
    "dateTime": "datetime",
}
"""HTML's names for these attributes; assets/live.js has the same list."""
VOID = {"br", "hr", "img", "input"}
"""Elements without an end tag."""


def attributes(**named: str) -> Any:
    """Return attributes with dashes in their names: data_text is data-text."""
    return {name.replace("_", "-"): value for name, value in named.items()}


def icon(name: str) -> html.Span:
    """Return an icon, hidden from screen readers: the words next to it say the same."""
    return html.Span(className=f"icon icon-{name}", **attributes(aria_hidden="true"))


def text(key: str, tag: Any = html.Span, **more: Any) -> Any:
    """Return an element whose text is filled from /live."""
    return tag(**attributes(data_text=key), **more)


def part(key: str, tag: Any = html.Div, **more: Any) -> Any:
    """Return an element whose children are drawn from /live."""
    return tag(**attributes(data_part=key), **more)


def drawn(trees: Sequence[Any], **more: Any) -> html.Div:
    """Return the place where assets/live.js draws plain trees of [tag, attributes, children]."""
    attribute = attributes(data_tree=json.dumps(trees, ensure_ascii=False))
    return html.Div(style={"display": "contents"}, **attribute, **more)


def empty(title: str, sentence: str, name: str = "waiting") -> html.Section:
    """Return a card with what is missing and what to do."""
    return html.Section([icon(name), html.H2(title), html.P(sentence)], className="card empty")


def tree(node: Any) -> Any:
    """Return components as plain data, each [tag, attributes, children], for assets/live.js; such data as it is."""
    if isinstance(node, list) and len(node) == 3 and isinstance(node[1], dict):
        return node
    if isinstance(node, list | tuple):
        return [tree(one) for one in node if one is not None]
    if not isinstance(node, Component):
        return str(node)
    given = {name: value for name, value in vars(node).items() if name not in DASHS_OWN}
    inside = given.pop("children", None)
    children = [] if inside is None else tree(inside if isinstance(inside, list | tuple) else [inside])
    return [str(node._type).lower(), given, children]


@dataclass(frozen=True)
class Content:
    """The content of a layout: texts and states by the key of an element, trees by its key or id."""

    text: Mapping[str, str]
    state: Mapping[str, str]
    parts: Mapping[str, Any]


def filled(node: Any, content: Content) -> Any:
    """Return a tree with its content, in the places where assets/live.js later puts it, pure."""
    if isinstance(node, str):
        return node
    tag, given, children = node
    key, state, part = given.get("data-text"), given.get("data-state-of"), given.get("data-part", given.get("id"))
    if state in content.state:
        given = given | {"data-state": content.state[state]}
    if key in content.text:
        return [tag, given, [content.text[key]]]
    return [tag, given, content.parts.get(part) or [filled(child, content) for child in children]]


def to_html(node: Any) -> Markup:
    """Return a tree as HTML, pure."""
    found: list[str] = []
    _write(node, found)
    return Markup("".join(found))  # noqa: S704 - every text and value in it was escaped


def _write(node: Any, found: list[str]) -> None:
    """Append the HTML of a tree. A page may have ten thousand elements: plain strings are ten times as fast."""
    if isinstance(node, str):
        found.append(escape(node))
        return
    tag, given, children = node
    found.append(f"<{tag}")
    found.extend(_attribute(name, value) for name, value in given.items() if value is not None and value is not False)
    found.append(">")
    if tag in VOID:
        return
    for child in children:
        _write(child, found)
    found.append(f"</{tag}>")


def _attribute(name: str, value: Any) -> str:
    if name == "style":
        value = "; ".join(f"{re.sub('[A-Z]', _dashed, key)}: {size}" for key, size in value.items())
    return f' {escape(HTML_NAMES.get(name, name))}="{"" if value is True else escape(value)}"'


def _dashed(letter: re.Match[str]) -> str:
    return f"-{letter[0].lower()}"


def component(node: Any) -> Any:
    """Return a component as JSON has it; a default for json.dumps."""
    if not isinstance(node, Component):
        raise TypeError(f"{type(node)} is no component")
    props = {name: value for name, value in vars(node).items() if name not in DASHS_OWN}
    return {"props": props, "type": node._type, "namespace": node._namespace}
