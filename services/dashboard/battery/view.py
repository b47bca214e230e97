"""The view of *Battery*, pure: messages in, cards out."""

from datetime import timedelta
from typing import Any

from services.dashboard.battery.card import pack_card, total_card
from services.dashboard.battery.packs import Pack, packs_of, total_of
from services.dashboard.markup import tree
from services.dashboard.pages import View
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.texts.service_sentences import why


def view(snapshot: BrokerState, localizer: Localizer, _fresh_for: timedelta = READING_HOLDS) -> View:
    """Return the view."""
    packs = packs_of(snapshot, localizer)
    total = total_of(snapshot, packs, localizer)
    return View(
        missing=not packs,
        stale=not any(pack.live for pack in packs),
        text={"battery-empty": _empty(snapshot, localizer)},
        parts={
            "battery-all": tree([total_card(total, total.state, packs, localizer)] if total and total.state else []),
            "battery-packs": [_drawn(pack, localizer.at_midnight) for pack in packs],
        },
    )


_cards: dict[tuple[str, Language], tuple[Pack, Localizer, Any]] = {}
"""The last card of each battery in each language, with what it was drawn from: see _drawn."""


def _drawn(pack: Pack, today: Localizer) -> Any:
    """A card has hundreds of elements, so it is drawn once per reading and day, not for every open tab."""
    held = _cards.get((pack.device, today.language))
    if held is None or held[:2] != (pack, today):
        held = _cards[pack.device, today.language] = (pack, today, tree(pack_card(pack, today)))
    return held[2]


def _empty(snapshot: BrokerState, localizer: Localizer) -> str:
    if not snapshot.connected:
        return localizer("now.empty_offline")
    reason = why(localizer, snapshot, "bms")
    return localizer("battery.empty_why", why=reason) if reason else localizer("battery.empty")
