"""The card of energy: sums, bars, and the same as a table for those who cannot see the bars, pure.

Sums and table are plain trees for assets/live.js, as hundreds of components take longer than everything else.
"""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from services.dashboard.chart_theme import CONFIG, Theme
from services.dashboard.history.energy import (
    BATTERY_IN,
    BATTERY_OUT,
    GRID_IN,
    GRID_OUT,
    LOAD,
    NAMES,
    SUN,
    UNKNOWN,
    Energy,
    Kwh,
    Piece,
    change,
    self_sufficiency,
)
from services.dashboard.history.energy_balance import NOTHING_KWH, Balance, balance, balance_trees
from services.dashboard.history.energy_chart import energy_chart
from services.dashboard.history.period import Period
from services.dashboard.markup import attributes, drawn, icon, tree
from services.dashboard.tariff import Tariff
from shared.texts.localizer import Localizer


def energy_cards(
    energy: Energy, period: Period, tariff: Tariff | None, localizer: Localizer, theme: Theme
) -> list[Any]:
    """Return the card, and the table below it."""
    title = html.H2(localizer("history.in_kwh"))
    if energy.total == UNKNOWN:
        return [html.Section([title, html.P(localizer("history.no_energy_yet"))], className="card")]
    sums = totals(energy.total, energy.before, localizer) + shares(energy.total, energy.cost, tariff, localizer)
    notes: list[str] = [localizer("history.no_tariff")] if tariff is None else []
    if energy.before != UNKNOWN:
        notes.insert(0, against(period, localizer))
    if energy.due:
        notes.insert(0, localizer("history.due", at=localizer.since(energy.due)))
    figure = energy_chart(energy.pieces, localizer, theme=theme)
    graph = dcc.Graph(id="energy", figure=figure, config=CONFIG, responsive=True, className="bars")
    label = localizer("history.bars", period=period.title(localizer))
    card = [
        title,
        drawn(
            [["dl", {"className": "sums"}, sums], *(["p", {"className": "hint"}, [note]] for note in notes)],
            id="history-sums",
        ),
        html.Div(graph, className="plot", role="img", **attributes(aria_label=label)),
    ]
    flows = balance(energy.total)
    return [
        html.Section(card, className="card"),
        *([_balance(flows, localizer)] if flows and flows.total >= NOTHING_KWH else []),
        table(energy.pieces, energy.total, energy.cost, tariff, localizer),
    ]


def _balance(flows: Balance, localizer: Localizer) -> html.Section:
    """Return the card of the sources and sinks of energy."""
    parts = drawn(balance_trees(flows, localizer), id="history-balance")
    return html.Section([html.H2(localizer("history.balance")), parts], className="card")


def totals(kwh: Kwh, before: Kwh, localizer: Localizer) -> list[Any]:
    """Return the sums with their change since the previous period; those that are always zero are left out."""
    names = {SUN: "sun", LOAD: "home", GRID_IN: "grid", GRID_OUT: "grid", BATTERY_OUT: "battery", BATTERY_IN: "battery"}
    always = (LOAD, GRID_IN)
    return [
        tile(
            drawing,
            localizer(f"history.{name.removesuffix('_kwh')}_w"),
            _kilowatt_hours(kwh[name], localizer),
            difference(kwh[name], before[name], localizer),
        )
        for name, drawing in names.items()
        if kwh[name] or name in always
    ]


def shares(kwh: Kwh, cost: float | None, tariff: Tariff | None, localizer: Localizer) -> list[Any]:
    """Return the self-sufficiency, and the cost if a tariff is set."""
    found = [tile("bolt", localizer("history.own"), localizer.number("percent", self_sufficiency(kwh)), "")]
    if tariff:
        found.append(tile("coin", localizer("history.cost"), money(cost, tariff, localizer), ""))
    return found


def tile(drawing: str, name: str, value: str, note: str) -> Any:
    """Return one sum."""
    lines = [["dt", {}, [tree(icon(drawing)), ["span", {}, [name]]]], ["dd", {"className": "value"}, [value]]]
    if note:
        lines.append(["dd", {"className": "note"}, [note]])
    return ["div", {"className": f"sum sum-{drawing}"}, lines]


def _kilowatt_hours(value: float | None, localizer: Localizer) -> str:
    return localizer.number("kilowatt_hours", value, 2 if value is None or value < 10 else 1 if value < 1000 else 0)


def difference(value: float | None, before: float | None, localizer: Localizer) -> str:
    """Return how much a value has changed, in words; empty if the change is not meaningful."""
    percent = change(value, before)
    if percent is None or percent >= 1000:
        return ""
    size = round(abs(percent))
    name = "history.same" if not size else "history.more" if percent > 0 else "history.less"
    return localizer(name, percent=localizer.number("percent", size))


def against(shown: Period, localizer: Localizer) -> str:
    """Return which period the sums are compared with."""
    running = "_so_far" if shown.contains(localizer.today) else ""
    return localizer(f"history.against{running}", period=shown.earlier().title(localizer))


def table(
    pieces: Sequence[Piece], total: Kwh, cost: float | None, tariff: Tariff | None, localizer: Localizer
) -> html.Div:
    """Return a row for each piece with data, and the total; empty columns are left out."""
    columns = [name for name in NAMES if total[name]]
    names = [localizer("history.when"), *(localizer(f"history.{name.removesuffix('_kwh')}_w") for name in columns)]
    if tariff:
        names.append(localizer("history.cost"))

    def row(name: Any, kwh: Kwh, price: float | None) -> Any:
        cells = [_decimal(kwh[column], localizer) for column in columns] + (
            [money(price, tariff, localizer)] if tariff else []
        )
        return ["tr", {}, [["th", {"scope": "row"}, [name]], *(["td", {}, [cell]] for cell in cells)]]

    title = localizer("history.table")
    grid = [
        ["caption", {}, [localizer("history.in_kwh")]],
        ["thead", {}, [["tr", {}, [["th", {"scope": "col"}, [name]] for name in names]]]],
        ["tbody", {}, [row(_name(piece), piece.kwh, piece.cost) for piece in pieces if piece.known]],
        ["tfoot", {}, [row(localizer("history.total"), total, cost)]],
    ]
    region = {"className": "wide", "role": "region", "tabIndex": "0", "aria-label": title}
    inside = [["summary", {}, [title]], ["div", region, [["table", {}, grid]]]]
    return drawn([["details", {"className": "card table"}, inside]], id="history-table")


def _name(piece: Piece) -> Any:
    """Return the name of a piece, which leads to its period."""
    return ["a", {"href": piece.period.address}, [piece.label]] if piece.period else piece.label


def _decimal(value: float | None, localizer: Localizer) -> str:
    return localizer("unknown") if value is None else localizer.decimal(value, 2)


def money(amount: float | None, tariff: Tariff, localizer: Localizer) -> str:
    """Return an amount in the currency of the tariff, or the dash."""
    return localizer("unknown") if amount is None else f"{localizer.decimal(amount, 2)}\u00a0{tariff.currency}"
