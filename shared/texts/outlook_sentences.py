"""The outlook in words, for page and bot: does the battery last, by how much, what to do, how it is known."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from shared.broker_state import BrokerState
from shared.charge import STEP, roughly
from shared.live_figures import accepts_charge, is_plug_live, live_figures
from shared.messages import BY_GRID, Certainty, Grid, LearnedFigure, OutageOutlook, Outlook, Verdict
from shared.texts.localizer import NO_BREAK, Localized, Localizer

MOST_PLUGS = 2
LEAST_GAIN_MIN = 10
"""Switching off a plug that gives less is not worth a sentence."""
FIGURES = ("capacity_kwh", "load_w", "charging_w", "returns_late_min")


def concern(outlook: Outlook) -> OutageOutlook | None:
    """Return the outage that matters most: the running one, else the next certain one, else the next possible one."""
    ahead = sorted(outlook.outages, key=lambda one: (not one.running, one.certainty is Certainty.POSSIBLE, one.start))
    return next(iter(ahead), None)


def later_trouble(outlook: Outlook) -> OutageOutlook | None:
    """Return the first certain outage after the one of concern for which the battery may not last."""
    first = concern(outlook)
    if first is None:
        return None
    later = (one for one in outlook.outages if one.start > first.start and one.certainty is not Certainty.POSSIBLE)
    return next((one for one in sorted(later, key=lambda one: one.start) if is_trouble(one)), None)


def is_trouble(outage: OutageOutlook) -> bool:
    """Whether the battery may not last through an outage."""
    return outage.verdict in (Verdict.WILL_NOT_LAST, Verdict.UNCERTAIN)


def is_overdue(outage: OutageOutlook, now: datetime) -> bool:
    """Whether the running outage should be over by now."""
    return outage.running and outage.end is not None and outage.end <= now


def verdict_sentence(localizer: Localizer, outlook: Outlook, outage: OutageOutlook | None) -> str:
    """Return whether the battery lasts, and by how much; without a known outage, until when it would."""
    if outage is None or outage.end is None or outage.verdict is Verdict.UNKNOWN:
        return _until(localizer, outlook.holds_until.typical, running=outage is not None and outage.running)
    return outage_sentence(localizer, outage)


def outage_sentence(localizer: Localizer, outage: OutageOutlook, *, is_named: bool = False) -> str:
    """Return whether the battery lasts through an outage with a verdict, and by how much.

    is_named means that the outage has just been named. While power is late, only until when the charge lasts is said.
    """
    if is_overdue(outage, localizer.now):
        return _until(localizer, outage.holds_until.typical, running=True)
    when = "then" if is_named else "now" if outage.running else "ahead"
    end = outage.end or outage.start
    return localizer(
        f"outlook.{_kind(outage)}_{when}",
        end=localizer.since(end),
        when=localizer.span(outage.start, end),
        margin=_length(localizer, abs(_margin(outage, end, localizer.now))),
        chance=in_ten(outage.chance),
        late=_length(localizer, timedelta(minutes=max(0.0, outage.late_min or 0.0))),
    )


def _length(localizer: Localizer, length: timedelta) -> Localized:
    """Return a duration that stays on one line."""
    return Localized(localizer.lasted(length).replace(" ", NO_BREAK))


def _margin(outage: OutageOutlook, end: datetime, now: datetime) -> timedelta:
    """Return how long the charge lasts beyond an end, consistent with the displayed moments."""
    exact = timedelta(minutes=outage.margin_min or 0.0)
    try:
        shown = roughly(outage.holds_until.typical or end + exact, now) - end
    except OverflowError:  # beyond the last year of the calendar
        return exact
    return shown if abs(shown) >= STEP and (shown > timedelta()) is (exact > timedelta()) else exact


def in_ten(chance: float | None) -> int:
    """Return a chance as tenths; an uncertain one is never shown as none or all of ten."""
    return min(9, max(1, round((chance or 0) * 10)))


def advice(
    localizer: Localizer,
    outage: OutageOutlook | None,
    name_of: Callable[[str], str],
    *,
    accepts_charge: bool | None = None,
) -> list[str]:
    """Return what to do if the battery may not last.

    name_of returns the name of a plug by its id; accepts_charge is whether the battery accepts charge now.
    """
    if outage is None or outage.verdict is Verdict.LASTS:
        return []
    worth = sorted((one for one in outage.plugs if one.adds_min >= LEAST_GAIN_MIN), key=lambda one: -one.adds_min)
    return [
        *(
            localizer(
                "outlook.plug_off",
                plug=name_of(one.plug),
                gain=_length(localizer, timedelta(minutes=one.adds_min)),
            )
            for one in worth[:MOST_PLUGS]
        ),
        *charging_advice(localizer, outage, accepts_charge=accepts_charge),
    ]


def why_off(localizer: Localizer, snapshot: BrokerState) -> str | None:
    """Return which plugs are off so that the battery lasts; without that it might last, but not surely enough."""
    grid = live_figures(snapshot, localizer.now).grid
    if snapshot.plug_plan is None or not snapshot.plug_plan.by_outlook or grid is None or grid.state is not Grid.OFF:
        return None
    off = [
        snapshot.plug_name(id_)
        for id_, plug in snapshot.plugs_by_name()
        if plug.on is False and plug.switched_by == BY_GRID and is_plug_live(plug, localizer.now)
    ]
    return localizer("plug.off_for_battery", names=", ".join(off)) if off else None


def how(localizer: Localizer, outlook: Outlook, outage: OutageOutlook | None) -> list[str]:
    """Return the inputs, the assumptions, the past accuracy and what is unknown."""
    return [
        *_charge(localizer, outlook),
        *between(localizer, outlook, outage),
        _reserve(localizer, outlook),
        *_figures(localizer, outlook),
        *scorecard_sentences(localizer, outlook),
        *map(localizer.reason, outlook.unknown),
    ]


def replayed(localizer: Localizer, outlook: Outlook) -> Iterator[str]:
    """Yield the same for a past moment: every figure with what it is based on, and without the later past accuracy."""
    yield from _charge(localizer, outlook)
    yield _reserve(localizer, outlook)
    yield from (_figure(localizer, one, with_evidence=True) for one in outlook.learned)
    yield from map(localizer.reason, outlook.unknown)


def _reserve(localizer: Localizer, outlook: Outlook) -> Localized:
    """Return what it means to last."""
    return localizer("outlook.reserve", percent=localizer.number("percent", outlook.reserve_percent))


def _kind(outage: OutageOutlook) -> str:
    """Return which sentence is true: the verdict counts when power really returns, the margin the planned end."""
    margin_min = outage.margin_min or 0.0
    if outage.verdict is Verdict.LASTS:
        return "ample" if outage.holds_until.typical is None else "early" if margin_min <= -1 else "lasts"
    if outage.verdict is Verdict.UNCERTAIN:
        return "maybe"
    if margin_min <= -1:
        return "short"
    return "late" if (outage.late_min or 0.0) >= max(1.0, margin_min) else "beyond"


def _until(localizer: Localizer, until: datetime | None, *, running: bool) -> str:
    when = "now" if running else "ahead"
    if until is None:
        return localizer(f"outlook.long_{when}")
    return localizer(f"outlook.until_{when}", typical=rough_time(localizer, until))


def rough_time(localizer: Localizer, moment: datetime) -> str:
    """Return an expected moment: 18:00, tomorrow 18:00."""
    return localizer.since(roughly(moment, localizer.now))


def charging_advice(
    localizer: Localizer, outage: OutageOutlook, *, accepts_charge: bool | None = None
) -> Iterator[str]:
    """Yield how full the battery must be before an outage through which it may not last, and when to begin charging."""
    if outage.running or outage.verdict is Verdict.LASTS or outage.charge_needed_percent is None:
        return
    percent = localizer.number("percent", outage.charge_needed_percent)
    if outage.in_time is False:
        yield _too_late(localizer, outage, percent)
    elif outage.charge_from is not None:
        yield localizer("outlook.charge_by", percent=percent, at=rough_time(localizer, outage.charge_from))
    else:
        return
    if accepts_charge is False:
        yield localizer("outlook.charge_not_accepted")


def _too_late(localizer: Localizer, outage: OutageOutlook, percent: str) -> str:
    """Return that there is too little time, or that an earlier outage uses up the present charge."""
    expected, needed = outage.charge_at_start, outage.charge_needed_percent or 0.0
    if expected is None:
        return localizer("outlook.charge_too_late", percent=percent)
    is_likely = expected.p50 < needed
    sentence = "outlook.charge_expected" if is_likely else "outlook.charge_at_worst"
    there = localizer.number("percent", expected.p50 if is_likely else expected.p10)
    return localizer(sentence, percent=percent, expected=there)


def to_do(localizer: Localizer, outlook: Outlook, state: BrokerState) -> list[str]:
    """Return what to do so that the battery lasts, or otherwise when a washing machine does no harm."""
    accepts = accepts_charge(state, localizer.now)
    for one in (concern(outlook), later_trouble(outlook)):
        if found := advice(localizer, one, state.plug_name, accepts_charge=accepts):
            return found
    return list(_washing(localizer, outlook))


def _washing(localizer: Localizer, outlook: Outlook) -> Iterator[str]:
    if any(map(is_trouble, outlook.outages)) or outlook.washing_from is None:
        return
    if outlook.washing_from - localizer.now < STEP:
        yield localizer("outlook.washing_now")
    else:
        yield localizer("outlook.washing", at=rough_time(localizer, outlook.washing_from))


def _charge(localizer: Localizer, outlook: Outlook) -> Iterator[str]:
    if outlook.charge:
        source = localizer(f"outlook.by_{outlook.charge.source.value}")
        percent, at = localizer.number("percent", outlook.charge.percent), localizer.clock(outlook.at)  # minutes ago
        yield localizer("outlook.charge", at=at, percent=percent, source=source)


def between(localizer: Localizer, outlook: Outlook, outage: OutageOutlook | None) -> Iterator[str]:
    """Yield the band of the charge at the end of an outage, or of the moment until which it holds."""
    if outage and outage.charge_at_end:
        low, middle, high = (
            localizer.number("percent", one)
            for one in (outage.charge_at_end.p10, outage.charge_at_end.p50, outage.charge_at_end.p90)
        )
        yield localizer("outlook.at_end", percent=middle, low=low, high=high)
    elif outlook.holds_until.early and outlook.holds_until.late:
        early, late = (rough_time(localizer, one) for one in (outlook.holds_until.early, outlook.holds_until.late))
        yield localizer("outlook.between", early=early, late=late)


def _figures(localizer: Localizer, outlook: Outlook) -> Iterator[str]:
    known = {one.name: one for one in outlook.learned}
    yield from (_figure(localizer, known[name]) for name in FIGURES if name in known)


def _figure(localizer: Localizer, figure: LearnedFigure, *, with_evidence: bool = False) -> str:
    name, value = localizer(f"outlook.{figure.name}"), _value(localizer, figure)
    if figure.is_default:
        return localizer("outlook.figure_assumed", name=name, value=value)
    if not with_evidence:
        return localizer("outlook.figure", name=name, value=value)
    unit = localizer(f"outlook.evidence_{figure.evidence_unit}")
    evidence = f"{localizer.decimal(figure.evidence)}{NO_BREAK}{unit}"
    return localizer("outlook.figure_from", name=name, value=value, evidence=evidence)


def _value(localizer: Localizer, figure: LearnedFigure) -> str:
    if figure.name.endswith("_kwh"):
        return localizer.number("kilowatt_hours", figure.value, 1)
    if figure.name.endswith("_min"):
        return localizer.lasted(timedelta(minutes=max(0.0, figure.value)))
    if figure.name.endswith("_percent"):
        return localizer.number("percent", figure.value)
    return localizer.power(figure.value) if figure.name.endswith("_w") else localizer.decimal(figure.value, 2)


def scorecard_sentences(localizer: Localizer, outlook: Outlook) -> Iterator[str]:
    """Yield how the past forecasts turned out."""
    card = outlook.scorecard
    if not card.outages or card.missed_percent is None:
        yield localizer("outlook.no_scorecard")
        return
    points = localizer.number("percent", card.missed_percent)
    yield localizer("outlook.scorecard", outages=card.outages, points=points, held=card.band_held)
    if card.verdicts_given:
        yield localizer("outlook.verdicts", given=card.verdicts_given, right=card.verdicts_right)
