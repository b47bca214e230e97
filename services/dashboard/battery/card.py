"""The card of a battery: its health, charge and flow, cells, temperatures, link and what it is, pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html

from services.dashboard.battery.cells import cells, spread
from services.dashboard.battery.packs import Pack
from services.dashboard.markup import attributes
from services.dashboard.wording import Clock
from shared.live_figures import LiveFigures
from shared.messages import BatteryInfo, BatteryState

STILL_W = 10
"""Below this the flow is noise of the sensor."""
STRONG_DBM, FAIR_DBM = -70, -85
"""How Bluetooth fares in practice: from here on without trouble, and with some."""

Facts = Iterable[tuple[str, str]]


def total_card(pack: Pack, state: BatteryState, packs: Sequence[Pack], clock: Clock) -> html.Section:
    """Return the card of all batteries together, which says so where it is the sum of some only."""
    summed = state.packs
    note = []
    if summed is not None and len(summed) < len(packs):
        part = clock.count("battery.sum_of", len(summed), known=len(packs), names=", ".join(summed))
        note = [html.P(part, className="hint")]
    facts = [
        *_power_facts(state, clock),
        (clock("battery.cells"), clock("battery.apart", delta=spread(state, clock))),
    ]
    return _card(pack, [*note, _charge(pack, state, clock), _facts(facts)], clock)


def pack_card(pack: Pack, clock: Clock) -> html.Section:
    """Return the card of one battery; of one that was never read nothing but what it is."""
    body = _read(pack, pack.state, clock) if pack.state else []
    return _card(pack, [*body, *_about(pack.info, clock)], clock)


def _read(pack: Pack, state: BatteryState, clock: Clock) -> list[Any]:
    return [
        _charge(pack, state, clock),
        _facts([*_power_facts(state, clock), *_care_facts(state, clock)]),
        html.H3(clock("battery.cells")),
        *cells(state, clock),
        html.H3(clock("battery.temperatures")),
        _facts(_temperatures(state, clock)),
        html.H3(clock("battery.link")),
        _facts(_link(state, clock)),
    ]


def _card(pack: Pack, body: list[Any], clock: Clock) -> html.Section:
    health = pack.state.health.value if pack.state and pack.live else "unknown"
    badge = html.Span(
        [html.Span(className="shape"), clock(f"battery.health_{health}")],
        className="badge",
        **attributes(data_health=health),
    )
    head = html.Div([html.H2(pack.name), badge], className="pack-head")
    inside = html.Div(body, className="pack-body dims" if pack.live else "pack-body")
    return html.Section(
        [head, *_reasons(pack), *_silence(pack, clock), inside],
        className="card pack",
        **attributes(data_state="live" if pack.live else "silent"),
    )


def _reasons(pack: Pack) -> list[Any]:
    """What the colour is for, in the words of the BMS, which are English."""
    reasons = pack.state.health_reasons if pack.state and pack.live else ()
    return [html.Ul([html.Li(reason) for reason in reasons], className="reasons", lang="en")] if reasons else []


def _silence(pack: Pack, clock: Clock) -> list[Any]:
    if pack.live:
        return []
    why = pack.contact.why if pack.contact else None
    sentences: list[Any] = [_last(pack, clock)]
    if why:
        sentences += [" ", html.Span(why, lang="en")]
    return [html.P(sentences, className="silence")]


def _last(pack: Pack, clock: Clock) -> str:
    if pack.state is None:
        return clock("battery.never")
    return clock(f"battery.{'ahead' if pack.ahead else 'silent'}", at=clock.second(pack.state.at))


def _charge(pack: Pack, state: BatteryState, clock: Clock) -> html.Div:
    soc = clock.number("percent", state.soc_percent, 0)
    bar = html.Div(html.Div(className="filled", style={"width": f"{state.soc_percent or 0:.0f}%"}), className="bar")
    lasts = LiveFigures(battery=state).runtime if pack.live else None
    words = [_flow(state.power_w, clock)]
    if lasts is not None:
        words.append(clock("battery.lasts", lasts=clock.lasted(lasts)))
    return html.Div(
        [
            html.P(soc, className="soc", **attributes(aria_label=clock("battery.level", soc=soc))),
            html.P([html.Span(word) for word in words], className="flows"),
            bar,
        ],
        className="pack-charge",
    )


def _flow(power_w: float | None, clock: Clock) -> str:
    if power_w is None:
        return clock("unknown")
    if abs(power_w) < STILL_W:
        return clock("flow.resting")
    direction = clock("flow.charging" if power_w > 0 else "flow.discharging")
    return f"{direction} {clock.power(power_w)}"


def _power_facts(state: BatteryState, clock: Clock) -> Facts:
    return [
        (clock("battery.voltage"), clock.number("volts", state.voltage_v, 2)),
        (clock("battery.current"), clock.number("amperes", state.current_a, 1)),
        (clock("battery.remaining"), _remaining(state, clock)),
        (clock("battery.nominal"), clock.number("ampere_hours", state.nominal_ah)),
    ]


def _remaining(state: BatteryState, clock: Clock) -> str:
    full = clock.number("ampere_hours", state.full_ah)
    if state.remaining_ah is None:
        return clock("unknown")
    return clock("battery.of_full", left=clock.decimal(state.remaining_ah), full=full)


def _care_facts(state: BatteryState, clock: Clock) -> Facts:
    facts = [
        (clock("battery.soh"), clock.number("percent", state.soh_percent)),
        (clock("battery.cycles"), _count(state.cycles, clock)),
        (clock("battery.lifetime"), clock.number("ampere_hours", state.lifetime_ah)),
        (clock("battery.balancing"), _balancing(state, clock)),
        (clock("battery.may_charge"), _switch(state.charging_mosfet, ("allowed", "blocked"), clock)),
        (clock("battery.may_discharge"), _switch(state.discharging_mosfet, ("allowed", "blocked"), clock)),
        (clock("battery.alarms"), _listed(state.alarms, clock)),
    ]
    if state.heating is not None:
        facts.append((clock("battery.heating"), _switch(state.heating, ("running", "stopped"), clock)))
    return facts


def _balancing(state: BatteryState, clock: Clock) -> str:
    if state.balancing is None:
        return clock("unknown")
    size = None if state.balance_current_a is None else abs(state.balance_current_a)
    return clock(f"battery.balancing_{state.balancing.value}", current=clock.number("amperes", size, 2))


def _switch(value: bool | None, names: tuple[str, str], clock: Clock) -> str:
    return clock("unknown") if value is None else clock(f"battery.{names[0] if value else names[1]}")


def _listed(names: Sequence[str] | None, clock: Clock) -> str:
    if names is None:
        return clock("unknown")
    return ", ".join(names) or clock("page.none")


def _temperatures(state: BatteryState, clock: Clock) -> Facts:
    sensors = [
        (clock("battery.sensor", number=number), clock.number("celsius", value, 1))
        for number, value in enumerate(state.temperatures_c or (), 1)
    ]
    return [*sensors, (clock("battery.mosfet"), clock.number("celsius", state.mosfet_temperature_c, 1))]


def _link(state: BatteryState, clock: Clock) -> Facts:
    return [
        (clock("battery.rssi"), _signal(state.rssi_dbm, clock)),
        (clock("battery.read"), clock.second(state.at)),
        (clock("battery.reconnects"), _count(state.reconnects, clock)),
        (clock("battery.bad_frames"), _count(state.bad_frames, clock)),
    ]


def _signal(dbm: int | None, clock: Clock) -> str:
    if dbm is None:
        return clock("unknown")
    word = "strong" if dbm >= STRONG_DBM else "fair" if dbm >= FAIR_DBM else "weak"
    return clock("battery.rssi_told", dbm=clock.number("battery.dbm", dbm), word=clock(f"battery.signal_{word}"))


def _count(number: int | None, clock: Clock) -> str:
    return clock("unknown") if number is None else clock.decimal(number)


def _about(info: BatteryInfo | None, clock: Clock) -> list[Any]:
    if info is None:
        return []
    told = {
        "model": info.model,
        "firmware": info.software,
        "hardware": info.hardware,
        "made": info.manufactured,
        "address": info.address,
    }
    facts = [(clock(f"battery.{name}"), value or clock("unknown")) for name, value in told.items()]
    return [html.H3(clock("battery.about")), _facts(facts)]


def _facts(facts: Facts) -> html.Dl:
    return html.Dl([html.Div([html.Dt(label), html.Dd(value)]) for label, value in facts], className="pairs")
