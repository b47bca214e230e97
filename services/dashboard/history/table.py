"""The same energy as a table, for those who would rather read it, or cannot see the bars. Pure."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from services.dashboard.history.energy import NAMES, Kwh, Piece
from services.dashboard.markup import attributes
from services.dashboard.tariff import Tariff
from services.dashboard.wording import Clock


def table(pieces: Sequence[Piece], total: Kwh, cost: float | None, tariff: Tariff | None, clock: Clock) -> html.Details:
    """Return a row a piece of which something is known, and their sum; a column that is empty is left out."""
    columns = [name for name in NAMES if total[name]]
    names = [clock("history.when"), *(clock(f"history.{name.removesuffix('_kwh')}_w") for name in columns)]
    if tariff:
        names.append(clock("history.cost"))

    def row(name: Any, kwh: Kwh, price: float | None) -> html.Tr:
        cells = [_decimal(kwh[column], clock) for column in columns] + ([money(price, tariff, clock)] if tariff else [])
        return html.Tr([html.Th(name, scope="row"), *map(html.Td, cells)])

    grid = html.Table(
        [
            html.Caption(clock("history.in_kwh")),
            html.Thead(html.Tr([html.Th(name, scope="col") for name in names])),
            html.Tbody([row(_name(piece), piece.kwh, piece.cost) for piece in pieces if piece.known]),
            html.Tfoot(row(clock("history.total"), total, cost)),
        ]
    )
    region = html.Div(
        grid, className="wide", role="region", tabIndex=0, **attributes(aria_label=clock("history.table"))
    )
    return html.Details([html.Summary(clock("history.table")), region], className="card table")


def _name(piece: Piece) -> Any:
    return dcc.Link(piece.label, href=piece.period.address) if piece.period else piece.label


def _decimal(value: float | None, clock: Clock) -> str:
    return clock("unknown") if value is None else clock.decimal(value, 2)


def money(amount: float | None, tariff: Tariff, clock: Clock) -> str:
    """Return an amount in the currency of the tariff, or the dash."""
    return clock("unknown") if amount is None else f"{clock.decimal(amount, 2)}\u00a0{tariff.currency}"
