"""What a press may ask for: rows that show an outcome, and buttons that assets/inverter.js understands. Pure."""

import json
from typing import Any
from urllib.parse import quote

from dash import html

from services.dashboard.markup import attributes
from shared.texts.localizer import Localizer


def address(inverter: str, *rest: str) -> str:
    """Return the address of something that can be asked for."""
    return "/".join(("/inverter", *(quote(part, safe="") for part in (inverter, *rest))))


def row(parts: list[Any], where: str, result: str, localizer: Localizer, key: str = "") -> html.Li:
    """Return a list item whose buttons ask at an address; another result means that something has become of it."""
    asking = html.P(localizer("inverter.asking"), className="asking")
    return html.Li([*parts, asking], **attributes(data_asks=where, data_key=where + key, data_result=result))


def button(text: str, id_: str, wish: dict[str, Any], *, closed: bool = False, pressed: bool | None = None) -> Any:
    """Return a button that asks what a wish would do."""
    state = {} if pressed is None else attributes(aria_pressed=str(pressed).lower())
    told = json.dumps(wish, ensure_ascii=False)
    return html.Button(text, id=id_, type="button", disabled=closed, **attributes(data_wish=told), **state)


def outcome(words: str | None, kind: str) -> list[html.P]:
    """Return the line that says what has become of it."""
    return [html.P(words, className="outcome", **attributes(data_outcome=kind))] if words else []
