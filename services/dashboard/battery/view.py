"""What the page *Battery* says, pure: messages in, cards out."""

from typing import Any

from services.dashboard.battery.card import pack_card, total_card
from services.dashboard.battery.packs import Pack, packs_of, total_of
from services.dashboard.markup import tree
from services.dashboard.pages import View
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.texts.language import Language


def view(snapshot: BrokerState, clock: Clock) -> View:
    """Return everything that the page shows."""
    packs = packs_of(snapshot, clock)
    total = total_of(snapshot, packs, clock)
    return View(
        missing=not packs,
        stale=not any(pack.live for pack in packs),
        text={"battery-empty": _empty(snapshot, clock)},
        parts={
            "battery-all": tree([total_card(total, total.state, packs, clock)] if total and total.state else []),
            "battery-packs": [_drawn(pack, clock.at_midnight) for pack in packs],
        },
    )


_cards: dict[tuple[str, Language], tuple[Pack, Clock, Any]] = {}
"""The last card of each battery in each language, with what it was drawn of: see _drawn."""


def _drawn(pack: Pack, today: Clock) -> Any:
    """A card of hundreds of elements is drawn once a reading, not once a tab: of the clock it needs the day only."""
    held = _cards.get((pack.device, today.language))
    if held is None or held[:2] != (pack, today):
        held = _cards[pack.device, today.language] = (pack, today, tree(pack_card(pack, today)))
    return held[2]


def _empty(snapshot: BrokerState, clock: Clock) -> str:
    if not snapshot.connected:
        return clock("now.empty_offline")
    service = snapshot.services.get("bms")
    why = service.reason if service else None
    return clock("battery.empty_why", why=why) if why else clock("battery.empty")
