"""The forecast as it is published on outlook/state. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime

from services.outlook import answers
from services.outlook.answers import OutageAnswer
from services.outlook.forecast import Forecast, Strip, Unknown
from services.outlook.history import Floats
from services.outlook.state_of_charge import Charge
from shared.conditions import CONDITIONS, Reason
from shared.messages import (
    Band,
    Certainty,
    ChargeReading,
    ChargeSource,
    ChargeStrip,
    HoldsUntil,
    LearnedFigure,
    OutageOutlook,
    Outlook,
    PlugGain,
    Scorecard,
    SheddingChance,
    Verdict,
)


def to_message(forecast: Forecast, at: datetime, scorecard: Scorecard, more: tuple[Reason, ...] = ()) -> Outlook:
    """Return the message of a forecast; more is what the caller does not know beside it."""
    watts = {plug: learned.value for plug, learned in forecast.plugs_w.items()}
    learned = (
        LearnedFigure(
            name=name,
            value=round(one.value, 3),
            evidence=round(one.evidence, 1),
            evidence_unit=one.unit,
            is_default=one.is_default,
        )
        for name, one in forecast.learned.items()
    )
    return Outlook(
        at=at,
        reserve_percent=forecast.reserve_percent,
        charge=_charge(forecast.charge) if forecast.charge else None,
        outages=tuple(_outage(one, watts) for one in forecast.outages),
        holds_until=_holds(forecast.holds_until_s),
        washing_from=_moment(forecast.washing_from_s),
        strip=_strip(forecast.strip, forecast.now_s),
        strip_if_possible=_strip(forecast.strip_if_possible, forecast.now_s),
        scorecard=scorecard,
        learned=tuple(learned),
        unknown=(*more, *map(to_reason, forecast.unknown)),
    )


def to_reason(unknown: Unknown) -> Reason:
    """Return the condition for what the forecast does not know."""
    return CONDITIONS[f"outlook.{unknown.name}"](**unknown.params)


def _outage(one: OutageAnswer, watts: Mapping[str, float]) -> OutageOutlook:
    return OutageOutlook(
        start=_at(one.start_s),
        end=_moment(one.end_s),
        running=one.running,
        certainty=Certainty.POSSIBLE if one.possible else Certainty.DEFINITE,
        verdict=Verdict(one.verdict),
        chance=None if one.chance is None else round(one.chance, 3),
        margin_min=_rounded(one.margin_min),
        late_min=_rounded(one.late_min),
        margin_percent=_rounded(one.margin_percent),
        charge_at_start=_band(one.charge_at_start),
        charge_at_end=_band(one.charge_at_end) if one.charge_at_end else None,
        holds_until=_holds(one.holds_until_s),
        charge_needed_percent=_rounded(one.charge_needed_percent),
        charge_from=_moment(one.charge_from_s),
        in_time=one.in_time,
        plugs=tuple(
            PlugGain(plug=plug, power_w=round(watts.get(plug, 0.0)), adds_min=round(gain))
            for plug, gain in one.plugs.items()
        ),
        shedding=tuple(
            SheddingChance(plug=plug, chance=None if chance is None else round(chance, 3))
            for plug, chance in one.shedding.items()
        ),
    )


def _charge(charge: Charge) -> ChargeReading:
    return ChargeReading(
        percent=round(charge.percent, 1),
        source=ChargeSource(charge.source),
        bms_percent=charge.bms,
        inverter_percent=charge.inverter,
        counted_percent=_rounded(charge.counted),
        last_full=_moment(charge.last_full_s),
    )


def _strip(strip: Strip | None, start_s: float) -> ChargeStrip | None:
    if strip is None:
        return None
    return ChargeStrip(start=_at(start_s), p10=_column(strip.p10), p50=_column(strip.p50), p90=_column(strip.p90))


def _column(values: Floats) -> tuple[float, ...]:
    return tuple(round(one, 1) for one in values.tolist())


def _band(band: answers.Band) -> Band:
    return Band(p10=round(band.p10, 1), p50=round(band.p50, 1), p90=round(band.p90, 1))


def _holds(until: tuple[float | None, float | None, float | None]) -> HoldsUntil:
    early, typical, late = map(_moment, until)
    return HoldsUntil(early=early, typical=typical, late=late)


def _at(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _moment(at_s: float | None) -> datetime | None:
    return None if at_s is None else _at(at_s)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
