"""How the forecasts valid at the beginning of outages turned out, and what is learned from that. Pure."""

from collections.abc import Sequence
from math import exp, log
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.messages import Band, Moment, OutageOutlook, Scorecard, Verdict

KEPT = 60
SHOWN = 10
CAUTION = 6.0
"""The assumption that forecasts are right on average weighs as much as this many outages."""
LEAST_POINTS = 3.0
LEAST, MOST = 0.7, 1.4

Percent = Annotated[float, Field(ge=-1000, le=1000)]
"""A charge, limited so that differences can be computed, whatever a file contains."""


class Standing(BaseModel):
    """The forecast that was valid when an outage began: the charge at its end, and whether the battery lasts.

    correction is its factor on the energy used. end is the planned end, None if none was known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    began: Moment
    end: Moment | None
    charge: Percent
    charge_at_end: Band | None = None
    chance: float | None = None
    verdict: Verdict = Verdict.UNKNOWN
    correction: float = Field(default=1.0, ge=0.1, le=10)


class Graded(BaseModel):
    """A forecast with the outcome: when power returned, the charge then and the lowest charge, None if unknown."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    standing: Standing
    ended: Moment
    charge: Percent | None
    lowest: Percent | None


def standing_of(outage: OutageOutlook, began: Moment, charge: float, correction: float) -> Standing:
    """Return the forecast to remember for an outage that has begun."""
    return Standing(
        began=began,
        end=outage.end,
        charge=charge,
        charge_at_end=outage.charge_at_end,
        chance=outage.chance,
        verdict=outage.verdict,
        correction=correction,
    )


def scorecard(graded: Sequence[Graded], reserve_percent: float) -> Scorecard:
    """Return the scorecard of the last outages that were forecast and whose end was seen."""
    known = [one for one in graded if _miss(one) is not None][-SHOWN:]
    misses = sorted(abs(miss) for one in known if (miss := _miss(one)) is not None)
    given = [one for one in known if one.standing.verdict in (Verdict.LASTS, Verdict.WILL_NOT_LAST)]
    right = [one for one in given if _lasted(one, reserve_percent) == (one.standing.verdict is Verdict.LASTS)]
    return Scorecard(
        outages=len(known),
        missed_percent=round(misses[len(misses) // 2], 1) if misses else None,
        band_held=sum(map(_held, known)),
        verdicts_given=len(given),
        verdicts_right=len(right),
        usage_correction=usage_correction(graded),
    )


def usage_correction(graded: Sequence[Graded]) -> float:
    """Return the factor on the energy used in outages, if forecasts have erred in one direction."""
    ratios = [ratio for one in graded[-2 * SHOWN :] if (ratio := _ratio(one)) is not None]
    if not ratios:
        return 1.0
    mean = sum(map(log, ratios)) / (len(ratios) + CAUTION)
    return round(min(MOST, max(LEAST, exp(mean))), 3)


def _ratio(one: Graded) -> float | None:
    """Return the ratio of the energy used to the one forecast without correction."""
    end = one.standing.charge_at_end
    if end is None or one.charge is None:
        return None
    forecast, taken = one.standing.charge - end.p50, one.standing.charge - one.charge
    if forecast < LEAST_POINTS or taken < LEAST_POINTS:
        return None
    return min(3.0, max(1 / 3, taken / forecast)) * one.standing.correction


def _miss(one: Graded) -> float | None:
    """Return by how many points the charge was higher than forecast."""
    end = one.standing.charge_at_end
    return None if end is None or one.charge is None else one.charge - end.p50


def _held(one: Graded) -> bool:
    end = one.standing.charge_at_end
    return end is not None and one.charge is not None and end.p10 - 0.5 <= one.charge <= end.p90 + 0.5


def _lasted(one: Graded, reserve_percent: float) -> bool:
    lowest = one.lowest if one.lowest is not None else one.charge
    return lowest is not None and lowest > reserve_percent
