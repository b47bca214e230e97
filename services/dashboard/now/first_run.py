"""What a new installation has found, and what is still missing: shown on *Now* until an inverter has answered. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.now.data_sources import LIVE, LOST, STALE
from services.dashboard.service_status import state_of
from shared.broker_state import BrokerState
from shared.live_figures import packs
from shared.messages import ServiceHealth
from shared.texts.localizer import Localizer


class Progress(StrEnum):
    """How far a part of the home is: it works, it is awaited, something has to be done, or it is optional and unused.

    It looks like the states of the data sources and services.
    """

    FOUND = LIVE
    WAITING = STALE
    MISSING = LOST
    NOT_SET_UP = ServiceHealth.DISABLED.value


NECESSARY = ("recorder", "poller")
"""Services that every home needs; a home may well be without the others."""


@dataclass(frozen=True)
class Step:
    """A part of the home, what is known about it, and what to do if it is missing."""

    title: str
    progress: Progress
    word: str
    hints: tuple[str, ...] = ()


def steps(snapshot: BrokerState, localizer: Localizer) -> Iterator[Step]:
    """Yield what a home has, the necessary first. Without the broker nothing else can be known."""
    if not snapshot.connected:
        yield Step(localizer("first.broker"), Progress.MISSING, localizer("first.broker_silent"))
        return
    yield Step(localizer("first.broker"), Progress.FOUND, localizer("first.broker_found"))
    plan = snapshot.schedule
    found = {
        "recorder": localizer("first.works"),
        "poller": "",
        "bms": localizer("first.count", count=count) if (count := len(packs(snapshot.batteries))) else "",
        "schedule": localizer("first.queue", queue=plan.queue) if plan and plan.fetched_at else "",
        "bot": localizer("first.works"),
        "tuya": localizer("first.count", count=len(snapshot.plugs)) if snapshot.plugs else "",
    }
    for service, word in found.items():
        yield _of_service(service, word, snapshot, localizer)


def _of_service(service: str, found: str, snapshot: BrokerState, localizer: Localizer) -> Step:
    """Return the step of a service; `found` says what it has found, and counts while it is well."""
    title, status = localizer(f"first.{service}"), snapshot.services.get(service)
    state = state_of(status, localizer) if status else ServiceHealth.OFFLINE.value
    reasons = tuple(localizer.reason(reason) for reason in status.reasons) if status else ()
    if state == ServiceHealth.ONLINE:
        return Step(title, Progress.FOUND if found else Progress.WAITING, found or localizer("first.waiting"))
    if state == ServiceHealth.DEGRADED:
        return Step(title, Progress.MISSING, localizer("service.degraded"), reasons)
    if state == ServiceHealth.DISABLED:
        progress = Progress.MISSING if service in NECESSARY else Progress.NOT_SET_UP
        return Step(title, progress, localizer("first.not_set_up"), reasons)
    return Step(title, Progress.MISSING, localizer("first.not_running", service=service))


def checklist(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return a list item for each step."""
    return [_item(step) for step in steps(snapshot, localizer)]


def _item(step: Step) -> html.Li:
    hints = [html.Span(hint, className="reason") for hint in step.hints]
    head = [html.Span(className="dot"), html.Span(step.title, className="name"), html.Span(step.word, className="word")]
    return html.Li([*head, *hints], **attributes(data_state=step.progress.value))
