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


HELD_H = {"barely": 2.5 + 20 / 60, "short": 2.5 - 35 / 60, "little_history": 2.5 + 110 / 60}
"""For how many hours the charge holds from now on, where it is not three."""


def outlook(situation: str, now: datetime, **more: Any) -> Outlook:
    """Return the outlook of a situation, in a home whose boiler could be switched off."""
    hours = HELD_H.get(situation, 3.0)
    held = HoldsUntil(early=_in(now, hours - 0.5), typical=_in(now, hours), late=_in(now, hours + 1))
    outages = _outages(situation, now, held)
    known: dict[str, Any] = {
        "at": now,
        "reserve_percent": 10,
        "charge": ChargeReading(percent=62, source=ChargeSource.BMS),
        "strip": _strip(now, outages, hours),
        "holds_until": held,
        "scorecard": Scorecard(outages=10, missed_percent=4, band_held=9, verdicts_given=8, verdicts_right=7),
        "learned": (LearnedFigure(name="capacity_kwh", value=4.8, evidence=9, evidence_unit="h", is_default=False),),
        "outages": outages,
        "washing_from": now if situation == "ample" else None,
        "unknown": _unknown(situation),
    }
    return Outlook(**known | more)


def _in(now: datetime, hours: float) -> datetime:
    return now + timedelta(hours=hours)


def _strip(now: datetime, outages: tuple[OutageOutlook, ...], held_h: float) -> ChargeStrip:
    """Return a charge of 62 % that falls to the reserve in so many hours of an outage, and rises while power is on."""
    charge, columns = 62.0, ([62.0], [62.0], [62.0])
    for index in range(1, 433):
        at = _in(now, index / 12)
        is_off = any(one.start < at and (one.end is None or at <= one.end) for one in outages)
        charge = max(10.0, charge - 52 / held_h / 12) if is_off else min(98.0, charge + 1.5)
        spread = min(20.0, index / 6)
        for column, value in zip(columns, (charge - spread, charge, charge + spread / 2), strict=True):
            column.append(round(min(100.0, max(5.0, value)), 1))
    return ChargeStrip(start=now, p10=tuple(columns[0]), p50=tuple(columns[1]), p90=tuple(columns[2]))


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
            "charge_at_end": Band(p10=54, p50=62, p90=66),
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
