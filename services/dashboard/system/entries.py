"""How the page *System* writes what it lists: a name, a state in a word, facts below, pure."""

from collections.abc import Sequence
from typing import Any

from dash import html

from services.dashboard.markup import attributes, icon

Fact = tuple[str, str | None]
"""What it is called, and what it is; None where it is unknown or does not apply, then nothing is shown."""


def entry(
    name: str, word: str, state: str, *, remarks: Sequence[Any] = (), facts: Sequence[Fact] = (), tail: str = ""
) -> html.Li:
    """Return one item of a list; remarks stand below its first line, the tail at its end."""
    head = [html.Span(className="dot"), html.Span(name, className="name"), html.Span(word, className="word")]
    if tail:
        head.append(html.Span(tail, className="tail"))
    inside = [html.P(head, className="head"), *remarks, *pairs_of(facts)]
    return html.Li(inside, className="entry", **attributes(data_state=state))


def pairs_of(facts: Sequence[Fact], kind: str = "") -> list[Any]:
    """Return facts as a list of terms, none where nothing is known."""
    known = [html.Div([html.Dt(label), html.Dd(value)]) for label, value in facts if value]
    return [html.Dl(known, className=f"terms {kind}")] if known else []


def none_yet(sentence: str) -> html.Li:
    """Return what stands in a list without items: what is missing and what to do."""
    return html.Li([icon("waiting"), html.Span(sentence)], className="none-yet")
