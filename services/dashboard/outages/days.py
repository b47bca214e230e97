"""Today, tomorrow and the day after as the plan has them, and where the plan comes from, pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.outages.lanes import Bounds, day_look, hours, key, lane, planned
from services.dashboard.wording import Clock
from shared import outages
from shared.messages import Certainty, DayPlan, OutageSchedule, Window


def days(plan: OutageSchedule | None, clock: Clock) -> list[Any]:
    """Return the three days and what the patterns mean; nothing where there is no plan at all."""
    if plan is None:
        return []
    ahead = outages.days_ahead(plan, clock.now)
    looks = {piece.look for day in ahead for piece in planned(day)}
    return [*(_day(day, plan.time_zone, clock) for day in ahead), key(looks, clock)]


def _day(day: outages.Day, zone: str, clock: Clock) -> html.Div:
    """A day with its outages in words, unless an emergency has set them aside: then the bar alone keeps them."""
    bounds = Bounds.of(day.day, zone)
    told, promised = _told(day, clock), day.windows if day.state is DayPlan.PLANNED else ()
    name = html.H3([_name(day, clock), " ", html.Span(date_of(day, clock), className="date")])
    head = html.Div([name, html.Span(told, className="day-total")], className="day-head")
    label = ", ".join([told, *(_window_text(one, clock) for one in promised)])
    bar = lane(planned(day), bounds, label, now=clock.now, look=day_look(day.state))
    windows = html.Ul([_window(one, clock) for one in promised], className="windows")
    return html.Div(
        [head, bar, hours(bounds), *([windows] if promised else [])],
        className="day",
        **attributes(data_state=day.state.value),
    )


def _name(day: outages.Day, clock: Clock) -> str:
    name = clock.day(day.day)
    return name[:1].upper() + name[1:]


def date_of(day: outages.Day, clock: Clock) -> str:
    """Return the date of a day: Tue 24 Nov."""
    return f"{clock.weekday(day.day)} {day.day.day} {clock.months[day.day.month - 1]}"


def _told(day: outages.Day, clock: Clock) -> str:
    if day.state is not DayPlan.PLANNED:
        return clock(f"outages.day_{day.state.value}")
    parts = [clock("outages.day_total", total=clock.lasted(day.total))] if day.total else []
    if day.possible:
        parts.append(clock("outages.day_possible", possible=clock.lasted(day.possible)))
    return ", ".join(parts) or clock("outages.day_no_outages")


def _window(window: Window, clock: Clock) -> html.Li:
    running = window.start <= clock.now < window.end
    state = "past" if window.end <= clock.now else "now" if running else "ahead"
    words: list[Any] = [html.Span(_window_text(window, clock))]
    if running:
        words.append(html.Strong(clock("outages.now")))
    return html.Li(words, **attributes(data_state=state))


def _window_text(window: Window, clock: Clock) -> str:
    """The hours and the length, with a word where the outage is not sure."""
    text = f"{clock.hours_of(window.start, window.end)}, {clock.lasted(window.end - window.start)}"
    sure = window.certainty is Certainty.DEFINITE
    return text if sure else f"{text}, {clock(f'outages.certainty_{window.certainty.value}')}"


def about(plan: OutageSchedule | None, clock: Clock) -> list[Any]:
    """Return where the plan comes from, how old it is, and what is wrong with its source."""
    if plan is None:
        return []
    fetched = clock("unknown")
    if plan.fetched_at:
        length = clock.lasted(clock.now - plan.fetched_at)
        fetched = clock("outages.ago", at=clock.since(plan.fetched_at), length=length)
    facts = {
        "source": plan.source or clock("unknown"),
        "fetched": fetched,
        "stamp": clock.since(plan.operator_stamp) if plan.operator_stamp else clock("unknown"),
    }
    if plan.change:
        facts["changed"] = clock.since(plan.change.at)
    if plan.problem:
        facts["problem"] = plan.problem
    return [html.Div([html.Dt(clock(f"outages.{name}")), html.Dd(value)]) for name, value in facts.items()]
