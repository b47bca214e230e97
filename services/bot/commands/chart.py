"""The chart of power and charge as a PNG for the phone. The only importer of matplotlib. Blocking: call in a thread."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from io import BytesIO
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from services.bot.commands.history import ChartData
from shared.messages import Grid
from shared.texts.catalogue import say
from shared.texts.language import Language

SIZE_INCHES = (7.2, 7.2)
DPI = 150
LOAD, SUN, SOC, OUTAGE, PLANNED, UNKNOWN = "#2563eb", "#f59e0b", "#16a34a", "#dc2626", "#f97316", "#9ca3af"


def draw(chart: ChartData, language: Language, zone: tzinfo, title: str) -> bytes:
    """Return a PNG with power above and charge below; there is a gap where nothing was recorded."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    power, soc = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    figure.suptitle(title, fontsize=16)
    moments = [_local(moment, zone) for moment in chart.series.moments]
    for field, name, colour in (("load_power_w", "bot.chart_load", LOAD), ("pv_power_w", "bot.chart_sun", SUN)):
        values = _numbers(chart.series.values[field], 1000)
        power.plot(moments, values, color=colour, linewidth=2, label=say(language, name))
    soc.plot(moments, _numbers(chart.series.values["battery_soc_percent"], 1), color=SOC, linewidth=2)
    power.set_ylabel(say(language, "bot.chart_power"), fontsize=13)
    soc.set_ylabel(say(language, "bot.chart_soc"), fontsize=13)
    power.set_ylim(bottom=0)
    soc.set_ylim(0, 102)
    for axes in (power, soc):
        _shade(axes, chart, language, zone)
        axes.grid(visible=True, alpha=0.25)
        axes.tick_params(labelsize=12)
        axes.set_xlim(_local(chart.start, zone), _local(chart.end, zone))
    _times(soc, chart)
    _legend(power)
    out = BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _numbers(values: Sequence[float | None], divide_by: int) -> list[float]:
    return [math.nan if value is None else value / divide_by for value in values]


def _shade(axes: Axes, chart: ChartData, language: Language, zone: tzinfo) -> None:
    """Shade outages from top to bottom; planned ones are a hatched band along the bottom."""
    for state, spans in groupby(sorted(chart.outages, key=lambda one: one.state), key=lambda one: one.state):
        is_outage = state is Grid.OFF
        colour, alpha = (OUTAGE, 0.16) if is_outage else (UNKNOWN, 0.35)
        name = "bot.chart_outage" if is_outage else "bot.chart_unknown"
        for place, span in enumerate(spans):
            label = None if place else say(language, name)
            axes.axvspan(_local(span.start, zone), _local(span.end, zone), color=colour, alpha=alpha, lw=0, label=label)
    for place, window in enumerate(chart.planned):
        start, end = _local(window.start, zone), _local(window.end, zone)
        label = None if place else say(language, "bot.chart_planned")
        axes.axvspan(start, end, ymax=0.06, facecolor="none", edgecolor=PLANNED, hatch="////", lw=0, label=label)


def _times(axes: Axes, chart: ChartData) -> None:
    is_long = chart.end - chart.start > timedelta(days=2)
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=9))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%d.%m" if is_long else "%H:%M"))  # type: ignore[no-untyped-call]


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", ncols=3, fontsize=11, framealpha=0.85)
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, 0.1) * 1.25)  # room for the legend


def _local(at: datetime, zone: tzinfo) -> float:
    """Return local wall-clock time as matplotlib's number, without a time zone."""
    return float(date2num(at.astimezone(zone).replace(tzinfo=None)))  # type: ignore[no-untyped-call]
