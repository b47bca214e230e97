"""The schedule for today, tomorrow and the day after, and its source, pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.outages.day_bar import Bounds, day_look, hours, key, lane, planned
from shared import outages
from shared.broker_state import BrokerState
from shared.messages import Certainty, DayState, OutageSchedule, Window
from shared.schedule_regions import region
from shared.texts.language import Language
from shared.texts.localizer import Localizer


def days(plan: OutageSchedule | None, localizer: Localizer) -> list[Any]:
    """Return the three days and the legend; empty without a schedule."""
    if plan is None:
        return []
    ahead = outages.days_ahead(plan, localizer.now)
    looks = {piece.look for day in ahead for piece in planned(day)}
    return [*(_day(day, plan.time_zone, localizer) for day in ahead), key(looks, localizer)]


def _day(day: outages.Day, zone: str, localizer: Localizer) -> html.Div:
    """A day with its outages in words; during an emergency only in the bar."""
    bounds = Bounds.of(day.day, zone)
    total, promised = _total_text(day, localizer), day.windows if day.state is DayState.PLANNED else ()
    name = html.H3([_name(day, localizer), " ", html.Span(date_of(day, localizer), className="date")])
    head = html.Div([name, html.Span(total, className="day-total")], className="day-head")
    label = ", ".join([total, *(_window_text(one, localizer) for one in promised)])
    bar = lane(planned(day), bounds, label, now=localizer.now, look=day_look(day.state))
    windows = html.Ul([_window(one, localizer) for one in promised], className="windows")
    return html.Div(
        [head, bar, hours(bounds), *([windows] if promised else [])],
        className="day",
        **attributes(data_state=day.state.value),
    )


def _name(day: outages.Day, localizer: Localizer) -> str:
    name = localizer.day(day.day)
    return name[:1].upper() + name[1:]


def date_of(day: outages.Day, localizer: Localizer) -> str:
    """Return the date of a day: Tue 24 Nov."""
    return f"{localizer.weekday(day.day)} {day.day.day} {localizer.months[day.day.month - 1]}"


def _total_text(day: outages.Day, localizer: Localizer) -> str:
    if day.state is not DayState.PLANNED:
        return localizer(f"outages.day_{day.state.value}")
    parts = [localizer("outages.day_total", total=localizer.lasted(day.total))] if day.total else []
    if day.possible:
        parts.append(localizer("outages.day_possible", possible=localizer.lasted(day.possible)))
    return ", ".join(parts) or localizer("outages.day_no_outages")


def _window(window: Window, localizer: Localizer) -> html.Li:
    running = window.start <= localizer.now < window.end
    state = "past" if window.end <= localizer.now else "now" if running else "ahead"
    words: list[Any] = [html.Span(_window_text(window, localizer))]
    if running:
        words.append(html.Strong(localizer("outages.now")))
    return html.Li(words, **attributes(data_state=state))


def _window_text(window: Window, localizer: Localizer) -> str:
    """Return the hours and the length, and the certainty if the outage is not definite."""
    text = f"{localizer.hours_of(window.start, window.end)}, {localizer.lasted(window.end - window.start)}"
    sure = window.certainty is Certainty.DEFINITE
    return text if sure else f"{text}, {localizer(f'outages.certainty_{window.certainty.value}')}"


def about(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return the address of the schedule, its sources, its age, and any problem with it."""
    plan = snapshot.schedule
    if plan is None:
        return []
    fetched = localizer("unknown")
    if plan.fetched_at:
        length = localizer.lasted(localizer.now - plan.fetched_at)
        fetched = localizer("outages.ago", at=localizer.since(plan.fetched_at), length=length)
    facts = {
        "region": _region(plan, localizer),
        "source": _sources(plan, localizer) or localizer("unknown"),
        "fetched": fetched,
        "stamp": localizer.since(plan.operator_stamp) if plan.operator_stamp else localizer("unknown"),
    }
    if plan.change:
        facts["changed"] = localizer.since(plan.change.at)
    if fit := fit_text(snapshot, localizer):
        facts["fit"] = fit
    service = snapshot.services.get("schedule")
    problems = [plan.reason] if plan.reason else service.reasons if service else ()
    if problems:
        facts["problem"] = " ".join(map(localizer.reason, problems))
    return [
        html.Div([html.Dt(localizer(f"outages.{name}")), html.Dd(value)], className=f"fact-{name}")
        for name, value in facts.items()
    ]


def _region(plan: OutageSchedule, localizer: Localizer) -> str:
    known = region(plan.region or "")
    if known:
        return known.uk if localizer.language is Language.UK else known.en
    return localizer("outages.own_addresses") if plan.region else localizer("unknown")


def _sources(plan: OutageSchedule, localizer: Localizer) -> str:
    """Return the source, or that of each day from today on if they differ."""
    days = [one for one in plan.days if one.day >= localizer.today and one.source]
    if len({one.source for one in days}) < 2:
        return days[0].source or "" if days else plan.source or ""
    return ", ".join(f"{localizer.day(one.day)}: {one.source}" for one in days)


def fit_text(snapshot: BrokerState, localizer: Localizer) -> str:
    """Return how well the home's outages fit its queue; empty if nothing is known of this address."""
    plan, fit = snapshot.schedule, snapshot.queue_fit
    if plan is None or fit is None or (fit.queue, fit.region) != (plan.queue, plan.region) or not fit.outages:
        return ""
    others = ", ".join(f"{one.queue} ({one.fitting})" for one in fit.others)
    return localizer(
        f"outages.fit_{fit.verdict.value}", outages=fit.outages, fitting=fit.fitting, queue=fit.queue, others=others
    )
