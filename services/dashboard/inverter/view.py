"""The view of *Inverter*: each setting with its value, who changed it last, and what it may be changed to. Pure."""

import json
from datetime import timedelta
from math import ceil, floor
from typing import Any

from dash import html

from services.dashboard.markup import attributes, empty, tree
from services.dashboard.pages import View
from services.dashboard.reasons import reason_lines
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.freshness import fresh
from shared.messages import InverterControl, InverterSettings, SettingChange, SettingState
from shared.setting_requests import is_read
from shared.texts.inverter_sentences import inverters, last_changed, name_of, outcome_words, value_words, what_happens
from shared.texts.localizer import Localizer

RESULT_HOLDS = timedelta(minutes=15)
"""How long the outcome of a change stands beside its setting."""
MOST_NUMBERS = 200
CHOOSE_NUMBER = attributes(data_choose_number="")


def view(snapshot: BrokerState, localizer: Localizer, _fresh_for: timedelta) -> View:
    """Return a card for each inverter whose settings are known."""
    names = inverters(snapshot)
    cards = [_card(snapshot, name, localizer, alone=len(names) == 1) for name in names]
    nothing = empty(localizer("inverter.none_title"), localizer("inverter.none"), "inverter")
    return View(parts={"inverters": tree(cards or [nothing])})


def _card(snapshot: BrokerState, name: str, localizer: Localizer, *, alone: bool) -> html.Section:
    known, reads = snapshot.inverter_settings[name], is_read(snapshot, name, localizer.now)
    common = _common_reason(known)
    remarks = [
        *([] if reads else [_remark(localizer("inverter.not_read"))]),
        *([_remark(localizer("inverter.control_off"))] if known.control is InverterControl.OFF else []),
        *([_remark(localizer.reason(common))] if common else []),
    ]
    rows = [
        _row(snapshot, (name, setting), state, localizer, shown_above=common, open_=reads)
        for setting, state in known.settings.items()
    ]
    model = snapshot.inverter_infos.get(name)
    title = localizer("inverter.named", name=name) if not alone else model.model if model else ""
    head = [html.H2(title)] if title else []
    return html.Section([*head, *remarks, html.Ul(rows, className="settings")], className="card")


def _common_reason(known: InverterSettings) -> Reason | None:
    """Return why none of the settings can be changed, where that is the same for all of them."""
    reasons = {one.reason for one in known.settings.values()}
    return next(iter(reasons)) if len(reasons) == 1 and known.control is not InverterControl.OFF else None


def _row(
    snapshot: BrokerState,
    of: tuple[str, str],
    state: SettingState,
    localizer: Localizer,
    *,
    shown_above: Reason | None,
    open_: bool,
) -> html.Li:
    inverter, setting = of
    known = snapshot.inverter_settings[inverter]
    changing, may = known.changing == setting, state.writable and open_
    result = _result(snapshot, of, localizer)
    hidden = (shown_above, control.CONTROL_OFF() if known.control is InverterControl.OFF else None)
    reason = None if state.reason in hidden else state.reason
    parts = [
        html.H3(name_of(localizer, setting)),
        html.P(value_words(localizer, setting, state.value), className="value"),
        html.P(last_changed(localizer, state), className="reason"),
        *reason_lines([reason], localizer),
        *_outcome(result, localizer, changing=changing),
        html.P(localizer("inverter.asking"), className="asking"),
        *([_ways(of, state, localizer, closed=bool(known.changing))] if may else []),
    ]
    at = result.at.isoformat() if result else ""
    return html.Li(parts, **attributes(data_setting="/".join(of), data_result=at))


def _result(snapshot: BrokerState, of: tuple[str, str], localizer: Localizer) -> SettingChange | None:
    """Return the last outcome of what somebody has asked for here, where it is of now."""
    last = snapshot.setting_changes.get("/".join(of))
    return last if last and last.by != "device" and fresh(last.at, localizer.now, RESULT_HOLDS) else None


def _outcome(result: SettingChange | None, localizer: Localizer, *, changing: bool) -> list[html.P]:
    if changing:
        return [html.P(localizer("inverter.changing"), className="outcome", **attributes(data_outcome="pending"))]
    if result is None:
        return []
    words = outcome_words(localizer, result)
    return [html.P(words, className="outcome", **attributes(data_outcome=result.outcome.value))]


def _ways(of: tuple[str, str], state: SettingState, localizer: Localizer, *, closed: bool) -> html.Details:
    """Return what the setting may be changed to, folded."""
    summary = html.Summary(localizer("inverter.change"), **attributes(aria_label=_change_label(of, localizer)))
    ways = _choices if state.choices else _number
    return html.Details([summary, *ways(of, state, localizer, closed=closed)], className="ways")


def _change_label(of: tuple[str, str], localizer: Localizer) -> str:
    return f"{localizer('inverter.change')}: {name_of(localizer, of[1])}"


def _choices(of: tuple[str, str], state: SettingState, localizer: Localizer, *, closed: bool) -> list[Any]:
    buttons = [
        html.Button(
            what_happens(localizer, of[1], choice),
            id=f"choose-{'-'.join(of)}-{choice}",
            type="button",
            disabled=closed or choice == state.value,
            **attributes(data_choose=json.dumps(choice), aria_pressed=str(choice == state.value).lower()),
        )
        for choice in state.choices
    ]
    return [html.Div(buttons, className="ways-out", role="group", **attributes(aria_label=name_of(localizer, of[1])))]


def _number(of: tuple[str, str], state: SettingState, localizer: Localizer, *, closed: bool) -> list[Any]:
    id_ = f"number-{'-'.join(of)}"
    options = [
        html.Option(value_words(localizer, of[1], number), value=json.dumps(number), selected=number == state.value)
        for number in numbers(state)
    ]
    label = html.Label(localizer("inverter.new_value"), htmlFor=id_)
    chosen = html.Select(options, id=id_, disabled=closed)
    ask = html.Button(localizer("inverter.next"), type="button", disabled=closed, id=f"ask-{id_}", **CHOOSE_NUMBER)
    return [html.Div([label, chosen, ask], className="number")]


def numbers(state: SettingState) -> list[float]:
    """Return the numbers that a setting may be changed to, not more of them than a list can show."""
    if state.low is None or state.high is None or not state.step:
        return []
    whole = float(state.step).is_integer() and float(state.low).is_integer()
    count = floor((state.high - state.low) / state.step) + 1
    every = ceil(count / MOST_NUMBERS)
    steps = [round(state.low + index * state.step, 3) for index in range(0, count, every)]
    return [int(one) for one in steps] if whole else steps


def _remark(sentence: str) -> html.P:
    return html.P(sentence, className="remark")
