"""How the pages write HTML: Dash's components, for what is laid out once and for what is drawn anew from /live."""

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

DASHS_OWN = ("_prop_names", "_valid_wildcard_attributes", "available_properties", "available_wildcard_properties")
"""What a component remembers besides what it was given; to_plotly_json() also tells them apart, but slowly."""


def attributes(**named: str) -> Any:
    """Return attributes with dashes in their names: data_text is data-text."""
    return {name.replace("_", "-"): value for name, value in named.items()}


def icon(name: str) -> html.Span:
    """Return a drawing that says nothing to a screen reader; the words beside it do."""
    return html.Span(className=f"icon icon-{name}", **attributes(aria_hidden="true"))


def text(key: str, tag: Any = html.Span, **more: Any) -> Any:
    """Return an element that shows a text of /live."""
    return tag(**attributes(data_text=key), **more)


def part(key: str, tag: Any = html.Div, **more: Any) -> Any:
    """Return an element of which the inside is drawn from a part of /live."""
    return tag(**attributes(data_part=key), **more)


def planted(nodes: list[Any]) -> Any:
    """Return an element in which assets/live.js builds these: React would take seconds over a thousand of them."""
    return html.Div(className="recorded", **attributes(data_tree=json.dumps(tree(nodes), ensure_ascii=False)))


def empty(title: str, sentence: str, name: str = "waiting") -> html.Section:
    """Return a card that says what is missing and what to do."""
    return html.Section([icon(name), html.H2(title), html.P(sentence)], className="card empty")


def tree(node: Any) -> Any:
    """Return components as plain data, [tag, attributes, children] each, from which assets/live.js makes elements."""
    if isinstance(node, list | tuple):
        return [tree(one) for one in node if one is not None]
    if not isinstance(node, Component):
        return str(node)
    given = {name: value for name, value in vars(node).items() if name not in DASHS_OWN}
    inside = given.pop("children", None)
    children = [] if inside is None else tree(inside if isinstance(inside, list | tuple) else [inside])
    return [str(node._type).lower(), given, children]
