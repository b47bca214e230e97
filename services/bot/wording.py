"""Alerts in words, pure: the event's own time is always in the text, for it may arrive late or twice."""

from collections.abc import Callable
from datetime import timedelta

from shared.texts.devices import device_words

from services.bot.alert import Alert, Kind
from services.bot.days import day_text
from services.bot.words import Html, Voice, lines, paragraphs
from shared import outages
from shared.messages import ActionOutcome, Certainty, OutageSchedule, ScheduleChange, Window
from shared.outages import Expected
from shared.texts.catalogue import TEXTS

GRID_WORDS = {
    Expected.OUTAGE: "planned",
    Expected.POSSIBLE_OUTAGE: "possibly_planned",
    Expected.POWER: "unplanned",
    Expected.EMERGENCY: "emergency",
}
MINUTE = timedelta(minutes=1)


def alert_text(voice: Voice, alert: Alert) -> str:
    """Return an alert as it is sent by itself."""
    return WRITERS.get(alert.kind, _trouble)(voice, alert)


def _grid_lost(voice: Voice, alert: Alert) -> str:
    window = alert.window
    is_promised = window is not None and alert.expected in (Expected.OUTAGE, Expected.POSSIBLE_OUTAGE)
    back = voice("expected_back", time=voice.time(window.end)) if window and is_promised else None
    if back and alert.is_open:
        back = Html(f"{back} {voice('plan_open')}")
    said = GRID_WORDS.get(alert.expected) if alert.expected else None
    return lines(
        voice("grid_lost", time=voice.time(alert.at)),
        _before(voice, alert, "was_on"),
        _charge(voice, alert),
        voice(said) if said else None,
        back,
    )


def _grid_back(voice: Voice, alert: Alert) -> str:
    coming = alert.window
    return lines(
        voice("grid_back", time=voice.time(alert.at)),
        _before(voice, alert, "was_off"),
        _charge(voice, alert),
        voice("next_planned", window=voice.span(coming.start, coming.end)) if coming else None,
    )


def _before(voice: Voice, alert: Alert, name: str) -> str | None:
    if alert.lasted_s is None:
        return voice("missed_between") if alert.over else None
    return voice(name, lasted=voice.lasted(timedelta(seconds=alert.lasted_s)))


def _charge(voice: Voice, alert: Alert) -> str | None:
    """Return the figures; in what was noticed late they are those of that moment, and say so."""
    soc = voice.number("percent", alert.soc_percent)
    if alert.is_belated:
        return (
            voice("charge_later", soc=soc, time=voice.time(alert.stored_at)) if alert.soc_percent is not None else None
        )
    parts = [
        voice("charge", soc=soc) if alert.soc_percent is not None else None,
        voice("load", load=voice.power(alert.load_w)) if alert.load_w is not None else None,
        voice("lasts", lasts=voice.lasted(timedelta(seconds=alert.runtime_s))) if alert.runtime_s else None,
    ]
    return lines(*parts) or None


def _grid_unstable(voice: Voice, alert: Alert) -> str:
    began = voice.time(alert.began or alert.at)
    return lines(
        voice("grid_unstable", began=began, count=alert.count, time=voice.time(alert.at)),
        voice("now_on" if alert.on else "now_off"),
        _charge(voice, alert),
    )


def _schedule(voice: Voice, alert: Alert) -> str:
    plan = alert.plan
    if plan is None or plan.change is None:
        return voice("schedule_changed", time=voice.time(alert.at))
    change = plan.change
    news = [
        *(voice("schedule_published", time=voice.time(alert.at), day=voice.day(day)) for day in change.published),
        *(voice("schedule_withdrawn", time=voice.time(alert.at), day=voice.day(day)) for day in change.withdrawn),
    ]
    if change.states or change.added or change.removed or change.moved:
        news.append(voice("schedule_changed", time=voice.time(alert.at)))
    what = lines(*news, voice("for_queue", queue=plan.queue), *_differences(voice, change))
    return paragraphs(what, *_new_days(voice, plan))


def _differences(voice: Voice, change: ScheduleChange) -> list[str]:
    return [
        *(voice("added", window=_span(voice, one)) for one in change.added),
        *(voice("removed", window=_span(voice, one)) for one in change.removed),
        *(voice("moved", before=_span(voice, one.before), window=_span(voice, one.after)) for one in change.moved),
    ]


def _new_days(voice: Voice, plan: OutageSchedule) -> list[str]:
    """Return the days that a change touches, as they are now."""
    change = plan.change
    if change is None:
        return []
    windows = (*change.added, *change.removed, *(move.after for move in change.moved))
    touched = {outages.local_day(one.start, plan.time_zone) for one in windows}
    days = sorted(touched | set(change.published) | set(change.states))
    return [day_text(voice, outages.day_of(plan, day)) for day in days if day >= voice.today]


def _span(voice: Voice, window: Window) -> str:
    return voice.span(window.start, window.end)


def _remind_outage(voice: Voice, alert: Alert) -> str:
    window = alert.window or Window(start=alert.at, end=alert.at)
    name = "remind_possible" if window.certainty is Certainty.POSSIBLE else "remind_outage"
    lasted = voice.lasted(window.end - window.start)
    return voice(name, ahead=_ahead(voice, alert), window=_span(voice, window), lasted=lasted)


def _remind_light(voice: Voice, alert: Alert) -> str:
    return voice("remind_light", ahead=_ahead(voice, alert), time=voice.time(alert.at))


def _ahead(voice: Voice, alert: Alert) -> str:
    """Return how long it takes yet, to the nearest minute: fifteen and not fourteen, two seconds after the tick."""
    return voice.lasted(max(MINUTE, round((alert.at - voice.now) / MINUTE) * MINUTE))


def _low_battery(voice: Voice, alert: Alert) -> str:
    if alert.over:
        return voice("low_battery_over", time=voice.time(alert.at))
    soc = voice.number("percent", alert.soc_percent)
    rest = _charge(voice, alert.model_copy(update={"soc_percent": None}))
    return lines(voice("low_battery", time=voice.time(alert.at), soc=soc), rest, voice("advice"))


def _trouble(voice: Voice, alert: Alert) -> str:
    name, what = f"{alert.kind}_over" if alert.over else alert.kind, device_words(voice.language, alert.what)
    return Html(voice(name, time=voice.time(alert.at), name=alert.name, what=what).strip())


def _service(voice: Voice, alert: Alert) -> str:
    known = f"service_{alert.name}"
    return _trouble(voice, alert.model_copy(update={"name": voice(known) if known in TEXTS else alert.name}))


def _imbalance(voice: Voice, alert: Alert) -> str:
    apart = voice.number("millivolts", float(alert.what) if alert.what else None)
    return _trouble(voice, alert.model_copy(update={"what": apart}))


def _plug(voice: Voice, alert: Alert) -> str:
    state = voice("plug_on" if alert.on else "plug_off")
    known = f"by_{alert.by.partition(':')[0]}"
    by = voice(known) if known in TEXTS else alert.by
    order = voice("order_on" if alert.on else "order_off")
    outcome = alert.outcome or ActionOutcome.UNCONFIRMED
    time = voice.time(alert.at)
    text = voice(f"plug_{outcome}", time=time, name=alert.name, state=state, order=order, by=by, what=alert.what)
    return Html(text.strip())


WRITERS: dict[Kind, Callable[[Voice, Alert], str]] = {
    Kind.GRID_LOST: _grid_lost,
    Kind.GRID_BACK: _grid_back,
    Kind.GRID_UNSTABLE: _grid_unstable,
    Kind.SCHEDULE: _schedule,
    Kind.REMIND_OUTAGE: _remind_outage,
    Kind.REMIND_LIGHT: _remind_light,
    Kind.LOW_BATTERY: _low_battery,
    Kind.IMBALANCE: _imbalance,
    Kind.SERVICE_DOWN: _service,
    Kind.SERVICE_PARTLY: _service,
    Kind.PLUG: _plug,
}
