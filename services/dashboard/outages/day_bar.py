"""A day as a bar of 23, 24 or 25 hours, pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared import outages
from shared.history.queries import GridSpan
from shared.messages import DayState, Grid
from shared.texts.localizer import Localizer

TICKS = (0, 6, 12, 18, 24)
KEYS = ("definite", "possible", "unknown", "on")
GRIDS = {Grid.OFF: "definite", Grid.UNKNOWN: "unknown", Grid.ON: "on"}


@dataclass(frozen=True)
class Piece:
    """A part of a bar; look is one of KEYS."""

    start: datetime
    end: datetime
    look: str


@dataclass(frozen=True)
class Bounds:
    """A day from midnight to midnight."""

    day: date
    start: datetime
    end: datetime
    zone: str

    @classmethod
    def of(cls, day: date, zone: str) -> "Bounds":
        """Return the bounds of a local day."""
        return cls(day, *outages.bounds(day, zone), zone)

    def percent(self, at: datetime) -> float:
        """Return the position of a moment."""
        return round(100 * (at - self.start) / (self.end - self.start), 2)


def planned(day: outages.Day) -> list[Piece]:
    """Return the scheduled pieces."""
    return [Piece(one.start, one.end, one.certainty.value) for one in day.windows]


def actual(spans: Iterable[GridSpan], bounds: Bounds, until: datetime) -> list[Piece]:
    """Return the recorded pieces up to a moment; what was not recorded is unknown."""
    end, at = min(bounds.end, until), bounds.start
    pieces: list[Piece] = []
    for span in spans:
        start, finish = max(span.start, bounds.start), min(span.end, end)
        if start >= finish:
            continue
        if start > at:
            pieces.append(Piece(at, start, "unknown"))
        pieces.append(Piece(start, finish, GRIDS[span.state]))
        at = finish
    return [*pieces, Piece(at, end, "unknown")] if at < end else pieces


def total(pieces: Iterable[Piece], look: str) -> timedelta:
    """Return the total length of the pieces of a look."""
    return sum((piece.end - piece.start for piece in pieces if piece.look == look), timedelta())


def lane(pieces: Sequence[Piece], bounds: Bounds, label: str, *, now: datetime | None = None, look: str = "") -> Any:
    """Return a bar with a mark for the present moment; label is for screen readers."""
    marks = [_piece(piece, bounds) for piece in pieces]
    if now is not None and bounds.start <= now < bounds.end:
        minute = now.replace(second=0, microsecond=0)
        marks.append(html.Span(className="lane-now", style={"left": f"{bounds.percent(minute)}%"}))
    return html.Div(marks, className=f"lane {look}".strip(), role="img", **attributes(aria_label=label))


def _piece(piece: Piece, bounds: Bounds) -> html.Span:
    left = bounds.percent(piece.start)
    width = round(bounds.percent(piece.end) - left, 2)
    return html.Span(className=f"piece piece-{piece.look}", style={"left": f"{left}%", "width": f"{width}%"})


def hours(bounds: Bounds) -> html.Div:
    """Return the local hours below a bar."""
    places = [(hour, bounds.percent(outages.wall(bounds.day, 60 * hour, bounds.zone))) for hour in TICKS]
    ticks = [html.Span(f"{hour:02}", style={"left": f"{place}%"}) for hour, place in places]
    return html.Div(ticks, className="hours", **attributes(aria_hidden="true"))


def key(looks: Iterable[str], localizer: Localizer) -> html.Ul:
    """Return the legend."""
    shown = set(looks)
    return html.Ul(
        [
            html.Li([html.Span(className=f"swatch piece-{look}"), localizer(f"outages.key_{look}")])
            for look in KEYS
            if look in shown
        ],
        className="key",
    )


def day_look(state: DayState) -> str:
    """Return the CSS class of a day's bar."""
    return f"lane-{state.value}"
