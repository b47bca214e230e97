"""The outage schedule as a message, pure: a day that nobody published is never shown as one without outages."""

from services.bot.texts.html import lines, paragraphs
from shared import outages
from shared.broker_state import BrokerState
from shared.messages import Certainty, DayState, OutageSchedule, Window
from shared.outages import Day
from shared.texts.localizer import Localizer
from shared.texts.service_sentences import why

DAY_STATES = {
    DayState.NO_OUTAGES: "bot.no_outages",
    DayState.UNKNOWN: "bot.not_published",
    DayState.WAITING: "bot.waiting_plan",
    DayState.EMERGENCY: "bot.emergency",
}


def schedule_text(localizer: Localizer, state: BrokerState, count: int = 3) -> str:
    """Return the days ahead; those after tomorrow only if something is known about them."""
    plan = state.schedule
    if plan is None:
        reason = why(localizer, state, "schedule")
        return localizer("bot.no_schedule_why", why=reason) if reason else localizer("bot.no_schedule")
    days = outages.days_ahead(plan, localizer.now, count)
    shown = [day for place, day in enumerate(days) if place < 2 or day.state is not DayState.UNKNOWN]
    return paragraphs(
        localizer("bot.schedule_title", queue=plan.queue),
        *(day_text(localizer, day) for day in shown),
        stale_note(localizer, plan, "bot.old_data") or localizer("bot.updated", time=_fetched(localizer, plan)),
    )


def stale_note(localizer: Localizer, plan: OutageSchedule, sentence: str) -> str | None:
    """Return how old the schedule is, if no source has confirmed it lately."""
    is_old = plan.stale or outages.is_stale(plan, localizer.now)
    return localizer(sentence, time=_fetched(localizer, plan)) if is_old else None


def _fetched(localizer: Localizer, plan: OutageSchedule) -> str:
    return localizer.time(plan.fetched_at) if plan.fetched_at else localizer("unknown")


def day_text(localizer: Localizer, day: Day) -> str:
    """Return a day: its state, its outages with their lengths, the total."""
    name = localizer.day(day.day).capitalize()
    head = localizer("bot.day_head", day=name, date=f"{day.day:%d.%m}", weekday=localizer.weekday(day.day))
    if day.state in DAY_STATES:
        return lines(head, localizer(DAY_STATES[day.state]))
    total = localizer("bot.total", lasted=localizer.lasted(day.total)) if day.total else None
    return lines(head, *(_window(localizer, one) for one in day.windows), total)


def _window(localizer: Localizer, window: Window) -> str:
    span, lasted = localizer.hours_of(window.start, window.end), localizer.lasted(window.end - window.start)
    if window.end <= localizer.now:
        return localizer("bot.window_past", window=span)
    if window.start <= localizer.now:
        return localizer("bot.window_now", window=span, lasted=lasted)
    is_possible = window.certainty is Certainty.POSSIBLE
    return localizer("bot.window_possible" if is_possible else "bot.window", window=span, lasted=lasted)
