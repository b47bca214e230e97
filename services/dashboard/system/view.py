"""The view of *System*: services and devices; the plugs are in plugs.py. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from dash import html

from services.dashboard.markup import tree
from services.dashboard.pages import View
from services.dashboard.reasons import reason_lines
from services.dashboard.service_status import SILENT, state_of, state_word
from services.dashboard.system.alerts import alerts
from services.dashboard.system.entries import Fact, empty_item, entry
from services.dashboard.system.plugs import plugs
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS, fresh
from shared.live_figures import ALL, is_battery_fresh
from shared.messages import Availability, BatteryInfo, Contact, InverterInfo, ServiceStatus
from shared.texts.catalogue import service_name
from shared.texts.localizer import Localizer


def view(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta = READING_HOLDS) -> View:
    """Return the lists."""
    return View(
        parts={
            "services": tree(_or(services(snapshot, localizer), localizer("system.no_services"))),
            "devices": tree(_or(devices(snapshot, localizer, fresh_for), localizer("system.no_devices"))),
            "alerts": tree(alerts(snapshot, localizer)),
            "plugs": tree(_or(plugs(snapshot, localizer), localizer("system.no_plugs"))),
        }
    )


def services(snapshot: BrokerState, localizer: Localizer) -> list[html.Li]:
    """Return every known service: state, reasons, since when, version."""
    return [_service(name, status, localizer) for name, status in sorted(snapshot.services.items())]


def devices(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> list[html.Li]:
    """Return every inverter and battery: availability and description."""
    inverters = {*snapshot.inverters, *snapshot.inverter_infos, *snapshot.inverter_availability} - {ALL}
    batteries = {*snapshot.batteries, *snapshot.battery_infos, *snapshot.battery_availability} - {ALL}
    return [
        *(_inverter(name, snapshot, localizer, fresh_for) for name in sorted(inverters)),
        *(_battery(name, snapshot, localizer) for name in sorted(batteries)),
    ]


def _service(name: str, status: ServiceStatus, localizer: Localizer) -> html.Li:
    state = state_of(status, localizer)
    since = localizer("system.since", since=localizer.since(status.since)) if status.since and state != SILENT else ""
    tail = " · ".join(filter(None, (since, status.version)))
    shown = service_name(localizer.language, name)
    return entry(
        shown, state_word(status, localizer), state, remarks=reason_lines(status.reasons, localizer), tail=tail
    )


def _inverter(name: str, snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> html.Li:
    info = snapshot.inverter_infos.get(name)
    facts = _inverter_facts(info, localizer) if info else []
    reading = snapshot.inverters.get(name)
    is_fresh = reading is not None and fresh(reading.at, localizer.now, fresh_for)
    contact = _believed(snapshot.inverter_availability.get(name), is_fresh=is_fresh)
    return _device(name, localizer("system.inverter"), contact, facts, localizer)


def _inverter_facts(info: InverterInfo, localizer: Localizer) -> list[Fact]:
    return [
        (localizer("system.model"), info.model),
        (localizer("system.layout"), info.layout),
        (localizer("system.phase"), None if info.phase is None else str(info.phase)),
        (localizer("system.rated_power"), None if info.rated_power_w is None else localizer.power(info.rated_power_w)),
        (localizer("system.serial_number"), info.serial_number),
        (localizer("system.firmware"), info.firmware),
    ]


def _battery(name: str, snapshot: BrokerState, localizer: Localizer) -> html.Li:
    info = snapshot.battery_infos.get(name)
    facts = _battery_facts(info, localizer) if info else []
    shown = f"{info.name} ({name})" if info and info.name not in ("", name) else name
    is_fresh = is_battery_fresh(snapshot, name, localizer.now)
    contact = _believed(snapshot.battery_availability.get(name), is_fresh=is_fresh)
    return _device(shown, localizer("system.battery"), contact, facts, localizer)


def _battery_facts(info: BatteryInfo, localizer: Localizer) -> list[Fact]:
    return [
        (localizer("system.model"), info.model),
        (localizer("system.layout"), info.layout),
        (localizer("system.cells"), None if info.cell_count is None else str(info.cell_count)),
        (localizer("system.serial_number"), info.serial_number),
        (localizer("system.hardware"), info.hardware),
        (localizer("system.firmware"), info.software),
        (localizer("system.address"), info.address),
    ]


def _believed(contact: Availability | None, *, is_fresh: bool) -> Availability | None:
    """Return a device's availability; None if it is online without fresh readings, as its service is gone then."""
    if contact is None or contact.state is Contact.OFFLINE:
        return contact
    return contact if is_fresh else None


def _device(name: str, kind: str, contact: Availability | None, facts: Sequence[Fact], localizer: Localizer) -> html.Li:
    if contact is None:
        return entry(name, localizer("system.contact_unknown", kind=kind), "disabled", facts=facts)
    answers = contact.state is Contact.ONLINE
    sentence = "system.answers" if answers else "system.does_not_answer"
    word = localizer(sentence, kind=kind, since=localizer.since(contact.since))
    return entry(
        name, word, "online" if answers else "offline", remarks=reason_lines([contact.reason], localizer), facts=facts
    )


def _or(items: list[html.Li], sentence: str) -> list[html.Li]:
    return items or [empty_item(sentence)]
