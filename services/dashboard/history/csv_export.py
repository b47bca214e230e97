"""A period as a CSV file, streamed while it is read, so its length takes no memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from dash import html
from flask import Flask, Response, abort, request, stream_with_context

from services.dashboard.history.period import DOWNLOAD, Period, period_of_query
from services.dashboard.history.power import FIELDS
from services.dashboard.markup import icon
from services.dashboard.pages import PageContext
from shared.errors import StorageError
from shared.history.engine import Engine
from shared.history.queries import Series, latest, series
from shared.texts.localizer import Localizer

FINE, COARSE = timedelta(minutes=5), timedelta(hours=1)
FINE_DAYS = 62
"""For a longer period the file has hours."""
AT_ONCE = timedelta(days=2)


def download_link(shown: Period, inverter: str, localizer: Localizer) -> html.A:
    """Return the link to the file."""
    target = replace(shown, inverter=inverter).download
    return html.A(
        [icon("download"), html.Span(localizer("history.download"))], href=target, className="button", download=""
    )


def routes(server: Flask, context: PageContext) -> None:
    """Serve a period as a CSV file."""

    @server.get(DOWNLOAD)
    def history_csv() -> Response:
        localizer = context.calendar()
        period = period_of_query(request.query_string.decode(), localizer.today)
        try:
            seen = latest(context.engine)
        except StorageError as error:
            abort(Response(localizer.reason(error.reason), 503, mimetype="text/plain"))
        name = period.inverter or next(iter(seen), "")
        if name not in seen:
            abort(Response(localizer("history.nothing_yet"), 404, mimetype="text/plain"))
        lines = _rows(context.engine, name, period, zone=localizer.zone, now=localizer.now)
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(period)}"'
        return answer


def _rows(engine: Engine, device: str, period: Period, *, zone: tzinfo, now: datetime) -> Iterator[str]:
    """Yield the header, then a row of means for each five minutes, or hour, with data, in local time."""
    yield f"{','.join(('at', *FIELDS))}\r\n"
    start, end = period.bounds(zone)
    end = min(end, now)
    step = FINE if (period.last - period.first).days <= FINE_DAYS else COARSE
    while start < end:
        until = min(end, start + AT_ONCE * (step // FINE))
        count = -(-(until - start) // step)
        read = series(engine, device, FIELDS, start=start, end=start + count * step, buckets=count)
        yield "".join(_lines(read, zone))
        start = until


def _lines(read: Series, zone: tzinfo) -> Iterator[str]:
    for index, middle in enumerate(read.moments):
        values = [read.values[name][index] for name in FIELDS]
        if any(value is not None for value in values):
            at = (middle - read.step / 2).astimezone(zone)
            yield f"{','.join((at.isoformat(timespec='seconds'), *map(_number, values)))}\r\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}".removesuffix(".0")


def _file_name(period: Period) -> str:
    """Return a file name with the days in it."""
    return f"easun-{period.first}-{period.last - timedelta(days=1)}.csv"
