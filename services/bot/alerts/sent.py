"""An alert as an event on the broker: one sentence, rendered later in the reader's language. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from services.bot.alerts.alert import Alert, AlertKind
from shared.conditions import Reason, alerts
from shared.messages import AlertSent

LONGEST_EVENT = 500


def alert_sent(alert: Alert, recipients: int, now: datetime) -> AlertSent:
    """Return the event of an alert, with the number of chats and channels that get it."""
    what = SENTENCES[alert.kind](alert)
    event = f"{alert.key}/over" if alert.over else alert.key
    return AlertSent(
        at=now,
        event=event[:LONGEST_EVENT],
        what=alerts.over(what=what) if alert.over else what,
        kind=alert.kind.value,
        recipients=recipients,
    )


def _listed(alert: Alert) -> Reason:
    return alerts.device(name=alert.name or alert.kind.value.partition("_")[0], causes=alert.reasons)


SENTENCES: Mapping[AlertKind, Callable[[Alert], Reason]] = {
    AlertKind.GRID_LOST: lambda _: alerts.GRID_LOST(),
    AlertKind.GRID_BACK: lambda _: alerts.GRID_BACK(),
    AlertKind.GRID_UNSTABLE: lambda alert: alerts.grid_unstable(count=alert.count),
    AlertKind.GRID_MISSED: lambda alert: alerts.grid_missed(count=len(alert.missed)),
    AlertKind.PHASE_LOST: lambda alert: alerts.phase_lost(phase=alert.name),
    AlertKind.SCHEDULE: lambda _: alerts.SCHEDULE(),
    AlertKind.QUEUE_FIT: lambda _: alerts.QUEUE_FIT(),
    AlertKind.REMIND_OUTAGE: lambda alert: alerts.remind_outage(at=alert.at),
    AlertKind.REMIND_POWER_BACK: lambda alert: alerts.remind_power_back(at=alert.at),
    AlertKind.LOW_BATTERY: lambda _: alerts.LOW_BATTERY(),
    AlertKind.FORECAST: lambda _: alerts.FORECAST(),
    AlertKind.BATTERY_ALARM: _listed,
    AlertKind.IMBALANCE: lambda alert: alerts.imbalance(name=alert.name),
    AlertKind.BATTERY_SILENT: lambda alert: alerts.battery_silent(name=alert.name),
    AlertKind.INVERTER_SILENT: lambda alert: alerts.inverter_silent(name=alert.name),
    AlertKind.INVERTER_FAULT: _listed,
    AlertKind.INVERTER_WARNING: _listed,
    AlertKind.SERVICE_DOWN: lambda alert: alerts.service_down(name=alert.name),
    AlertKind.SERVICE_DEGRADED: lambda alert: alerts.service_degraded(name=alert.name, causes=alert.reasons),
    AlertKind.CLOCK_UNSET: lambda _: alerts.CLOCK_UNSET(),
    AlertKind.PLUG: lambda alert: alerts.plug(name=alert.name),
}
