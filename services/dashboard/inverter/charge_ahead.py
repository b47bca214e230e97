"""Charging ahead of an outage: what it does or would do and why, and a button that undoes it. Pure."""

from typing import Any

from dash import html

from services.dashboard.inverter.asking import address, button, row
from shared.messages import ChargeAhead, ChargeAheadPhase
from shared.texts.inverter_sentences import charge_ahead_sentences
from shared.texts.localizer import Localizer


def charge_ahead_card(inverter: str, ahead: ChargeAhead, localizer: Localizer, *, closed: bool) -> html.Section:
    """Return the card; closed: nothing can be asked for now."""
    first, *more = charge_ahead_sentences(localizer, ahead) or [localizer("unknown")]
    parts: list[Any] = [html.P(first, className="value"), *(html.P(one, className="reason") for one in more)]
    is_held = ahead.phase is ChargeAheadPhase.HELD_OFF
    if not closed and (ahead.can_undo or is_held):
        text = localizer("inverter.release" if is_held else "inverter.hold_off")
        undo = button(text, f"hold-off-{inverter}", {"hold_off": not is_held})
        parts.append(html.Div([undo], className="ways-out one"))
    result = f"{ahead.phase} {ahead.since.isoformat()}"
    title = localizer("inverter.charge_ahead")
    named = [html.H3(title, className="unseen"), *parts]
    inside = [
        html.H2(title),
        html.Ul([row(named, address(inverter, "charge_ahead"), result, localizer)], className="settings"),
    ]
    return html.Section(inside, className="card charge-ahead")
