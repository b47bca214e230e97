"""What the page *Battery* says, pure: messages in, cards out."""

from services.dashboard.battery.card import pack_card, total_card
from services.dashboard.battery.packs import packs_of, total_of
from services.dashboard.live import Snapshot
from services.dashboard.markup import tree
from services.dashboard.pages import View
from services.dashboard.wording import Clock


def view(snapshot: Snapshot, clock: Clock) -> View:
    """Return everything that the page shows."""
    packs = packs_of(snapshot, clock)
    total = total_of(snapshot, packs, clock)
    cards = [pack_card(pack, clock) for pack in packs]
    return View(
        missing=not packs,
        stale=not any(pack.live for pack in packs),
        text={"battery-empty": _empty(snapshot, clock)},
        parts={
            "battery-all": tree([total_card(total, total.state, packs, clock)] if total and total.state else []),
            "battery-packs": tree(cards),
        },
    )


def _empty(snapshot: Snapshot, clock: Clock) -> str:
    if not snapshot.connected:
        return clock("now.empty_offline")
    service = snapshot.services.get("bms")
    why = service.reason if service else None
    return clock("battery.empty_why", why=why) if why else clock("battery.empty")
