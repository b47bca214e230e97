"""Pictures for the phone. The only importer of matplotlib. Blocking: call it in a thread."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from io import BytesIO
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from services.bot.records import Chart
from shared.messages import Grid
from shared.texts.catalogue import say
from shared.texts.language import Language

SIZE_INCHES = (7.2, 7.2)
DPI = 150
LOAD, SUN, SOC, OUTAGE, PLANNED, UNKNOWN = "#2563eb", "#f59e0b", "#16a34a", "#dc2626", "#f97316", "#9ca3af"


def draw(chart: Chart, language: Language, zone: tzinfo, title: str) -> bytes:
    """Return power above and charge below as PNG; what nobody recorded is a gap."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    power, soc = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    figure.suptitle(title, fontsize=16)
    moments = [_wall(moment, zone) for moment in chart.data.moments]
    for field, name, colour in (("load_power_w", "chart_load", LOAD), ("pv_power_w", "chart_sun", SUN)):
        values = _numbers(chart.data.values[field], 1000)
        power.plot(moments, values, color=colour, linewidth=2, label=say(language, name))
    soc.plot(moments, _numbers(chart.data.values["battery_soc_percent"], 1), color=SOC, linewidth=2)
    power.set_ylabel(say(language, "chart_power"), fontsize=13)
    soc.set_ylabel(say(language, "chart_soc"), fontsize=13)
    power.set_ylim(bottom=0)
    soc.set_ylim(0, 102)
    for axes in (power, soc):
        _shade(axes, chart, language, zone)
        axes.grid(visible=True, alpha=0.25)
        axes.tick_params(labelsize=12)
        axes.set_xlim(_wall(chart.start, zone), _wall(chart.end, zone))
    _times(soc, chart)
    _legend(power)
    out = BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _numbers(values: Sequence[float | None], divide_by: int) -> list[float]:
    return [math.nan if value is None else value / divide_by for value in values]


def _shade(axes: Axes, chart: Chart, language: Language, zone: tzinfo) -> None:
    """Shade outages from top to bottom; the planned ones are a hatched band along the bottom."""
    for state, spans in groupby(sorted(chart.outages, key=lambda one: one.state), key=lambda one: one.state):
        colour, name, alpha = (OUTAGE, "chart_outage", 0.16) if state is Grid.OFF else (UNKNOWN, "chart_unknown", 0.35)
        for place, span in enumerate(spans):
            label = None if place else say(language, name)
            axes.axvspan(_wall(span.start, zone), _wall(span.end, zone), color=colour, alpha=alpha, lw=0, label=label)
    for place, window in enumerate(chart.planned):
        start, end = _wall(window.start, zone), _wall(window.end, zone)
        label = None if place else say(language, "chart_planned")
        axes.axvspan(start, end, ymax=0.06, facecolor="none", edgecolor=PLANNED, hatch="////", lw=0, label=label)


def _times(axes: Axes, chart: Chart) -> None:
    is_long = chart.end - chart.start > timedelta(days=2)
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=9))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%d.%m" if is_long else "%H:%M"))  # type: ignore[no-untyped-call]


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", ncols=3, fontsize=11, framealpha=0.85)
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, 0.1) * 1.25)  # room for the legend


def _wall(at: datetime, zone: tzinfo) -> float:
    """Return what the clock on the wall shows, as matplotlib counts; it is told no zone."""
    return float(date2num(at.astimezone(zone).replace(tzinfo=None)))  # type: ignore[no-untyped-call]
