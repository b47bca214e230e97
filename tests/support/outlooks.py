"""Outlooks of six situations, as the service publishes them, for whoever shows them."""

from datetime import datetime, timedelta
from typing import Any

from shared.conditions import outlook as conditions
from shared.messages import (
    Band,
    ChargeReading,
    ChargeSource,
    ChargeStrip,
    HoldsUntil,
    LearnedFigure,
    OutageOutlook,
    Outlook,
    PlugGain,
    Scorecard,
    Verdict,
)

SITUATIONS = ("ample", "barely", "short", "emergency", "no_plan", "little_history")


def outlook(situation: str, now: datetime, **more: Any) -> Outlook:
    """Return the outlook of a situation, in a home whose boiler could be switched off."""
    held = HoldsUntil(early=_in(now, 2.5), typical=_in(now, 3), late=_in(now, 4))
    known: dict[str, Any] = {
        "at": now,
        "reserve_percent": 10,
        "charge": ChargeReading(percent=62, source=ChargeSource.BMS),
        "strip": ChargeStrip(start=now, p10=(60.0,) * 433, p50=(62.0,) * 433, p90=(64.0,) * 433),
        "holds_until": held,
        "scorecard": Scorecard(outages=10, missed_percent=4, band_held=9, verdicts_given=8, verdicts_right=7),
        "learned": (LearnedFigure(name="capacity_kwh", value=4.8, evidence=9, evidence_unit="h", is_default=False),),
        "outages": _outages(situation, now, held),
        "unknown": _unknown(situation),
    }
    return Outlook(**known | more)


def _in(now: datetime, hours: float) -> datetime:
    return now + timedelta(hours=hours)


def _outages(situation: str, now: datetime, held: HoldsUntil) -> tuple[OutageOutlook, ...]:
    usual: dict[str, Any] = {
        "start": _in(now, -1),
        "end": _in(now, 2.5),
        "running": True,
        "charge_at_end": Band(p10=12, p50=18, p90=25),
        "holds_until": held,
        "plugs": (PlugGain(plug="boiler", power_w=900, adds_min=110), PlugGain(plug="kettle", power_w=9, adds_min=2)),
    }
    changes: dict[str, dict[str, Any]] = {
        "ample": {
            "start": _in(now, 3),
            "end": _in(now, 5),
            "running": False,
            "verdict": Verdict.LASTS,
            "chance": 1.0,
            "margin_min": 1800,
            "holds_until": HoldsUntil(),
        },
        "barely": {"verdict": Verdict.UNCERTAIN, "chance": 0.72, "margin_min": 20},
        "short": {"verdict": Verdict.WILL_NOT_LAST, "chance": 0.1, "margin_min": -35},
        "emergency": {"end": None, "verdict": Verdict.UNKNOWN, "charge_at_end": None},
        "little_history": {"verdict": Verdict.LASTS, "chance": 0.9, "margin_min": 110},
    }
    return (OutageOutlook(**usual | changes[situation]),) if situation in changes else ()


def _unknown(situation: str) -> tuple[Any, ...]:
    return {
        "emergency": (conditions.EMERGENCY(), conditions.END_UNKNOWN()),
        "no_plan": (conditions.NO_SCHEDULE(),),
        "little_history": (conditions.little_history(days=3), conditions.capacity_assumed(kwh=4.8)),
    }.get(situation, ())
