"""The card of a battery: health, charge, power, cells, temperatures, connection and description, pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html

from services.dashboard.battery.cells import cells, spread
from services.dashboard.battery.packs import Pack
from services.dashboard.markup import attributes
from services.dashboard.now.power_flow import battery_flow
from services.dashboard.reasons import reason_lines, reasons_in_line
from shared.messages import BatteryInfo, BatteryState
from shared.texts.localizer import Localizer

STRONG_DBM, FAIR_DBM = -70, -85
"""From here on Bluetooth works well in practice, and with some errors."""

Facts = Iterable[tuple[str, str]]


def total_card(pack: Pack, state: BatteryState, packs: Sequence[Pack], localizer: Localizer) -> html.Section:
    """Return the card of all batteries, with a note if it is the sum of only some."""
    summed = state.packs
    note = []
    if summed and len(summed) < len(packs):
        part = localizer.count("battery.sum_of", len(summed), known=len(packs), names=", ".join(summed))
        note = [html.P(part, className="hint")]
    facts = [
        *_power_facts(state, localizer),
        (localizer("battery.cells"), localizer("battery.apart", delta=spread(state, localizer))),
    ]
    return _card(pack, [*note, _charge(pack, state, localizer), _facts(facts)], localizer)


def pack_card(pack: Pack, localizer: Localizer) -> html.Section:
    """Return the card of one battery; only its description if it was never read."""
    body = _read(pack, pack.state, localizer) if pack.state else []
    return _card(pack, [*body, *_about(pack.info, localizer)], localizer)


def _read(pack: Pack, state: BatteryState, localizer: Localizer) -> list[Any]:
    return [
        _charge(pack, state, localizer),
        _facts([*_power_facts(state, localizer), *_care_facts(state, localizer)]),
        html.H3(localizer("battery.cells")),
        *cells(state, localizer),
        html.H3(localizer("battery.temperatures")),
        _facts(_temperatures(state, localizer)),
        html.H3(localizer("battery.link")),
        _facts(_link(state, localizer)),
    ]


def _card(pack: Pack, body: list[Any], localizer: Localizer) -> html.Section:
    health = pack.state.health.value if pack.state and pack.live else "unknown"
    badge = html.Span(
        [html.Span(className="shape"), localizer(f"battery.health_{health}")],
        className="badge",
        **attributes(data_health=health),
    )
    head = html.Div([html.H2(pack.name), badge], className="pack-head")
    inside = html.Div(body, className="pack-body dims" if pack.live else "pack-body")
    return html.Section(
        [head, *_reasons(pack, localizer), *_silence(pack, localizer), inside],
        className="card pack",
        **attributes(data_state="live" if pack.live else "silent"),
    )


def _reasons(pack: Pack, localizer: Localizer) -> list[Any]:
    """The reasons for its health."""
    reasons = pack.state.health_reasons if pack.state and pack.live else ()
    return [html.Ul(reason_lines(reasons, localizer, html.Li), className="reasons")] if reasons else []


def _silence(pack: Pack, localizer: Localizer) -> list[Any]:
    if pack.live:
        return []
    sentences = [_last(pack, localizer)]
    if pack.contact and pack.contact.reason:
        sentences.append(localizer.reason(pack.contact.reason))
    return [html.P(" ".join(sentences), className="silence")]


def _last(pack: Pack, localizer: Localizer) -> str:
    if pack.state is None:
        return localizer("battery.never")
    return localizer(f"battery.{'ahead' if pack.ahead else 'silent'}", at=localizer.second(pack.state.at))


def _charge(pack: Pack, state: BatteryState, localizer: Localizer) -> html.Div:
    soc = localizer.number("percent", state.soc_percent, 0)
    bar = html.Div(html.Div(className="filled", style={"width": f"{state.soc_percent or 0:.0f}%"}), className="bar")
    words = [battery_flow(state.power_w, localizer)]
    if pack.live and pack.until is not None:
        words.append(localizer("battery.lasts_until", at=localizer.since(pack.until)))
    return html.Div(
        [
            html.P(soc, className="soc", **attributes(aria_label=localizer("battery.level", soc=soc))),
            html.P([html.Span(word) for word in words], className="flows"),
            bar,
        ],
        className="pack-charge",
    )


def _power_facts(state: BatteryState, localizer: Localizer) -> Facts:
    return [
        (localizer("battery.voltage"), localizer.number("volts", state.voltage_v, 2)),
        (localizer("battery.current"), localizer.number("amperes", state.current_a, 1)),
        (localizer("battery.remaining"), _remaining(state, localizer)),
        (localizer("battery.nominal"), localizer.number("ampere_hours", state.nominal_ah)),
    ]


def _remaining(state: BatteryState, localizer: Localizer) -> str:
    full = localizer.number("ampere_hours", state.full_ah)
    if state.remaining_ah is None:
        return localizer("unknown")
    return localizer("battery.of_full", left=localizer.decimal(state.remaining_ah), full=full)


def _care_facts(state: BatteryState, localizer: Localizer) -> Facts:
    facts = [
        (localizer("battery.soh"), localizer.number("percent", state.soh_percent)),
        (localizer("battery.cycles"), _count(state.cycles, localizer)),
        (localizer("battery.lifetime"), localizer.number("ampere_hours", state.lifetime_ah)),
        (localizer("battery.balancing"), _balancing(state, localizer)),
        (localizer("battery.may_charge"), _switch(state.charging_mosfet, ("allowed", "blocked"), localizer)),
        (localizer("battery.may_discharge"), _switch(state.discharging_mosfet, ("allowed", "blocked"), localizer)),
        (localizer("battery.alarms"), reasons_in_line(state.alarms, localizer)),
    ]
    if state.heating is not None:
        facts.append((localizer("battery.heating"), _switch(state.heating, ("running", "stopped"), localizer)))
    return facts


def _balancing(state: BatteryState, localizer: Localizer) -> str:
    if state.balancing is None:
        return localizer("unknown")
    size = None if state.balance_current_a is None else abs(state.balance_current_a)
    return localizer(f"battery.balancing_{state.balancing.value}", current=localizer.number("amperes", size, 2))


def _switch(value: bool | None, names: tuple[str, str], localizer: Localizer) -> str:
    return localizer("unknown") if value is None else localizer(f"battery.{names[0] if value else names[1]}")


def _temperatures(state: BatteryState, localizer: Localizer) -> Facts:
    sensors = [
        (localizer("battery.sensor", number=number), localizer.number("celsius", value, 1))
        for number, value in enumerate(state.temperatures_c or (), 1)
    ]
    return [*sensors, (localizer("battery.mosfet"), localizer.number("celsius", state.mosfet_temperature_c, 1))]


def _link(state: BatteryState, localizer: Localizer) -> Facts:
    return [
        (localizer("battery.rssi"), _signal(state.rssi_dbm, localizer)),
        (localizer("battery.read"), localizer.second(state.at)),
        (localizer("battery.reconnects"), _count(state.reconnects, localizer)),
        (localizer("battery.bad_frames"), _count(state.bad_frames, localizer)),
    ]


def _signal(dbm: int | None, localizer: Localizer) -> str:
    if dbm is None:
        return localizer("unknown")
    word = "strong" if dbm >= STRONG_DBM else "fair" if dbm >= FAIR_DBM else "weak"
    return localizer(
        "battery.rssi_label", dbm=localizer.number("battery.dbm", dbm), word=localizer(f"battery.signal_{word}")
    )


def _count(number: int | None, localizer: Localizer) -> str:
    return localizer("unknown") if number is None else localizer.decimal(number)


def _about(info: BatteryInfo | None, localizer: Localizer) -> list[Any]:
    if info is None:
        return []
    values = {
        "model": info.model,
        "firmware": info.software,
        "hardware": info.hardware,
        "made": info.manufactured,
        "address": info.address,
    }
    facts = [(localizer(f"battery.{name}"), value or localizer("unknown")) for name, value in values.items()]
    return [html.H3(localizer("battery.about")), _facts(facts)]


def _facts(facts: Facts) -> html.Dl:
    return html.Dl([html.Div([html.Dt(label), html.Dd(value)]) for label, value in facts], className="pairs")
