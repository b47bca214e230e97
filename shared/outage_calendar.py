"""The outage schedule as an iCalendar feed (RFC 5545); the only importer of icalendar."""

from collections import Counter
from datetime import date, timedelta

from icalendar import Alarm, Calendar, Event

from shared.messages import Certainty, DayState, OutageSchedule, PlannedDay, Window
from shared.outages import local_day

REFRESH = timedelta(hours=1)
REMIND_BEFORE = timedelta(minutes=15)


def calendar_text(schedule: OutageSchedule, *, outage: str, possible: str, emergency: str) -> bytes:
    """Return the schedule as a calendar: an event per outage, an all-day event for a day of emergency outages.

    The texts are the event titles. An event is identified by the day and its order in it, so that an outage that moves
    stays the same event; SEQUENCE grows with every change of the schedule. Events do not block time, and have a
    reminder. A possible outage is tentative.
    """
    # a calendar must not contain control characters, and icalendar raises an error for a line break in its name
    queue = "".join(sign for sign in schedule.queue if sign.isprintable())
    schedule = schedule.model_copy(update={"queue": queue})
    calendar = Calendar()
    calendar.add("prodid", "-//easun-bridge//outages//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{outage}: {schedule.queue}")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    orders = Counter[date]()
    for window in schedule.windows:
        local = local_day(window.start, schedule.time_zone)
        orders[local] += 1
        title = possible if window.certainty is Certainty.POSSIBLE else outage
        calendar.add_component(_outage(schedule, window, title, f"{local.isoformat()}-{orders[local]}"))
    for day in schedule.days:
        if day.state is DayState.EMERGENCY:
            calendar.add_component(_emergency(schedule, day, emergency))
    return bytes(calendar.to_ical())


def _outage(schedule: OutageSchedule, window: Window, title: str, place: str) -> Event:
    event = _event(schedule, f"{schedule.queue}-{place}", title)
    event.add("dtstart", window.start)
    event.add("dtend", window.end)
    event.add("status", "TENTATIVE" if window.certainty is Certainty.POSSIBLE else "CONFIRMED")
    event.add_component(_reminder(title))
    return event


def _emergency(schedule: OutageSchedule, day: PlannedDay, title: str) -> Event:
    event = _event(schedule, f"{schedule.queue}-{day.day.isoformat()}-emergency", title)
    event.add("dtstart", day.day)
    event.add("dtend", day.day + timedelta(days=1))
    return event


def _reminder(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm


def _event(schedule: OutageSchedule, uid: str, title: str) -> Event:
    event = Event()
    event.add("uid", f"{uid}@easun-bridge")
    changed = schedule.change.at if schedule.change else None
    event.add("dtstamp", schedule.fetched_at or schedule.at)
    event.add("sequence", int(changed.timestamp()) // 60 % 2**31 if changed else 0)
    event.add("last-modified", changed or schedule.fetched_at or schedule.at)
    event.add("transp", "TRANSPARENT")
    event.add("summary", f"{title} ({schedule.queue})")
    return event
