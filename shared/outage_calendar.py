"""A plan of outages as iCalendar text (RFC 5545), for calendars that subscribe; the only importer of icalendar."""

from datetime import timedelta

from icalendar import Calendar, Event

from shared.messages import Certainty, DayPlan, OutageSchedule, PlannedDay, Window, iso

REFRESH = timedelta(hours=1)


def calendar_text(plan: OutageSchedule, *, outage: str, possible: str, emergency: str) -> bytes:
    """Return the plan as a calendar: an event an outage, a day-long one where an emergency sets the plan aside.

    The texts are the titles of the events. The same outage keeps its UID as long as its start stays.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//easun-bridge//outages//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{outage}: {plan.queue}")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for window in plan.windows:
        title = possible if window.certainty is Certainty.POSSIBLE else outage
        calendar.add_component(_outage(plan, window, title))
    for day in plan.days:
        if day.state is DayPlan.EMERGENCY:
            calendar.add_component(_emergency(plan, day, emergency))
    return bytes(calendar.to_ical())


def _outage(plan: OutageSchedule, window: Window, title: str) -> Event:
    event = _event(plan, f"{plan.queue}-{iso(window.start)}", title)
    event.add("dtstart", window.start)
    event.add("dtend", window.end)
    return event


def _emergency(plan: OutageSchedule, day: PlannedDay, title: str) -> Event:
    event = _event(plan, f"{plan.queue}-{day.day.isoformat()}-emergency", title)
    event.add("dtstart", day.day)
    event.add("dtend", day.day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    return event


def _event(plan: OutageSchedule, uid: str, title: str) -> Event:
    event = Event()
    event.add("uid", f"{uid}@easun-bridge")
    event.add("dtstamp", plan.fetched_at or plan.at)
    event.add("summary", f"{title} ({plan.queue})")
    return event
