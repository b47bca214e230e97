"""An event in the reader's words: a sentence, how it looks, and what there is to add, pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.broker_state import BrokerState
from shared.conditions import CONDITIONS, Reason, Severity, render, severity
from shared.history.events import Event, EventKind
from shared.messages import (
    ActionOutcome,
    AlertSent,
    Availability,
    Certainty,
    Contact,
    Grid,
    PlugAction,
    ScheduleChange,
    ServiceHealth,
    ServiceStatus,
    SettingChange,
    SettingOutcome,
    Window,
)
from shared.texts.catalogue import TEXTS, service_name
from shared.texts.localizer import Localizer

GOOD, BAD, WARN, PLAIN = "good", "bad", "warn", "plain"
LOOKS = {Severity.FAULT: BAD, Severity.WARNING: WARN, Severity.NOTICE: PLAIN}


@dataclass(frozen=True)
class EventText:
    """What to say of an event; look is good, bad, warn or plain."""

    sentence: str
    look: str = PLAIN
    remarks: Sequence[str] = field(default_factory=tuple)


def event_text(event: Event, snapshot: BrokerState, localizer: Localizer) -> EventText:
    """Return an event in words."""
    return SENTENCES[event.kind](event, snapshot, localizer)


def device_name(device: str, snapshot: BrokerState, localizer: Localizer) -> str:
    """Return what a device is called: its kind and the name that the owner gave it."""
    place, _, name = device.partition("/")
    given = {"plug": snapshot.plug_name, "battery": snapshot.battery_name}.get(place)
    return localizer(f"event.place_{place}", name=given(name) if given else name)


def _grid(event: Event, _snapshot: BrokerState, localizer: Localizer) -> EventText:
    state = Grid(event.what)  # type: ignore[arg-type]
    look = {Grid.ON: GOOD, Grid.OFF: BAD}.get(state, PLAIN)
    return EventText(localizer(f"event.grid_{state.value}"), look)


def _plan(event: Event, _snapshot: BrokerState, localizer: Localizer) -> EventText:
    change = _of(event, ScheduleChange)
    said = [
        *(localizer("event.plan_published", day=localizer.day(day)) for day in change.published),
        *(localizer("event.plan_withdrawn", day=localizer.day(day)) for day in change.withdrawn),
    ]
    if change.states:
        said.append(localizer("event.plan_states", days=", ".join(map(localizer.day, change.states))))
    hours = [
        localizer(
            f"event.hours_{one.kind.value}", before=_spans(one.before, localizer), after=_spans(one.after, localizer)
        )
        for one in change.hours
    ]
    return EventText(". ".join(said) or localizer("event.plan_changed"), PLAIN, hours)


def _spans(windows: Sequence[Window], localizer: Localizer) -> str:
    spans = ((localizer.span(one.start, one.end), one.certainty) for one in windows)
    return ", ".join(
        localizer("bot.possibly", window=span) if certainty is Certainty.POSSIBLE else span for span, certainty in spans
    )


def _plug(event: Event, snapshot: BrokerState, localizer: Localizer) -> EventText:
    action = _of(event, PlugAction)
    name = snapshot.switch_name(event.device.partition("/")[2], action.gang)
    sentence = localizer(
        f"event.plug_{action.outcome.value}", name=name, state=localizer("event.on" if action.on else "event.off")
    )
    is_fine = action.outcome in (ActionOutcome.DONE, ActionOutcome.DRY_RUN)
    return EventText(
        sentence, PLAIN if is_fine else WARN, [_sender(action.by, localizer), *_why(action.reason, localizer)]
    )


def _setting(event: Event, _snapshot: BrokerState, localizer: Localizer) -> EventText:
    change = _of(event, SettingChange)
    name = _setting_name(event.part, localizer)
    before, value = (_setting_value(event.part, one, localizer) for one in (change.before, change.value))
    sentence = localizer("event.setting", name=name, before=before, value=value)
    is_done = change.outcome is SettingOutcome.CONFIRMED
    outcome = [] if is_done else [localizer(f"event.setting_{change.outcome.value}")]
    remarks = [*outcome, _sender(change.by, localizer), *_why(change.reason, localizer)]
    return EventText(sentence, PLAIN if is_done else WARN, remarks)


def _setting_name(setting: str, localizer: Localizer) -> str:
    known = CONDITIONS.get(f"setting.{setting}")
    return known.render(localizer.language, {}) if known else setting


def _setting_value(setting: str, value: float | str | None, localizer: Localizer) -> str:
    if value is None:
        return localizer("unknown")
    if not isinstance(value, str):
        return localizer.decimal(value, 0 if float(value).is_integer() else 1)
    known = CONDITIONS.get(f"setting.{setting}.{value}")
    said = known.render(localizer.language, {}).rstrip(".") if known else ""
    return f"{value.upper()} ({said})" if said else value


def _device(event: Event, snapshot: BrokerState, localizer: Localizer) -> EventText:
    contact = _of(event, Availability)
    name = device_name(event.device, snapshot, localizer)
    sentence = localizer(f"event.device_{contact.state.value}", name=name[:1].upper() + name[1:])
    return EventText(sentence, GOOD if contact.state is Contact.ONLINE else WARN, _why(contact.reason, localizer))


def _service(event: Event, _snapshot: BrokerState, localizer: Localizer) -> EventText:
    status = _of(event, ServiceStatus)
    name = event.device.partition("/")[2]
    shown = service_name(localizer.language, name)
    sentence = localizer("event.service", name=shown, state=localizer(f"service.{status.state.value}"))
    look = {ServiceHealth.ONLINE: GOOD, ServiceHealth.DEGRADED: WARN, ServiceHealth.OFFLINE: BAD}
    return EventText(sentence, look.get(status.state, PLAIN), [localizer.reason(one) for one in status.reasons])


def _alert(event: Event, _snapshot: BrokerState, localizer: Localizer) -> EventText:
    sent = _of(event, AlertSent)
    sentence = localizer("event.alert", what=localizer.reason(sent.what))
    return EventText(sentence, LOOKS[severity(sent.what)], [localizer.count("event.recipients", sent.recipients)])


def _sender(by: str, localizer: Localizer) -> str:
    """Return who asked for something; the number of a Telegram chat is nobody's business."""
    name = f"event.by_{by.partition(':')[0]}"
    return localizer(name) if name in TEXTS else localizer("event.by_other", sender=by)


def _why(reason: Reason | None, localizer: Localizer) -> list[str]:
    return [render(reason, localizer.language, localizer.zone)] if reason else []


def _of(event: Event, kind: type[Any]) -> Any:
    if not isinstance(event.what, kind):
        raise TypeError(f"{event.kind} has {type(event.what)}")
    return event.what


SENTENCES: dict[EventKind, Callable[[Event, BrokerState, Localizer], EventText]] = {
    EventKind.GRID: _grid,
    EventKind.PLAN: _plan,
    EventKind.PLUG: _plug,
    EventKind.SETTING: _setting,
    EventKind.DEVICE: _device,
    EventKind.SERVICE: _service,
    EventKind.ALERT: _alert,
}
