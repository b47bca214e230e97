"""How the services fare, as rows, pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.freshness import STATUS_HOLDS, fresh
from shared.messages import ServiceHealth, ServiceStatus

SILENT = "silent"


def service_rows(snapshot: BrokerState, clock: Clock) -> list[Any]:
    """Return a list item for each service: its state, or that it has fallen silent, and why."""
    return [_row(name, snapshot.services[name], clock) for name in sorted(snapshot.services)]


def state_of(status: ServiceStatus, clock: Clock) -> str:
    """Return the state of a service, silent where it has said nothing for too long without a goodbye."""
    goodbye = status.since is None or status.state is ServiceHealth.OFFLINE
    silent = not goodbye and not fresh(status.at, clock.now, STATUS_HOLDS)
    return SILENT if silent else status.state.value


def state_word(status: ServiceStatus, clock: Clock) -> str:
    """Return the state of a service in words."""
    state = state_of(status, clock)
    return clock("service.silent", since=clock.since(status.at)) if state == SILENT else clock(f"service.{state}")


def _row(name: str, status: ServiceStatus, clock: Clock) -> html.Li:
    state = state_of(status, clock)
    reason = status.reason if state != SILENT else None
    parts = [html.Span(className="dot"), html.Span(name, className="name")]
    parts.append(html.Span(state_word(status, clock), className="word"))
    if reason:
        parts.append(html.Span(reason, className="reason"))
    return html.Li(parts, **attributes(data_state=state))
