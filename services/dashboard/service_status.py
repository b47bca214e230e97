"""What each service reports about itself, pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.reasons import reason_lines
from shared.broker_state import BrokerState
from shared.freshness import STATUS_HOLDS, fresh
from shared.messages import ServiceHealth, ServiceStatus
from shared.texts.catalogue import service_name
from shared.texts.localizer import Localizer

SILENT = "silent"


def service_rows(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return a list item for each service: its state, and the reasons for it."""
    return [_row(name, snapshot.services[name], localizer) for name in sorted(snapshot.services)]


def state_of(status: ServiceStatus, localizer: Localizer) -> str:
    """Return the state of a service: silent if its status is too old and it has not said goodbye."""
    goodbye = status.since is None or status.state is ServiceHealth.OFFLINE
    silent = not goodbye and not fresh(status.at, localizer.now, STATUS_HOLDS)
    return SILENT if silent else status.state.value


def state_word(status: ServiceStatus, localizer: Localizer) -> str:
    """Return the state of a service in words."""
    state = state_of(status, localizer)
    return (
        localizer("service.silent", since=localizer.since(status.at))
        if state == SILENT
        else localizer(f"service.{state}")
    )


def _row(name: str, status: ServiceStatus, localizer: Localizer) -> html.Li:
    state = state_of(status, localizer)
    parts = [html.Span(className="dot"), html.Span(service_name(localizer.language, name), className="name")]
    parts.append(html.Span(state_word(status, localizer), className="word"))
    if state != SILENT:
        parts += reason_lines(status.reasons, localizer, html.Span)
    return html.Li(parts, **attributes(data_state=state))
