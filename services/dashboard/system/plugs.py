"""The plugs of the list: how each is reached, its rule, and buttons that change it. Only what comes back is shown."""

from typing import Any

from dash import html
from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from services.dashboard.markup import attributes
from services.dashboard.now.plugs import why_disabled
from services.dashboard.pages import PageContext
from services.dashboard.reasons import reason_lines
from services.dashboard.system.entries import entry
from shared.broker_state import BrokerState
from shared.live_figures import is_plug_live
from shared.messages import PlugInfo, PlugSetup, PlugState
from shared.texts.localizer import Localizer

STEP = 10
MOST = 10_000
SETTABLE = {"enabled", "protected", "priority", "test"}


def plugs(snapshot: BrokerState, localizer: Localizer) -> list[html.Li]:
    """Return every listed plug, those that are to be decided about first, then by name."""
    infos = {id_: info for id_, info in snapshot.plug_infos.items() if info.listed}
    unlisted = {id_: state for id_, state in snapshot.plugs.items() if id_ not in snapshot.plug_infos}
    closed = bool(why_disabled(snapshot, localizer))
    known = sorted(infos.items(), key=lambda item: (item[1].seen, item[1].name.casefold(), item[0]))
    return [
        *(_listed(id_, info, snapshot, localizer, closed=closed) for id_, info in known),
        *(_entry(one.name or id_, one, [localizer(_rule(one, None))], [], localizer) for id_, one in unlisted.items()),
    ]


def routes(server: Flask, context: PageContext) -> None:
    """Accept changes of the list: POST /plugs/<id>/setup {"enabled": true}."""

    @server.post("/plugs/<id_>/setup")
    def set_up(id_: str) -> tuple[Response, int]:
        localizer, snapshot = context.localizer(), context.snapshot()
        try:
            setup = _setup(request.get_json(silent=True), localizer)
        except ValidationError:
            return jsonify(error=localizer("plug.bad_wish")), 400
        if id_ not in snapshot.plug_infos:
            return jsonify(error=localizer("plug.not_there")), 404
        if why := why_disabled(snapshot, localizer):
            return jsonify(error=why), 503
        context.send(id_, setup)
        return jsonify(asked=True), 202


def _setup(wish: Any, localizer: Localizer) -> PlugSetup:
    """Return what a button asks for. Raises ValidationError."""
    given = wish if isinstance(wish, dict) and set(wish) <= SETTABLE else {"by": None}
    return PlugSetup.model_validate({"at": localizer.now, "by": "dashboard", **given}, strict=True)


def _listed(id_: str, info: PlugInfo, snapshot: BrokerState, localizer: Localizer, *, closed: bool) -> html.Li:
    state = snapshot.plugs.get(id_)
    rules = [
        localizer(_rule(state, info)),
        *([", ".join(snapshot.gang_name(id_, gang) for gang in info.gangs)] if len(info.gangs) > 1 else []),
        *([] if info.seen else [localizer("system.plug_new" if info.follows_grid else "system.plug_held")]),
        *([localizer("system.plug_tested", at=localizer.since(info.tested_at))] if info.tested_at else []),
    ]
    buttons = [
        _toggle(id_, "enabled", localizer, is_on=info.follows_grid, closed=closed or info.protected),
        _toggle(id_, "protected", localizer, is_on=info.protected, closed=closed),
        *([] if info.seen else [_button(id_, "keep", localizer("system.plug_keep"), "{}", closed=closed)]),
        *(_of_following(id_, info, localizer, closed=closed) if info.follows_grid else []),
    ]
    more = [
        *reason_lines([info.reason], localizer),
        html.Div(buttons, className="plug-setup", role="group", **attributes(aria_label=info.name)),
        html.P(className="reason refused", role="alert", **attributes(data_severity="fault")),  # by plug_setup.js
    ]
    item = _entry(info.name, state, rules, more, localizer)
    vars(item).update(attributes(data_setup_of=id_))
    return item


def _entry(name: str, state: PlugState | None, rules: list[str], more: list[Any], localizer: Localizer) -> html.Li:
    shown, look, way = _state(state, localizer)
    line = html.P(" · ".join(filter(None, (*rules, way))), className="reason")
    reasons = reason_lines([state.reason if state else None], localizer)
    return entry(name, shown, look, remarks=[line, *reasons, *more])


def _state(state: PlugState | None, localizer: Localizer) -> tuple[str, str, str]:
    """Return the state in words, as the dot's look, and the way to the plug."""
    if state is None or (state.reachable is None and state.on is None):
        return localizer("system.plug_found"), "disabled", ""
    if not is_plug_live(state, localizer.now):
        away = f"{localizer('system.out_of_reach')}, {localizer('page.as_of', at=localizer.since(state.at))}"
        return away, "offline", ""
    word = localizer(f"system.plug_{ {True: 'on', False: 'off', None: 'unknown'}[state.on] }")
    return word, "online" if state.on else "disabled", localizer(f"system.via_{state.via}") if state.via else ""


def _rule(state: PlugState | None, info: PlugInfo | None) -> str:
    if info.protected if info else state and state.protected:
        return "system.rule_protected"
    if state and state.dry_run:
        return "system.rule_dry_run"
    return "system.rule_idle" if info and not info.follows_grid else "system.rule_switched"


def _toggle(id_: str, field: str, localizer: Localizer, *, is_on: bool, closed: bool) -> html.Button:
    """Return a button that shows what is so and asks for the opposite."""
    wish = "false" if is_on else "true"
    button = _button(id_, field, localizer(f"system.plug_{field}"), f'{{"{field}": {wish}}}', closed=closed)
    vars(button).update(attributes(aria_pressed=str(is_on).lower()))
    return button


def _of_following(id_: str, info: PlugInfo, localizer: Localizer, *, closed: bool) -> list[Any]:
    test = _button(id_, "test", localizer("system.plug_test"), '{"test": true}', closed=closed)
    return [test, *_priority(id_, info, localizer, closed=closed)]


def _priority(id_: str, info: PlugInfo, localizer: Localizer, *, closed: bool) -> list[Any]:
    sooner, later = max(0, info.priority - STEP), min(MOST, info.priority + STEP)
    return [
        html.Span(localizer("system.plug_priority", number=info.priority), className="priority"),
        _button(id_, "sooner", localizer("system.plug_sooner"), f'{{"priority": {sooner}}}', closed=closed),
        _button(id_, "later", localizer("system.plug_later"), f'{{"priority": {later}}}', closed=closed),
    ]


def _button(id_: str, name: str, text: str, wish: str, *, closed: bool) -> html.Button:
    return html.Button(
        text, id=f"setup-{id_}-{name}", type="button", disabled=closed, **attributes(data_plug_setup=wish)
    )
