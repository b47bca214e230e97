"""The outage schedule as an iCalendar feed (RFC 5545); the only importer of icalendar."""

from datetime import timedelta

from icalendar import Calendar, Event

from shared.messages import Certainty, DayState, OutageSchedule, PlannedDay, Window, iso

REFRESH = timedelta(hours=1)


def calendar_text(schedule: OutageSchedule, *, outage: str, possible: str, emergency: str) -> bytes:
    """Return the schedule as a calendar: an event per outage, an all-day event for a day of emergency outages.

    The texts are the event titles. An outage keeps its UID as long as its start does not change.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//easun-bridge//outages//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{outage}: {schedule.queue}")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for window in schedule.windows:
        title = possible if window.certainty is Certainty.POSSIBLE else outage
        calendar.add_component(_outage(schedule, window, title))
    for day in schedule.days:
        if day.state is DayState.EMERGENCY:
            calendar.add_component(_emergency(schedule, day, emergency))
    return bytes(calendar.to_ical())


def _outage(schedule: OutageSchedule, window: Window, title: str) -> Event:
    event = _event(schedule, f"{schedule.queue}-{iso(window.start)}", title)
    event.add("dtstart", window.start)
    event.add("dtend", window.end)
    return event


def _emergency(schedule: OutageSchedule, day: PlannedDay, title: str) -> Event:
    event = _event(schedule, f"{schedule.queue}-{day.day.isoformat()}-emergency", title)
    event.add("dtstart", day.day)
    event.add("dtend", day.day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    return event


def _event(schedule: OutageSchedule, uid: str, title: str) -> Event:
    event = Event()
    event.add("uid", f"{uid}@easun-bridge")
    event.add("dtstamp", schedule.fetched_at or schedule.at)
    event.add("summary", f"{title} ({schedule.queue})")
    return event
