"""An alert, or a digest of several, as a message. Pure.

The event's own time is always in the text: a message may arrive late, or twice.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.digest import DigestEntry, digest_entries
from services.bot.texts.html import lines, paragraphs
from services.bot.texts.outlook import forecast_text, lasting, verdict_lines
from services.bot.texts.schedule import day_text
from shared import outages
from shared.conditions import clock
from shared.messages import ActionOutcome, Certainty, OutageSchedule, ScheduleChange, Window
from shared.outages import Expected
from shared.texts.bot import BOT
from shared.texts.localizer import Localized, Localizer
from shared.trusted_time import elapsed

EXPECTED = {
    Expected.OUTAGE: "bot.planned",
    Expected.POSSIBLE_OUTAGE: "bot.possibly_planned",
    Expected.POWER: "bot.unplanned",
    Expected.EMERGENCY: "bot.emergency",
}
MOST_MISSED = 20
MINUTE = timedelta(minutes=1)


def alert_text(localizer: Localizer, alert: Alert) -> str:
    """Return an alert as a single message."""
    return RENDERERS.get(alert.kind, _trouble)(localizer, alert)


def digest_text(localizer: Localizer, alerts: Sequence[Alert], *, after_quiet_hours: bool = False) -> str:
    """Return one message for alerts that have waited, or "" if nothing is left to report."""
    entries = digest_entries(alerts, localizer.now)
    if not entries:
        return ""
    waited = [length for alert in alerts if (length := elapsed(alert.stored_at, localizer.now)) is not None]
    lasted = localizer.lasted(max(waited)) if waited else localizer("time.unknown")
    head = localizer("bot.digest_quiet_hours" if after_quiet_hours else "bot.digest_offline", lasted=lasted)
    return paragraphs(head, *(_entry(localizer, one) for one in entries))


# the grid


def _grid_lost(localizer: Localizer, alert: Alert) -> str:
    stale = alert.plan_stale_since
    return lines(
        localizer("bot.power_out", time=localizer.time(alert.at)),
        _state_before(localizer, alert, "bot.was_on"),
        _figures(localizer, alert),
        *_by_schedule(localizer, alert),
        *verdict_lines(localizer, alert),
        localizer("bot.plan_old", time=localizer.time(stale)) if stale else None,
    )


def _by_schedule(localizer: Localizer, alert: Alert) -> Iterator[str]:
    """Yield what the schedule says about an outage, and when power should be back."""
    expected, window = EXPECTED.get(alert.expected) if alert.expected else None, alert.window
    if expected:
        yield localizer(expected)
    if alert.in_emergency and alert.expected is not Expected.EMERGENCY:
        yield localizer("bot.emergency")
    if window is None or alert.in_emergency or alert.expected is Expected.EMERGENCY:
        return
    if alert.is_overdue:
        yield localizer("bot.overdue", time=localizer.time(window.end))
    elif not alert.figures_at or window.end > alert.figures_at:
        back = localizer("bot.expected_back", time=localizer.time(window.end))
        yield f"{back} {localizer('bot.plan_open')}" if alert.is_open else back


def _grid_back(localizer: Localizer, alert: Alert) -> str:
    coming = alert.window
    return lines(
        localizer("bot.power_back", time=localizer.time(alert.at)),
        _state_before(localizer, alert, "bot.was_off"),
        _figures(localizer, alert),
        localizer("bot.next_planned", window=_span_or_possible(localizer, coming)) if coming else None,
    )


def _state_before(localizer: Localizer, alert: Alert, name: str) -> str | None:
    if alert.lasted_s is None:
        return localizer("bot.changed_unseen") if alert.over else None
    return localizer(name, lasted=localizer.lasted(timedelta(seconds=alert.lasted_s)))


def _figures(localizer: Localizer, alert: Alert) -> str | None:
    """Return the figures; of an event that was noticed late they are from that later moment, which is said."""
    soc = localizer.number("percent", alert.soc_percent)
    if alert.is_belated and alert.figures_at is None:
        time = localizer.time(alert.stored_at)
        return localizer("bot.charge_later", soc=soc, time=time) if alert.soc_percent is not None else None
    measured = alert.figures_at
    charge = localizer("bot.charge_later", soc=soc, time=localizer.time(measured)) if measured else None
    parts = [
        (charge or localizer("bot.charge", soc=soc)) if alert.soc_percent is not None else None,
        localizer("bot.load", load=localizer.power(alert.load_w)) if alert.load_w is not None else None,
        _lasts(localizer, alert),
    ]
    return lines(*parts) or None


def _lasts(localizer: Localizer, alert: Alert) -> str | None:
    if not alert.runtime_s:
        return None
    return lasting(localizer, timedelta(seconds=alert.runtime_s), alert.figures_at or alert.stored_at)


def _grid_unstable(localizer: Localizer, alert: Alert) -> str:
    began = localizer.time(alert.began or alert.at)
    return lines(
        localizer("bot.power_unstable", began=began, count=alert.count, time=localizer.time(alert.at)),
        localizer("bot.now_on" if alert.on else "bot.now_off"),
        _figures(localizer, alert),
    )


def _grid_missed(localizer: Localizer, alert: Alert) -> str:
    shown = alert.missed[-MOST_MISSED:]
    more = len(alert.missed) - len(shown)
    return lines(
        localizer("bot.grid_missed"),
        localizer("bot.missed_more", count=more) if more else None,
        *(
            localizer(
                "bot.missed_outage",
                began=localizer.time(one.start),
                ended=localizer.time(one.end),
                lasted=localizer.lasted(one.end - one.start),
            )
            for one in shown
        ),
    )


# the schedule


def _schedule(localizer: Localizer, alert: Alert) -> str:
    plan, time = alert.plan, localizer.time(alert.at)
    if plan is None or plan.change is None:
        return localizer("bot.schedule_changed", time=time)
    change = plan.change
    news = [
        *(localizer("bot.schedule_published", time=time, day=localizer.day(day)) for day in change.published),
        *(localizer("bot.schedule_withdrawn", time=time, day=localizer.day(day)) for day in change.withdrawn),
    ]
    if change.states or change.hours:
        news.append(localizer("bot.schedule_changed", time=time))
    head = lines(*news, localizer("bot.for_queue", queue=plan.queue), *_differences(localizer, change))
    return paragraphs(head, *_changed_days(localizer, plan))


def _differences(localizer: Localizer, change: ScheduleChange) -> list[str]:
    """Return what has changed in the hours without power, one line each."""
    return [
        localizer(
            f"bot.hours_{one.kind.value}", before=_spans(localizer, one.before), after=_spans(localizer, one.after)
        )
        for one in change.hours
    ]


def _spans(localizer: Localizer, windows: Sequence[Window]) -> str:
    return ", ".join(_span_or_possible(localizer, one) for one in windows)


def _span_or_possible(localizer: Localizer, window: Window) -> str:
    span = _span(localizer, window)
    return localizer("bot.possibly", window=span) if window.certainty is Certainty.POSSIBLE else span


def _changed_days(localizer: Localizer, plan: OutageSchedule) -> list[str]:
    """Return the days that a change affects, as they are now."""
    change = plan.change
    if change is None:
        return []
    windows = [window for one in change.hours for window in (*one.before, *one.after)]
    touched = {outages.local_day(one.start, plan.time_zone) for one in windows}
    days = sorted(touched | set(change.published) | set(change.states))
    return [day_text(localizer, outages.day_of(plan, day)) for day in days if day >= localizer.today]


def _span(localizer: Localizer, window: Window) -> str:
    return localizer.span(window.start, window.end)


def _queue_fit(localizer: Localizer, alert: Alert) -> str:
    fit = alert.queue_fit
    others = ", ".join(f"{one.queue} ({one.fitting})" for one in fit.others) if fit else ""
    return localizer(
        "bot.queue_other",
        time=localizer.time(alert.at),
        outages=fit.outages if fit else 0,
        fitting=fit.fitting if fit else 0,
        queue=fit.queue if fit else "",
        others=others,
    )


# reminders


def _remind_outage(localizer: Localizer, alert: Alert) -> str:
    window = alert.window or Window(start=alert.at, end=alert.at + MINUTE)
    name = "bot.remind_possible_outage" if window.certainty is Certainty.POSSIBLE else "bot.remind_outage"
    lasted = localizer.lasted(window.end - window.start)
    head = localizer(name, ahead=_ahead(localizer, alert), window=_span(localizer, window), lasted=lasted)
    return lines(head, *verdict_lines(localizer, alert))


def _remind_power_back(localizer: Localizer, alert: Alert) -> str:
    return localizer("bot.remind_power_back", ahead=_ahead(localizer, alert), time=localizer.time(alert.at))


def _ahead(localizer: Localizer, alert: Alert) -> str:
    """Return the time left to the nearest minute: fifteen, not fourteen, two seconds after the tick."""
    return localizer.lasted(max(MINUTE, round((alert.at - localizer.now) / MINUTE) * MINUTE))


# troubles and plugs


def _low_battery(localizer: Localizer, alert: Alert) -> str:
    if alert.over:
        return localizer("bot.low_battery_over", time=localizer.time(alert.at))
    soc = localizer.number("percent", alert.soc_percent)
    rest = _figures(localizer, alert.model_copy(update={"soc_percent": None}))
    return lines(localizer("bot.low_battery", time=localizer.time(alert.at), soc=soc), rest, localizer("bot.advice"))


def _trouble(localizer: Localizer, alert: Alert) -> str:
    return _trouble_text(localizer, alert, alert.name, _reasons(localizer, alert))


def _inverter(localizer: Localizer, alert: Alert) -> str:
    """Name the inverter if there are several: then a silent one says nothing about the grid."""
    is_one_of_several = bool(alert.name) and alert.kind is AlertKind.INVERTER_SILENT and not alert.over
    sentence = "bot.one_inverter_silent" if is_one_of_several else ""
    name = f" {alert.name}" if alert.name else ""
    return _trouble_text(localizer, alert, name, _reasons(localizer, alert), sentence)


def _imbalance(localizer: Localizer, alert: Alert) -> str:
    return _trouble_text(localizer, alert, alert.name, localizer.number("millivolts", alert.cell_delta_mv))


def _service(localizer: Localizer, alert: Alert) -> str:
    name = f"bot.service_{alert.name}"
    return _trouble_text(localizer, alert, localizer(name) if name in BOT else alert.name, _reasons(localizer, alert))


def _trouble_text(localizer: Localizer, alert: Alert, name: str, reason: str, sentence: str = "") -> str:
    sentence = sentence or (f"bot.{alert.kind}_over" if alert.over else f"bot.{alert.kind}")
    text = localizer(sentence, time=localizer.time(alert.at), name=name, reason=reason)
    return text.strip()


def _reasons(localizer: Localizer, alert: Alert) -> Localized:
    return Localized(" ".join(localizer.reason(reason) for reason in alert.reasons))


def _clock_unset(localizer: Localizer, alert: Alert) -> str:
    if not alert.over:
        return localizer("bot.clock_unset")
    count = sum(int(str(reason.params["count"])) for reason in alert.reasons if reason.code == clock.waiting.code)
    redated = localizer.count("bot.redated", count) if count else ""
    return localizer("bot.clock_unset_over", time=localizer.time(alert.at), redated=redated).strip()


def _plug(localizer: Localizer, alert: Alert) -> str:
    sender = f"bot.by_{alert.by.partition(':')[0]}"
    outcome = alert.outcome or ActionOutcome.UNCONFIRMED
    text = localizer(
        f"bot.plug_{outcome}",
        time=localizer.time(alert.at),
        name=alert.name,
        state=localizer("bot.plug_on" if alert.on else "bot.plug_off"),
        order=localizer("bot.order_on" if alert.on else "bot.order_off"),
        by=localizer(sender) if sender in BOT else alert.by,
        reason=_reasons(localizer, alert),
    )
    return text.strip()


# an entry of a digest


def _entry(localizer: Localizer, entry: DigestEntry) -> str:
    alert, end = entry.alert, entry.end
    if alert.kind is AlertKind.SCHEDULE and entry.count > 1:
        return lines(localizer("bot.digest_schedule", count=entry.count), alert_text(localizer, alert))
    if end is None:
        return alert_text(localizer, alert)
    if alert.kind is AlertKind.GRID_LOST:
        return _outage(localizer, alert, end)
    first_line = alert_text(localizer, alert).partition("\n")[0]
    return localizer("bot.digest_trouble_over", trouble=Localized(first_line), ended=localizer.time(end.at))


def _outage(localizer: Localizer, lost: Alert, back: Alert) -> str:
    return localizer(
        "bot.digest_outage",
        began=localizer.time(lost.at),
        ended=localizer.time(back.at),
        soc=_at_charge(localizer, lost),
        soc_after=_at_charge(localizer, back),
        lasted=localizer.lasted(back.at - lost.at),
    )


def _at_charge(localizer: Localizer, alert: Alert) -> str:
    if alert.soc_percent is None or alert.is_belated:
        return ""
    return localizer("bot.at_charge", soc=localizer.number("percent", alert.soc_percent))


RENDERERS: dict[AlertKind, Callable[[Localizer, Alert], str]] = {
    AlertKind.GRID_LOST: _grid_lost,
    AlertKind.GRID_BACK: _grid_back,
    AlertKind.GRID_UNSTABLE: _grid_unstable,
    AlertKind.GRID_MISSED: _grid_missed,
    AlertKind.SCHEDULE: _schedule,
    AlertKind.QUEUE_FIT: _queue_fit,
    AlertKind.REMIND_OUTAGE: _remind_outage,
    AlertKind.REMIND_POWER_BACK: _remind_power_back,
    AlertKind.LOW_BATTERY: _low_battery,
    AlertKind.FORECAST: forecast_text,
    AlertKind.IMBALANCE: _imbalance,
    AlertKind.INVERTER_SILENT: _inverter,
    AlertKind.INVERTER_FAULT: _inverter,
    AlertKind.INVERTER_WARNING: _inverter,
    AlertKind.SERVICE_DOWN: _service,
    AlertKind.SERVICE_DEGRADED: _service,
    AlertKind.CLOCK_UNSET: _clock_unset,
    AlertKind.PLUG: _plug,
}
"""The kinds that show more than a name and reasons."""
