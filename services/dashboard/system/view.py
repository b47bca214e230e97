"""What the page *System* shows of the messages: services, devices, plugs, pure."""

from collections.abc import Sequence

from dash import html

from services.dashboard.live import Snapshot
from services.dashboard.markup import tree
from services.dashboard.pages import View
from services.dashboard.services import SILENT, state_of, state_word
from services.dashboard.system.entries import Fact, entry, none_yet
from services.dashboard.wording import Clock
from shared.messages import Availability, Contact, PlugState, ServiceStatus, Via

ALL = "all"
"""The battery that sums up the others is no device."""


def view(snapshot: Snapshot, clock: Clock) -> View:
    """Return the lists."""
    return View(
        parts={
            "services": tree(_or(services(snapshot, clock), clock("system.no_services"))),
            "devices": tree(_or(devices(snapshot, clock), clock("system.no_devices"))),
            "plugs": tree(_or(plugs(snapshot, clock), clock("system.no_plugs"))),
        }
    )


def services(snapshot: Snapshot, clock: Clock) -> list[html.Li]:
    """Return every service that was ever heard: how it fares, why, since when, in which version."""
    return [_service(name, status, clock) for name, status in sorted(snapshot.services.items())]


def devices(snapshot: Snapshot, clock: Clock) -> list[html.Li]:
    """Return every inverter and battery: whether it answers, and what it is."""
    inverters = {*snapshot.inverters, *snapshot.inverter_info, *snapshot.availability}
    batteries = {*snapshot.batteries, *snapshot.battery_info, *snapshot.battery_availability} - {ALL}
    return [
        *(_inverter(name, snapshot, clock) for name in sorted(inverters)),
        *(_battery(name, snapshot, clock) for name in sorted(batteries)),
    ]


def plugs(snapshot: Snapshot, clock: Clock) -> list[html.Li]:
    """Return every plug: how it stands, whether it may be switched, and by which way it is reached."""
    known = sorted(snapshot.plugs.items(), key=lambda item: (item[1].name, item[0]))
    return [_plug(name, state, clock) for name, state in known]


def _service(name: str, status: ServiceStatus, clock: Clock) -> html.Li:
    state = state_of(status, clock)
    since = clock.since(status.since) if status.since and state != SILENT else None
    facts = [(clock("system.since"), since), (clock("system.version"), status.version)]
    return entry(name, state_word(status, clock), state, facts, status.reason)


def _inverter(name: str, snapshot: Snapshot, clock: Clock) -> html.Li:
    info = snapshot.inverter_info.get(name)
    power = clock.power(info.rated_power_w) if info.rated_power_w if info else None is not None else None
    facts = [
        (clock("system.kind"), clock("system.inverter")),
        (clock("system.model"), info.model if info else None),
        (clock("system.layout"), info.layout if info else None),
        (clock("system.rated_power"), power),
        (clock("system.serial_number"), info.serial_number if info else None),
        (clock("system.firmware"), info.firmware if info else None),
    ]
    return _device(name, snapshot.availability.get(name), facts, clock)


def _battery(name: str, snapshot: Snapshot, clock: Clock) -> html.Li:
    info = snapshot.battery_info.get(name)
    facts = [
        (clock("system.kind"), clock("system.battery")),
        (clock("system.model"), info.model if info else None),
        (clock("system.layout"), info.layout if info else None),
        (clock("system.cells"), str(info.cell_count) if info.cell_count if info else None is not None else None),
        (clock("system.serial_number"), info.serial_number if info else None),
        (clock("system.hardware"), info.hardware if info else None),
        (clock("system.firmware"), info.software if info else None),
        (clock("system.address"), info.address if info else None),
    ]
    title = info.name if info.name if info else None and info.name != name else None
    shown = name if title is None else f"{title} ({name})"
    return _device(shown, snapshot.battery_availability.get(name), facts, clock)


def _device(name: str, contact: Availability | None, facts: Sequence[Fact], clock: Clock) -> html.Li:
    if contact is None:
        return entry(name, clock("system.contact_unknown"), "disabled", facts)
    since = clock.since(contact.since)
    if contact.state is Contact.ONLINE:
        return entry(name, clock("system.answers", since=since), "online", facts)
    return entry(name, clock("system.does_not_answer", since=since), "offline", facts, contact.why)


def _plug(name: str, plug: PlugState, clock: Clock) -> html.Li:
    position = {True: "on", False: "off", None: "unknown"}[plug.on]
    word = clock(f"system.plug_{position}")
    if plug.reachable is False:
        word = f"{word}, {clock('system.out_of_reach')}"
    state = "offline" if plug.reachable is False else "online" if plug.on else "disabled"
    way = {Via.LOCAL: "system.via_local", Via.CLOUD: "system.via_cloud", None: "unknown"}[plug.via]
    facts = [
        (clock("system.rule"), clock(_rule(plug))),
        (clock("system.way"), clock(way)),
        (clock("system.switched_by"), plug.switched_by),
        (clock("system.id"), name if name != plug.name else None),
    ]
    return entry(plug.name or name, word, state, facts, plug.problem)


def _rule(plug: PlugState) -> str:
    if plug.protected:
        return "system.rule_protected"
    return "system.rule_dry_run" if plug.dry_run else "system.rule_switched"


def _or(items: list[html.Li], sentence: str) -> list[html.Li]:
    return items or [none_yet(sentence)]
