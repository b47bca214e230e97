"""When the outlook is an alert: the battery will not last, or will after all; once per outage and change. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.state import AlertState, ReportedForecast
from shared.broker_state import BrokerState
from shared.live_figures import accepts_charge, usable_outlook
from shared.messages import Certainty, OutageOutlook, PlugGain, Verdict, Window, iso
from shared.texts.outlook_sentences import concern

AHEAD = timedelta(hours=4)
"""An outage further away is not judged yet: there is time to charge, and plans change."""
STEADY_FOR = timedelta(minutes=6)
"""A verdict that has held for less is only that of a single forecast."""
GAP = timedelta(hours=1)
"""An outage whose hours move by less is still the same one."""


def forecast_alerts(state: AlertState, snapshot: BrokerState, now: datetime) -> tuple[AlertState, list[Alert]]:
    """Report, once it is steady, that the battery will not last, or will after all; uncertainty changes nothing."""
    outage = _judged(snapshot, now)
    if outage is None or outage.end is None:
        return state, []
    known = _same(state.forecast, outage)
    if known is None:
        known = ReportedForecast(start=outage.start, end=outage.end, seen=outage.verdict, since=now)
    elif known.seen is not outage.verdict:
        known = known.model_copy(update={"seen": outage.verdict, "since": now})
    known, alerts = _reported(known, outage, snapshot, now)
    return (state if known == state.forecast else state.model_copy(update={"forecast": known})), alerts


def _judged(snapshot: BrokerState, now: datetime) -> OutageOutlook | None:
    outlook = usable_outlook(snapshot.outlook, now)
    outage = concern(outlook) if outlook else None
    if outage is None or outage.certainty is Certainty.POSSIBLE or outage.verdict is Verdict.UNKNOWN:
        return None
    return outage if outage.running or outage.start - now <= AHEAD else None


def _same(known: ReportedForecast | None, outage: OutageOutlook) -> ReportedForecast | None:
    """Return what was reported about this outage, with its present hours."""
    if known is None or outage.end is None:
        return None
    if outage.start >= known.end + GAP or known.start >= outage.end + GAP:
        return None
    moved = abs(outage.end - known.end) >= GAP or abs(outage.start - known.start) >= GAP
    return known.model_copy(update={"start": outage.start, "end": outage.end}) if moved else known


def _reported(
    known: ReportedForecast, outage: OutageOutlook, snapshot: BrokerState, now: datetime
) -> tuple[ReportedForecast, list[Alert]]:
    if known.seen is Verdict.UNCERTAIN or now - known.since < STEADY_FOR:
        return known, []
    over = known.seen is Verdict.LASTS
    if over is (known.began is None):
        return known, []
    began = known.began or now
    alert = Alert(
        kind=AlertKind.FORECAST,
        key=f"{AlertKind.FORECAST}/{iso(began)}",
        at=now,
        stored_at=now,
        over=over,
        outlook=with_names(outage, snapshot),
        accepts_charge=accepts_charge(snapshot, now),
    )
    return known.model_copy(update={"began": None if over else began}), [alert]


def of_window(snapshot: BrokerState, window: Window, now: datetime) -> OutageOutlook | None:
    """Return what a fresh forecast says about a planned outage, with the names of plugs."""
    found = (one for one in _with_verdict(snapshot, now) if (one.start, one.end) == (window.start, window.end))
    return next(found, None)


def of_running(snapshot: BrokerState, now: datetime) -> OutageOutlook | None:
    """Return what a fresh forecast says about the running outage, with the names of plugs."""
    return next((one for one in _with_verdict(snapshot, now) if one.running), None)


def _with_verdict(snapshot: BrokerState, now: datetime) -> Iterator[OutageOutlook]:
    """Yield the outages whose end is known, and for which it is therefore known whether the battery lasts."""
    outlook = usable_outlook(snapshot.outlook, now)
    for one in outlook.outages if outlook else ():
        if one.end and one.verdict is not Verdict.UNKNOWN:
            yield with_names(one, snapshot)


def with_names(outage: OutageOutlook, snapshot: BrokerState) -> OutageOutlook:
    """Return the forecast for an outage with the names of plugs instead of their ids."""
    plugs = (
        PlugGain(plug=snapshot.plug_name(one.plug), power_w=one.power_w, adds_min=one.adds_min) for one in outage.plugs
    )
    return outage.model_copy(update={"plugs": tuple(plugs)})
