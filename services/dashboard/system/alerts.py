"""What the bot reports and when, on *System*: the store of /settings in Telegram. Only what comes back is shown."""

from typing import Any

from dash import html
from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from services.dashboard.markup import attributes
from services.dashboard.pages import PageContext
from shared.broker_state import BrokerState
from shared.live_figures import is_service_working
from shared.messages import AlertSettings, AlertSettingsCommand, ChatAlerts
from shared.texts.localizer import Localizer

PATH = "/alerts"
LIMITS = {"low_battery_percent": (1, 95, 1), "imbalance_mv": (10, 1000, 10), "silent_minutes": (1, 1440, 1)}
"""The limits with the lowest, the highest and the step of their fields."""
SETTABLE = {*LIMITS, "chat", "quiet", "quiet_from_min", "quiet_to_min", "quiet_waits"}


def alerts(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return the forms: one for the limits of all chats, one for the quiet hours of each."""
    known, why = snapshot.alert_settings, why_closed(snapshot, localizer)
    if known is None or why:
        return [html.P(why or localizer("alerts.none_yet"), className="remark")]
    chats = sorted(known.chats.items(), key=lambda item: (item[1].label, item[0]))
    return [_limits(known, localizer), *(_quiet_hours(key, chat, localizer) for key, chat in chats)]


def why_closed(snapshot: BrokerState, localizer: Localizer) -> str:
    """Return why nothing can be changed now; empty if it can."""
    if not snapshot.connected:
        return localizer("plug.no_broker")
    if not is_service_working(snapshot.services.get("bot"), localizer.now):
        return localizer("alerts.no_bot")
    return ""


def routes(server: Flask, context: PageContext) -> None:
    """Accept changes: POST /alerts {"low_battery_percent": 30}, or those of a chat."""

    @server.post(PATH)
    def set_alerts() -> tuple[Response, int]:
        localizer, snapshot = context.localizer(), context.snapshot()
        try:
            command = _command(request.get_json(silent=True), localizer)
        except ValidationError:
            return jsonify(error=localizer("alerts.bad_wish")), 400
        if why := why_closed(snapshot, localizer):
            return jsonify(error=why), 503
        known = snapshot.alert_settings
        if command.chat is not None and (known is None or command.chat not in known.chats):
            return jsonify(error=localizer("alerts.no_chat")), 404
        context.send("", command)
        return jsonify(asked=True), 202


def _command(wish: Any, localizer: Localizer) -> AlertSettingsCommand:
    """Return what a form asks for. Raises ValidationError."""
    given = wish if isinstance(wish, dict) and wish and set(wish) <= SETTABLE else {"by": None}
    return AlertSettingsCommand.model_validate({"at": localizer.now, "by": "dashboard", **given}, strict=True)


def _limits(known: AlertSettings, localizer: Localizer) -> html.Form:
    fields = []
    for name, (low, high, step) in LIMITS.items():
        bounds = {"min": str(low), "max": str(high), "step": str(step), "required": True}
        value = f"{getattr(known, name):g}"
        fields.append(_field(localizer(f"alerts.{name}"), {"type": "number", "name": name, "value": value} | bounds))
    return _form("limits", [html.H3(localizer("alerts.limits")), *fields], localizer)


def _quiet_hours(key: str, chat: ChatAlerts, localizer: Localizer) -> html.Form:
    times = [
        _field(
            localizer(f"alerts.quiet_{name}"),
            {"type": "time", "name": f"quiet_{name}_min", "value": _clock(getattr(chat, f"quiet_{name}_min"))},
        )
        for name in ("from", "to")
    ]
    box: Any = ["input", {"type": "checkbox", "name": "quiet_waits", "checked": chat.quiet_waits}, []]
    waits = html.Label([box, html.Span(localizer("alerts.quiet_waits"))], className="check")
    title = html.H3(localizer("alerts.quiet", chat=chat.label))
    form = _form(key, [title, *times, waits], localizer)
    vars(form).update(attributes(data_chat=key))
    return form


def _form(key: str, inside: list[Any], localizer: Localizer) -> html.Form:
    end = [
        html.Button(localizer("alerts.save"), type="submit", id=f"alerts-{key}", className="button"),
        html.P(className="remark refused", role="status", **attributes(data_saved=localizer("alerts.saved"))),
    ]
    return html.Form([*inside, *end], className="alert-form", **attributes(data_alerts=key))


def _field(label: str, field: dict[str, Any]) -> html.Label:
    control: Any = ["input", field, []]
    return html.Label([html.Span(label), control])


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
