"""The settings of an inverter: each with its value, who changed it last, and what it may be changed to. Pure."""

from collections import Counter
from math import ceil, floor
from typing import Any

from dash import html

from services.dashboard.inverter.asking import address, button, outcome, row
from services.dashboard.markup import attributes
from services.dashboard.reasons import reason_lines
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.freshness import fresh
from shared.messages import InverterControl, InverterSettings, SettingChange, SettingState
from shared.setting_requests import is_read
from shared.texts.inverter_sentences import (
    OUTCOME_HOLDS,
    last_changed,
    name_of,
    outcome_words,
    value_words,
    what_happens,
)
from shared.texts.localizer import Localizer

MOST_NUMBERS = 200
BY_OTHERS = ("device", "automatic")
"""Whose changes nobody is waiting for here."""


def settings_card(snapshot: BrokerState, name: str, localizer: Localizer, *, alone: bool) -> html.Section:
    """Return the card of one inverter; alone: there is no other one, so it needs no name."""
    known, reads = snapshot.inverter_settings[name], is_read(snapshot, name, localizer.now)
    above = _said_above(known)
    remarks = [
        *([] if reads else [localizer("inverter.not_read")]),
        *([localizer("inverter.control_off")] if known.control is InverterControl.OFF else []),
        *([localizer.reason(above)] if above and known.control is not InverterControl.OFF else []),
    ]
    rows = [
        _row(snapshot, (name, setting), None if state.reason == above else state.reason, localizer, reads=reads)
        for setting, state in known.settings.items()
    ]
    model = snapshot.inverter_infos.get(name)
    title = localizer("inverter.named", name=name) if not alone else model.model if model else ""
    head = [*([html.H2(title)] if title else []), *(html.P(one, className="remark") for one in remarks)]
    return html.Section([*head, html.Ul(rows, className="settings")], className="card")


def _said_above(known: InverterSettings) -> Reason | None:
    """Return why settings cannot be changed, where one sentence above them says it: they are off, or most have one."""
    reasons = Counter(one.reason for one in known.settings.values())
    if known.control is InverterControl.OFF:
        return next((one for one in reasons if one and one.code == "control.off"), None)
    if None in reasons:
        return None
    reason, count = next(iter(reasons.most_common(1)), (None, 0))
    return reason if count > 1 else None


def _row(
    snapshot: BrokerState, of: tuple[str, str], reason: Reason | None, localizer: Localizer, *, reads: bool
) -> html.Li:
    inverter, setting = of
    known = snapshot.inverter_settings[inverter]
    state, result = known.settings[setting], _result(snapshot, of, localizer)
    returns = state.returns_to
    parts = [
        html.H3(name_of(localizer, setting)),
        html.P(value_words(localizer, setting, state.value), className="value"),
        *([] if returns is None else [_line(localizer("inverter.for_now", value=_value(of, returns, localizer)))]),
        *([_line(last_changed(localizer, state))] if state.value is not None or state.writable else []),
        *reason_lines([reason], localizer),
        *_outcome(result, localizer, changing=known.changing == setting),
        *([_ways(of, state, localizer, closed=bool(known.changing))] if state.writable and reads else []),
    ]
    return row(parts, address(inverter, "setting", setting), result.at.isoformat() if result else "", localizer)


def _value(of: tuple[str, str], value: Any, localizer: Localizer) -> str:
    return value_words(localizer, of[1], value)


def _line(sentence: str) -> html.P:
    return html.P(sentence, className="reason")


def _result(snapshot: BrokerState, of: tuple[str, str], localizer: Localizer) -> SettingChange | None:
    """Return the last outcome of what somebody has asked for, where it is of now."""
    last = snapshot.setting_changes.get("/".join(of))
    return last if last and last.by not in BY_OTHERS and fresh(last.at, localizer.now, OUTCOME_HOLDS) else None


def _outcome(result: SettingChange | None, localizer: Localizer, *, changing: bool) -> list[html.P]:
    if changing:
        return outcome(localizer("inverter.changing"), "pending")
    return outcome(outcome_words(localizer, result), result.outcome.value) if result else []


def _ways(of: tuple[str, str], state: SettingState, localizer: Localizer, *, closed: bool) -> html.Details:
    """Return what the setting may be changed to, folded."""
    label = f"{localizer('inverter.change')}: {name_of(localizer, of[1])}"
    summary = html.Summary(localizer("inverter.change"), **attributes(aria_label=label))
    ways = _choices if state.choices else _number
    return html.Details([summary, *ways(of, state, localizer, closed=closed)], className="ways")


def _choices(of: tuple[str, str], state: SettingState, localizer: Localizer, *, closed: bool) -> list[Any]:
    buttons = [
        button(
            what_happens(localizer, of[1], choice),
            f"choose-{'-'.join(of)}-{choice}",
            {"value": choice},
            closed=closed or choice == state.value,
            pressed=choice == state.value,
        )
        for choice in state.choices
    ]
    return [html.Div(buttons, className="ways-out", role="group", **attributes(aria_label=name_of(localizer, of[1])))]


def _number(of: tuple[str, str], state: SettingState, localizer: Localizer, *, closed: bool) -> list[Any]:
    id_ = f"number-{'-'.join(of)}"
    options = [
        html.Option(value_words(localizer, of[1], number), value=f"{number:g}", selected=number == state.value)
        for number in numbers(state)
    ]
    label = html.Label(localizer("inverter.new_value"), htmlFor=id_)
    ask = button(localizer("inverter.next"), f"ask-{id_}", {}, closed=closed)
    return [html.Div([label, html.Select(options, id=id_, disabled=closed), ask], className="number")]


def numbers(state: SettingState) -> list[float]:
    """Return the numbers that a setting may be changed to, not more of them than a list can show."""
    if state.low is None or state.high is None or not state.step:
        return []
    count = floor((state.high - state.low) / state.step) + 1
    every = ceil(count / MOST_NUMBERS)
    return [round(state.low + index * state.step, 3) for index in range(0, count, every)]
