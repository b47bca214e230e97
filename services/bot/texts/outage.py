"""The living message of an outage, edited as things happen, and the message of its end. Pure."""

from collections.abc import Mapping

from services.bot.alerts.alert import Alert
from services.bot.alerts.outage import Outage, PlugResult
from services.bot.texts.alerts import alert_text
from services.bot.texts.html import lines
from shared.messages import ActionOutcome
from shared.texts.localizer import Localized, Localizer

DONE = (ActionOutcome.DONE, ActionOutcome.DRY_RUN)
WITH_REASONS = 5
"""How many reasons are shown with their plugs; other plugs are only named."""
MOST_NAMES = 30


def outage_text(localizer: Localizer, outage: Outage, key: str, *, with_plugs: bool = True) -> str | None:
    """Return the present text of an alert's message; None if it is not about this outage."""
    off = _plugs(localizer, "bot.plugs_off", outage.off) if with_plugs else None
    if outage.lost and outage.now and key == outage.lost.key:
        if outage.back is None:
            return lines(alert_text(localizer, outage.now), off)
        return lines(_over(localizer, outage.lost, outage.back), off)
    if outage.back and key == outage.back.key:
        charge = _charge(localizer, outage)
        back = outage.back.model_copy(update={"soc_percent": None}) if charge else outage.back
        head = off.partition("\n")[0] if off else None
        on = _plugs(localizer, "bot.plugs_on", outage.on) if with_plugs else None
        return lines(alert_text(localizer, back), charge, head, on)
    return None


def _over(localizer: Localizer, lost: Alert, back: Alert) -> str:
    return localizer(
        "bot.outage_over",
        began=localizer.time(lost.at),
        ended=localizer.time(back.at),
        lasted=localizer.lasted(back.at - lost.at),
    )


def _charge(localizer: Localizer, outage: Outage) -> str | None:
    """Return how much of the charge the outage has used."""
    lost, back = outage.lost, outage.back
    if not lost or not back or lost.is_belated or back.is_belated:
        return None
    if lost.soc_percent is None or back.soc_percent is None:
        return None
    before, after = (localizer.number("percent", one.soc_percent) for one in (lost, back))
    return localizer("bot.charge_change", before=before, after=after)


def _plugs(localizer: Localizer, name: str, results: Mapping[str, PlugResult]) -> str | None:
    if not results:
        return None
    ordered = sorted(results.values(), key=lambda one: one.name.casefold())
    plugs = {_plug_of(place) for place in results}
    undone = {_plug_of(place) for place, one in results.items() if one.outcome not in DONE}
    open_ones = [one for one in ordered if one.outcome is ActionOutcome.UNCONFIRMED]
    failed = [one for one in ordered if one.outcome not in (*DONE, ActionOutcome.UNCONFIRMED)]
    groups = _by_reasons(failed)
    explained, others = groups[:WITH_REASONS], [one for group in groups[WITH_REASONS:] for one in group]
    return lines(
        localizer(name, done=len(plugs - undone), count=len(plugs)),
        *(
            localizer("bot.plug_not_done", name=_names(group), reason=_reason(localizer, group[0])).strip()
            for group in explained
        ),
        localizer("bot.plugs_not_done_more", names=_names(others)) if others else None,
        localizer("bot.plug_not_confirmed", names=_names(open_ones)) if open_ones else None,
    )


def _plug_of(place: str) -> str:
    """Return the plug of a place, which names a plug and its gang: two gangs are one plug."""
    return place.rpartition("/")[0] or place


def _by_reasons(results: list[PlugResult]) -> list[list[PlugResult]]:
    """Return results grouped by reason: without a network, all have the same."""
    groups: list[list[PlugResult]] = []
    for one in results:
        same = next((group for group in groups if group[0].reasons == one.reasons), None)
        if same is None:
            groups.append([one])
        else:
            same.append(one)
    return groups


def _reason(localizer: Localizer, result: PlugResult) -> Localized:
    return Localized(" ".join(localizer.reason(reason) for reason in result.reasons))


def _names(results: list[PlugResult]) -> str:
    names = [one.name for one in results]
    return ", ".join(names[:MOST_NAMES]) + ("…" if len(names) > MOST_NAMES else "")
