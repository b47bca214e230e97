"""The guests' links on *System*: made, shown once, withdrawn. Only the owner comes as far as these routes."""

import time
from datetime import UTC, datetime
from typing import Any

from dash import html
from flask import Flask, Response, current_app, jsonify, request

from services.dashboard.access.guests import LONGEST_NAME, GuestLink, Guests
from services.dashboard.markup import attributes, tree
from services.dashboard.pages import PageContext
from services.dashboard.paths import GUEST, GUESTS, KIOSK
from services.dashboard.system.entries import empty_item
from shared.texts.localizer import Localizer


def card(localizer: Localizer) -> html.Section:
    """Return the card. Its list is fetched by assets/guests.js, which also shows a new link, once."""
    made = html.Div(
        [
            html.P(localizer("guest.once"), className="remark"),
            html.Dl([_shown(localizer(f"guest.{name}"), name) for name in ("link", "kiosk", "code")]),
        ],
        id="guest-made",
        hidden=True,
        role="status",
        className="made",
        **attributes(data_guest=GUEST, data_kiosk=KIOSK),
    )
    return html.Section(
        [
            html.H2(localizer("guest.title")),
            html.P(localizer("guest.about"), className="remark"),
            html.P(html.A(localizer("kiosk.open"), href=KIOSK, className="text-link"), className="remark"),
            made,
            html.P(id="guest-problem", role="alert", className="remark"),
            html.Div(id="guest-links", className="guest-links"),
        ],
        className="card",
    )


def _shown(label: str, name: str) -> html.Div:
    return html.Div([html.Dt(label), html.Dd(html.Code(**attributes(data_made=name)))])


def routes(server: Flask, context: PageContext) -> None:
    """List the links, make one, and withdraw one."""

    @server.get(GUESTS)
    def list_guests() -> Response:
        return jsonify(tree(_content(context.localizer())))

    @server.post(GUESTS)
    def make_guest() -> tuple[Response, int]:
        localizer, wish = context.localizer(), request.get_json(silent=True)
        name = wish.get("name") if isinstance(wish, dict) else None
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            return jsonify(error=localizer("guest.needs_name")), 400
        if not current_app.config["PASSWORD_IS_SET"]:
            return jsonify(error=localizer("guest.needs_password")), 409
        code = _guests().make(name, time.time())
        return (jsonify(code=code), 201) if code else (jsonify(error=localizer("guest.too_many")), 409)

    @server.post(f"{GUESTS}/<id_>/withdraw")
    def withdraw_guest(id_: str) -> tuple[Response, int]:
        if _guests().withdraw(id_):
            return jsonify(done=True), 200
        return jsonify(error=context.localizer()("guest.not_there")), 404


def _guests() -> Guests:
    known: Guests = current_app.config["GUESTS"]
    return known


def _content(localizer: Localizer) -> list[Any]:
    """Return the form and the links; what is missing where there is no password."""
    if not current_app.config["PASSWORD_IS_SET"]:
        return [html.P(localizer("guest.needs_password"), className="remark")]
    links = [_entry(id_, link, localizer) for id_, link in _guests().links.items()]
    field = {
        "id": "guest-name",
        "name": "name",
        "maxLength": str(LONGEST_NAME),
        "required": True,
        "autocomplete": "off",
    }
    control: Any = ["input", field, []]
    form = html.Form(
        [
            html.Label(localizer("guest.name"), htmlFor="guest-name"),
            control,
            html.Button(localizer("guest.make"), type="submit", className="button"),
        ],
        **attributes(data_make_guest=""),
    )
    return [html.Ul(links or [empty_item(localizer("guest.none"))], className="entries"), form]


def _entry(id_: str, link: GuestLink, localizer: Localizer) -> html.Li:
    made = localizer("guest.made", at=localizer.since(datetime.fromtimestamp(link.made_s, UTC)))
    button = html.Button(
        localizer("guest.withdraw"),
        id=f"withdraw-{id_}",
        type="button",
        className="button",
        **attributes(data_withdraw=id_, aria_label=localizer("guest.withdraw_name", name=link.name)),
    )
    return html.Li(
        [html.Span(link.name, className="name"), html.Span(made, className="word"), button], className="entry"
    )
