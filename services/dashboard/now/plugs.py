"""The plugs and their switches: a wish is sent, and only the state that comes back is shown. Pure but for the route."""

from typing import Any

from dash import html
from flask import Flask, Response, jsonify, request

from services.dashboard.markup import attributes, icon
from services.dashboard.pages import Site
from services.dashboard.services import SILENT, state_of
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.freshness import PLUG_HOLDS, fresh
from shared.messages import PlugCommand, PlugState, ServiceHealth

GONE = (SILENT, ServiceHealth.OFFLINE.value, ServiceHealth.DISABLED.value)


def plug_rows(snapshot: BrokerState, clock: Clock) -> list[Any]:
    """Return a list item for each plug: its name, its state in words, its switch or the lock."""
    closed = bool(closed_why(snapshot, clock))
    by_name = sorted(snapshot.plugs.items(), key=lambda item: (item[1].name.casefold(), item[0]))
    return [_row(id_, plug, clock, closed=closed) for id_, plug in by_name]


def closed_why(snapshot: BrokerState, clock: Clock) -> str:
    """Return why no plug can be switched at all, in a sentence, or nothing."""
    if not snapshot.connected:
        return clock("plug.no_broker")
    service = snapshot.services.get("tuya")
    gone = service is None or state_of(service, clock) in GONE
    return clock("plug.no_service") if snapshot.plugs and gone else ""


def refusal(snapshot: BrokerState, id_: str, clock: Clock) -> tuple[str, int] | None:
    """Return why a plug may not be switched, in a sentence with its HTTP status, or None where it may."""
    plug = snapshot.plugs.get(id_)
    if plug is None:
        return clock("plug.not_there"), 404
    if plug.protected:
        return clock("plug.is_protected", name=plug.name), 409
    why = closed_why(snapshot, clock)
    if why:
        return why, 503
    return (clock("plug.is_away", name=plug.name), 409) if state(plug, clock) == "away" else None


def state(plug: PlugState, clock: Clock) -> str:
    """Return on, off, unknown, away (out of reach) or pending (asked for and not there yet)."""
    if plug.reachable is False or not fresh(plug.at, clock.now, PLUG_HOLDS):
        return "away"
    if plug.pending is not None:
        return "pending"
    return "unknown" if plug.on is None else "on" if plug.on else "off"


def routes(server: Flask, site: Site) -> None:
    """Take wishes: POST /plugs/<id> {"on": true}."""

    @server.post("/plugs/<id_>")
    def switch(id_: str) -> tuple[Response, int]:
        clock, wish = site.clock(), request.get_json(silent=True)
        on = wish.get("on") if isinstance(wish, dict) else None
        if not isinstance(on, bool):
            return jsonify(error=clock("plug.bad_wish")), 400
        refused = refusal(site.snapshot(), id_, clock)
        if refused:
            return jsonify(error=refused[0]), refused[1]
        site.send(id_, PlugCommand(at=clock.now, on=on, by="dashboard"))
        return jsonify(asked=on), 202


def _row(id_: str, plug: PlugState, clock: Clock, *, closed: bool) -> html.Li:
    now = state(plug, clock)
    words = [html.Span(_word(plug, now, clock), className="word"), *_notes(plug, now, clock)]
    told = html.Div(
        [html.Span(plug.name, className="name"), html.Span(words, className="notes")], className="plug-words"
    )
    parts = [icon("plug"), told, _lock(clock) if plug.protected else _switch(id_, plug, now, clock, closed=closed)]
    if plug.problem:
        parts.append(html.P([icon("alert"), html.Span(plug.problem)], className="problem"))
    return html.Li(parts, **attributes(data_state=now, data_plug=id_))


def _word(plug: PlugState, now: str, clock: Clock) -> str:
    if now == "pending":
        return clock("plug.turning_on" if plug.pending else "plug.turning_off")
    word = clock(f"plug.{now}")
    return word + clock("plug.unconfirmed") if now in ("on", "off") and not plug.confirmed else word


def _notes(plug: PlugState, now: str, clock: Clock) -> list[html.Span]:
    notes = []
    if now == "away":
        notes.append(clock("page.as_of", at=clock.since(plug.at)))
    elif plug.since:
        by_grid = plug.switched_by == "grid" and now in ("on", "off")
        notes.append(clock(f"plug.grid_{now}" if by_grid else "plug.since", since=clock.since(plug.since)))
    if plug.dry_run:
        notes.append(clock("plug.dry_run"))
    if len(set(plug.gangs.values())) > 1:
        words = {True: clock("plug.on"), False: clock("plug.off"), None: clock("unknown")}
        notes.append(", ".join(f"{gang} {words[on]}" for gang, on in plug.gangs.items()))
    return [html.Span(note, className="fact") for note in notes]


def _lock(clock: Clock) -> html.Span:
    return html.Span([icon("lock"), html.Span(clock("plug.protected"))], className="lock")


def _switch(id_: str, plug: PlugState, now: str, clock: Clock, *, closed: bool) -> html.Button:
    """The switch. It shows what is known; `data-wish` is what pressing it asks for."""
    on = plug.on is True and now != "away"
    wish = not (plug.on or False)
    return html.Button(
        html.Span(className="knob"),
        id=f"plug-{id_}",
        type="button",
        role="switch",
        className="switch",
        disabled=closed or now in ("away", "pending"),
        **attributes(
            aria_checked=str(on).lower(),
            aria_label=clock("plug.switch", name=plug.name),
            aria_busy=str(now == "pending").lower(),
            data_wish=str(wish).lower(),
            data_asking=clock("plug.turning_on" if wish else "plug.turning_off"),
        ),
    )
