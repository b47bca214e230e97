"""HTML, always written as Dash's components: React renders the layout and charts, assets/live.js everything else."""

import json
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

DASHS_OWN = ("_prop_names", "_valid_wildcard_attributes", "available_properties", "available_wildcard_properties")
"""Internal attributes of a component; to_plotly_json() leaves them out too, but is slow."""


def attributes(**named: str) -> Any:
    """Return attributes with dashes in their names: data_text is data-text."""
    return {name.replace("_", "-"): value for name, value in named.items()}


def icon(name: str) -> html.Span:
    """Return an icon, hidden from screen readers: the words beside it say the same."""
    return html.Span(className=f"icon icon-{name}", **attributes(aria_hidden="true"))


def text(key: str, tag: Any = html.Span, **more: Any) -> Any:
    """Return an element whose text is filled from /live."""
    return tag(**attributes(data_text=key), **more)


def part(key: str, tag: Any = html.Div, **more: Any) -> Any:
    """Return an element whose children are drawn from /live."""
    return tag(**attributes(data_part=key), **more)


def for_callback(nodes: Sequence[Any]) -> Any:
    """Return what a callback answers: plain HTML as a tree for assets/live.js, charts and links of Dash as they are.

    React would take seconds over a thousand elements.
    """
    return nodes if needs_react(nodes) else drawn(tree(nodes))


def drawn(trees: Sequence[Any], **more: Any) -> html.Div:
    """Return the place where assets/live.js draws plain trees of [tag, attributes, children]."""
    attribute = attributes(data_tree=json.dumps(trees, ensure_ascii=False))
    return html.Div(style={"display": "contents"}, **attribute, **more)


def needs_react(node: Any) -> bool:
    """Return whether there is a component in it that is not plain HTML."""
    if isinstance(node, list | tuple):
        return any(map(needs_react, node))
    if not isinstance(node, Component):
        return False
    return node._namespace != html.Div._namespace or needs_react(getattr(node, "children", None))


def empty(title: str, sentence: str, name: str = "waiting") -> html.Section:
    """Return a card with what is missing and what to do."""
    return html.Section([icon(name), html.H2(title), html.P(sentence)], className="card empty")


def tree(node: Any) -> Any:
    """Return components as plain data, [tag, attributes, children] each, for assets/live.js."""
    if isinstance(node, list | tuple):
        return [tree(one) for one in node if one is not None]
    if not isinstance(node, Component):
        return str(node)
    given = {name: value for name, value in vars(node).items() if name not in DASHS_OWN}
    inside = given.pop("children", None)
    children = [] if inside is None else tree(inside if isinstance(inside, list | tuple) else [inside])
    return [str(node._type).lower(), given, children]


def component(node: Any) -> Any:
    """Return a component as JSON has it; a default for json.dumps."""
    if not isinstance(node, Component):
        raise TypeError(f"{type(node)} is no component")
    props = {name: value for name, value in vars(node).items() if name not in DASHS_OWN}
    return {"props": props, "type": node._type, "namespace": node._namespace}
