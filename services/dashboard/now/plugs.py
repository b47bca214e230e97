"""The plugs and their switches: a press sends a command, and only the state that comes back is shown."""

from typing import Any

from dash import html
from flask import Flask, Response, jsonify, request

from services.dashboard.markup import attributes, icon
from services.dashboard.pages import PageContext
from shared.broker_state import BrokerState
from shared.live_figures import is_plug_live, is_service_working
from shared.messages import BY_GRID, PlugCommand, PlugState
from shared.texts.localizer import Localizer


def plug_rows(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return a list item for each plug: its name, its state in words, its switch or the lock."""
    closed = bool(why_disabled(snapshot, localizer))
    return [
        _row(id_, plug, _gangs(snapshot, id_, plug), localizer, closed=closed) for id_, plug in snapshot.plugs_by_name()
    ]


def _gangs(snapshot: BrokerState, id_: str, plug: PlugState) -> dict[str, str]:
    """Return the names of a plug's switches by their codes, none if it has only one."""
    return {gang: snapshot.gang_name(id_, gang) for gang in plug.gangs} if len(plug.gangs) > 1 else {}


def why_disabled(snapshot: BrokerState, localizer: Localizer) -> str:
    """Return why no plug can be switched at the moment, or an empty string."""
    if not snapshot.connected:
        return localizer("plug.no_broker")
    is_gone = not is_service_working(snapshot.services.get("tuya"), localizer.now)
    return localizer("plug.no_service") if (snapshot.plugs or snapshot.plug_infos) and is_gone else ""


def refusal(snapshot: BrokerState, id_: str, localizer: Localizer) -> tuple[str, int] | None:
    """Return why a plug cannot be switched, with the HTTP status, or None if it can."""
    plug = snapshot.plugs.get(id_)
    if plug is None:
        return localizer("plug.not_there"), 404
    if plug.protected:
        return localizer("plug.is_protected", name=plug.name), 409
    why = why_disabled(snapshot, localizer)
    if why:
        return why, 503
    return (localizer("plug.is_away", name=plug.name), 409) if state(plug, localizer) == "away" else None


def state(plug: PlugState, localizer: Localizer) -> str:
    """Return on, off, unknown, away (unreachable) or pending (commanded, not confirmed yet)."""
    if not is_plug_live(plug, localizer.now):
        return "away"
    if plug.pending is not None:
        return "pending"
    return "unknown" if plug.on is None else "on" if plug.on else "off"


def routes(server: Flask, context: PageContext) -> None:
    """Accept commands: POST /plugs/<id> {"on": true}, or {"on": true, "gang": "switch_2"} for one of its switches."""

    @server.post("/plugs/<id_>")
    def switch(id_: str) -> tuple[Response, int]:
        localizer, wish = context.localizer(), request.get_json(silent=True)
        on = wish.get("on") if isinstance(wish, dict) else None
        gang = wish.get("gang") if isinstance(wish, dict) else None
        if not isinstance(on, bool) or not isinstance(gang, str | None):
            return jsonify(error=localizer("plug.bad_wish")), 400
        refused = refusal(context.snapshot(), id_, localizer)
        if refused:
            return jsonify(error=refused[0]), refused[1]
        context.send(id_, PlugCommand(at=localizer.now, on=on, gang=gang, by="dashboard"))
        return jsonify(asked=on), 202


def _row(id_: str, plug: PlugState, gangs: dict[str, str], localizer: Localizer, *, closed: bool) -> html.Li:
    now = state(plug, localizer)
    words = [html.Span(_word(plug, now, localizer), className="word"), *_notes(plug, now, localizer)]
    details = html.Div(
        [html.Span(plug.name, className="name"), html.Span(words, className="notes")], className="plug-words"
    )
    parts = [
        icon("plug"),
        details,
        _lock(localizer) if plug.protected else _switch(id_, plug, now, localizer, closed=closed),
    ]
    if gangs:
        shut = closed or plug.protected or now in ("away", "pending")
        buttons = [_gang(id_, gang, name, plug.gangs[gang], localizer, closed=shut) for gang, name in gangs.items()]
        parts.append(html.Div(buttons, className="gangs"))
    if plug.reason:
        parts.append(html.P([icon("alert"), html.Span(localizer.reason(plug.reason))], className="problem"))
    parts.append(html.P(className="problem refused", role="alert"))  # filled by assets/plugs.js
    return html.Li(parts, **attributes(data_state=now, data_plug=id_))


def _word(plug: PlugState, now: str, localizer: Localizer) -> str:
    if now == "pending":
        return localizer("plug.turning_on" if plug.pending else "plug.turning_off")
    word = localizer(f"plug.{now}")
    return word + localizer("plug.unconfirmed") if now in ("on", "off") and not plug.confirmed else word


def _notes(plug: PlugState, now: str, localizer: Localizer) -> list[html.Span]:
    notes: list[str] = []
    if now == "away":
        notes.append(localizer("page.as_of", at=localizer.since(plug.at)))
    elif plug.since:
        by_grid = plug.switched_by == BY_GRID and now in ("on", "off")
        notes.append(localizer(f"plug.grid_{now}" if by_grid else "plug.since", since=localizer.since(plug.since)))
    if plug.dry_run:
        notes.append(localizer("plug.dry_run"))
    return [html.Span(note, className="fact") for note in notes]


def _gang(id_: str, gang: str, name: str, on: bool | None, localizer: Localizer, *, closed: bool) -> html.Button:
    """Return the button of one of several switches, with its name and state; a press requests the opposite."""
    words = {True: localizer("plug.on"), False: localizer("plug.off"), None: localizer("unknown")}
    return html.Button(
        f"{name}: {words[on]}",
        id=f"plug-{id_}-{gang}",
        type="button",
        className="gang",
        disabled=closed,
        **attributes(aria_pressed=str(on is True).lower(), data_gang=gang, data_wish=str(not on).lower()),
    )


def _lock(localizer: Localizer) -> html.Span:
    return html.Span([icon("lock"), html.Span(localizer("plug.protected"))], className="lock")


def _switch(id_: str, plug: PlugState, now: str, localizer: Localizer, *, closed: bool) -> html.Button:
    """The switch. It shows the known state; `data-wish` is the state that a press requests."""
    on = plug.on is True and now != "away"
    wish = not (plug.on or False)
    return html.Button(
        html.Span(className="knob"),
        id=f"plug-{id_}",
        type="button",
        role="switch",
        className="switch",
        disabled=closed or now == "away",
        **attributes(
            aria_disabled=str(now == "pending").lower(),  # disabled itself would lose the focus
            aria_checked=str(on).lower(),
            aria_label=localizer("plug.switch", name=plug.name),
            aria_busy=str(now == "pending").lower(),
            data_wish=str(wish).lower(),
            data_asking=localizer("plug.turning_on" if wish else "plug.turning_off"),
        ),
    )
