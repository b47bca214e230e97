"""The plan in words, pure: a day that nobody published is never shown as one without outages."""

from services.bot.words import Voice, lines, paragraphs
from shared import outages
from shared.messages import Certainty, DayPlan, OutageSchedule, Window
from shared.outages import Day

DAY_WORDS = {
    DayPlan.NO_OUTAGES: "no_outages",
    DayPlan.UNKNOWN: "not_published",
    DayPlan.WAITING: "waiting_plan",
    DayPlan.EMERGENCY: "emergency",
}


def schedule_text(voice: Voice, plan: OutageSchedule | None, count: int = 3) -> str:
    """Return the days ahead; of those after tomorrow only what is known."""
    if plan is None:
        return voice("no_schedule")
    days = outages.days_ahead(plan, voice.now, count)
    shown = [day for place, day in enumerate(days) if place < 2 or day.state is not DayPlan.UNKNOWN]
    return paragraphs(
        voice("schedule_title", queue=plan.queue),
        *(day_text(voice, day) for day in shown),
        old_text(voice, plan, "old_data") or voice("updated", time=_fetched(voice, plan)),
    )


def old_text(voice: Voice, plan: OutageSchedule, sentence: str) -> str | None:
    """Return how old the plan is, where nobody has confirmed it lately."""
    is_old = plan.stale or outages.is_stale(plan, voice.now)
    return voice(sentence, time=_fetched(voice, plan)) if is_old else None


def _fetched(voice: Voice, plan: OutageSchedule) -> str:
    return voice.time(plan.fetched_at) if plan.fetched_at else voice("unknown")


def day_text(voice: Voice, day: Day) -> str:
    """Return a day: its state, its outages with their lengths, the total."""
    head = voice(
        "day_head", day=voice.day(day.day).capitalize(), date=f"{day.day:%d.%m}", weekday=voice.weekday(day.day)
    )
    if day.state in DAY_WORDS:
        return lines(head, voice(DAY_WORDS[day.state]))
    total = voice("total", lasted=voice.lasted(day.total)) if day.total else None
    return lines(head, *(_window(voice, one) for one in day.windows), total)


def _window(voice: Voice, window: Window) -> str:
    span, lasted = voice.hours_of(window.start, window.end), voice.lasted(window.end - window.start)
    if window.end <= voice.now:
        return voice("window_past", window=span)
    if window.start <= voice.now:
        return voice("window_now", window=span, lasted=lasted)
    is_possible = window.certainty is Certainty.POSSIBLE
    return voice("window_possible" if is_possible else "window", window=span, lasted=lasted)
