"""What the page *System* shows of the messages: services, devices, plugs, pure."""

from collections.abc import Sequence
from datetime import timedelta

from dash import html

from services.dashboard.markup import tree
from services.dashboard.pages import View
from services.dashboard.services import SILENT, state_of, state_word
from services.dashboard.system.entries import Fact, entry, none_yet
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.freshness import PLUG_HOLDS, fresh
from shared.live_figures import ALL, BATTERY_HOLDS
from shared.messages import Availability, BatteryInfo, Contact, InverterInfo, Message, PlugState, ServiceStatus


def view(snapshot: BrokerState, clock: Clock) -> View:
    """Return the lists."""
    return View(
        parts={
            "services": tree(_or(services(snapshot, clock), clock("system.no_services"))),
            "devices": tree(_or(devices(snapshot, clock), clock("system.no_devices"))),
            "plugs": tree(_or(plugs(snapshot, clock), clock("system.no_plugs"))),
        }
    )


def services(snapshot: BrokerState, clock: Clock) -> list[html.Li]:
    """Return every service that was ever heard: how it fares, why, since when, in which version."""
    return [_service(name, status, clock) for name, status in sorted(snapshot.services.items())]


def devices(snapshot: BrokerState, clock: Clock) -> list[html.Li]:
    """Return every inverter and battery: whether it answers, and what it is."""
    inverters = {*snapshot.inverters, *snapshot.inverter_infos, *snapshot.inverter_availability}
    batteries = {*snapshot.batteries, *snapshot.battery_infos, *snapshot.battery_availability} - {ALL}
    return [
        *(_inverter(name, snapshot, clock) for name in sorted(inverters)),
        *(_battery(name, snapshot, clock) for name in sorted(batteries)),
    ]


def plugs(snapshot: BrokerState, clock: Clock) -> list[html.Li]:
    """Return every plug: how it stands, whether it may be switched, and by which way it is reached."""
    known = sorted(snapshot.plugs.items(), key=lambda item: (item[1].name, item[0]))
    return [_plug(name, state, clock) for name, state in known]


def _service(name: str, status: ServiceStatus, clock: Clock) -> html.Li:
    state = state_of(status, clock)
    since = clock("system.since", since=clock.since(status.since)) if status.since and state != SILENT else ""
    tail = " · ".join(filter(None, (since, status.version)))
    return entry(name, state_word(status, clock), state, remarks=[status.reason], tail=tail)


def _inverter(name: str, snapshot: BrokerState, clock: Clock) -> html.Li:
    info = snapshot.inverter_infos.get(name)
    facts = _inverter_facts(info, clock) if info else []
    contact = _believed(snapshot.inverter_availability.get(name), snapshot.inverters.get(name), clock.fresh_for, clock)
    return _device(name, clock("system.inverter"), contact, facts, clock)


def _inverter_facts(info: InverterInfo, clock: Clock) -> list[Fact]:
    return [
        (clock("system.model"), info.model),
        (clock("system.layout"), info.layout),
        (clock("system.rated_power"), None if info.rated_power_w is None else clock.power(info.rated_power_w)),
        (clock("system.serial_number"), info.serial_number),
        (clock("system.firmware"), info.firmware),
    ]


def _battery(name: str, snapshot: BrokerState, clock: Clock) -> html.Li:
    info = snapshot.battery_infos.get(name)
    facts = _battery_facts(info, clock) if info else []
    shown = f"{info.name} ({name})" if info and info.name not in ("", name) else name
    contact = _believed(snapshot.battery_availability.get(name), snapshot.batteries.get(name), BATTERY_HOLDS, clock)
    return _device(shown, clock("system.battery"), contact, facts, clock)


def _battery_facts(info: BatteryInfo, clock: Clock) -> list[Fact]:
    return [
        (clock("system.model"), info.model),
        (clock("system.layout"), info.layout),
        (clock("system.cells"), None if info.cell_count is None else str(info.cell_count)),
        (clock("system.serial_number"), info.serial_number),
        (clock("system.hardware"), info.hardware),
        (clock("system.firmware"), info.software),
        (clock("system.address"), info.address),
    ]


def _believed(
    contact: Availability | None, reading: Message | None, holds: timedelta, clock: Clock
) -> Availability | None:
    """Return whether a device answers; a word that it does is old where no reading follows: its service is gone."""
    if contact is None or contact.state is Contact.OFFLINE:
        return contact
    return contact if reading and fresh(reading.at, clock.now, holds) else None


def _device(name: str, kind: str, contact: Availability | None, facts: Sequence[Fact], clock: Clock) -> html.Li:
    if contact is None:
        return entry(name, clock("system.contact_unknown", kind=kind), "disabled", facts=facts)
    answers = contact.state is Contact.ONLINE
    sentence = "system.answers" if answers else "system.does_not_answer"
    word = clock(sentence, kind=kind, since=clock.since(contact.since))
    return entry(name, word, "online" if answers else "offline", remarks=[contact.why], facts=facts)


def _plug(name: str, plug: PlugState, clock: Clock) -> html.Li:
    word = clock(f"system.plug_{ {True: 'on', False: 'off', None: 'unknown'}[plug.on] }")
    reached = plug.reachable is not False and fresh(plug.at, clock.now, PLUG_HOLDS)
    way = clock(f"system.via_{plug.via}") if plug.via and reached else ""
    rule = " · ".join(filter(None, (clock(_rule(plug)), way)))
    state = "offline" if not reached else "online" if plug.on else "disabled"
    shown = word if reached else f"{clock('system.out_of_reach')}, {clock('page.as_of', at=clock.since(plug.at))}"
    return entry(plug.name or name, shown, state, remarks=[rule, plug.problem])


def _rule(plug: PlugState) -> str:
    if plug.protected:
        return "system.rule_protected"
    return "system.rule_dry_run" if plug.dry_run else "system.rule_switched"


def _or(items: list[html.Li], sentence: str) -> list[html.Li]:
    return items or [none_yet(sentence)]
