"""List items of *System*: a name, a state, remarks and facts, pure."""

from collections.abc import Sequence
from typing import Any

from dash import html

from services.dashboard.markup import attributes, icon

Fact = tuple[str, str | None]
"""A label and a value; facts with None are left out."""


def entry(
    name: str, word: str, state: str, *, remarks: Sequence[Any] = (), facts: Sequence[Fact] = (), tail: str = ""
) -> html.Li:
    """Return one item of a list; remarks stand below its first line, the tail at its end."""
    head = [html.Span(className="dot"), html.Span(name, className="name"), html.Span(word, className="word")]
    if tail:
        head.append(html.Span(tail, className="tail"))
    inside = [html.P(head, className="head"), *remarks, *fact_list(facts)]
    return html.Li(inside, className="entry", **attributes(data_state=state))


def fact_list(facts: Sequence[Fact], kind: str = "") -> list[Any]:
    """Return facts as a list of terms; empty if none is known."""
    known = [html.Div([html.Dt(label), html.Dd(value)]) for label, value in facts if value]
    return [html.Dl(known, className=f"terms {kind}")] if known else []


def empty_item(sentence: str) -> html.Li:
    """Return the item of an empty list: what is missing and what to do."""
    return html.Li([icon("waiting"), html.Span(sentence)], className="none-yet")
