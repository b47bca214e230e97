"""A period as a CSV file, streamed while it is read, so its length takes no memory.

Only what was recorded is read: a century takes no longer than the days with readings in it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from dash import html
from flask import Flask, Response, abort, request, stream_with_context

from services.dashboard.history.period import Period, period_of_query
from services.dashboard.history.power import FIELDS
from services.dashboard.markup import icon
from services.dashboard.pages import PageContext
from services.dashboard.paths import CSV
from shared.errors import StorageError
from shared.history.engine import Engine
from shared.history.house import Device
from shared.history.queries import Series, recorded_devices, series
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

    @server.get(CSV)
    def history_csv() -> Response:
        localizer = context.calendar()
        period = period_of_query(request.query_string.decode(errors="replace"), localizer.today)
        try:
            known = {device.name: device for device in recorded_devices(context.engine)}
        except StorageError as error:
            abort(Response(localizer.reason(error.reason), 503, mimetype="text/plain"))
        device = known.get(period.inverter) if period.inverter else next(iter(known.values()), None)
        if device is None:
            abort(Response(localizer("history.nothing_yet"), 404, mimetype="text/plain"))
        lines = _rows(context.engine, device, period, zone=localizer.zone)
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(period)}"'
        return answer


def _rows(engine: Engine, device: Device, period: Period, *, zone: tzinfo) -> Iterator[str]:
    """Yield the header, then a row of means for each five minutes, or hour, with data, in local time."""
    yield f"{','.join(('at', *FIELDS))}\r\n"
    step = FINE if (period.last - period.first).days <= FINE_DAYS else COARSE
    start, end = _recorded_part(device, *period.bounds(zone), step)
    while start < end:
        until = min(end, start + AT_ONCE * (step // FINE))
        count = -(-(until - start) // step)
        read = series(engine, device.name, FIELDS, start=start, end=start + count * step, buckets=count)
        yield "".join(_lines(read, zone))
        start = until


def _recorded_part(device: Device, start: datetime, end: datetime, step: timedelta) -> tuple[datetime, datetime]:
    """Return the part of a period with readings, from its start by whole steps."""
    before = max(0, (device.first - start) // step)
    return start + before * step, min(end, device.last + step)


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
