"""Which message of the grid is news: that it has gone, or come back. Pure."""

from datetime import datetime

from services.homeassistant.devices import holds
from shared.freshness import fresh
from shared.messages import Grid, GridChange, GridEvent, GridState

CHANGES = {Grid.OFF: GridChange.WENT, Grid.ON: GridChange.CAME}


def event(before: str | None, grid: GridState, now: datetime) -> GridEvent | None:
    """Return the event of a message, where its transition is another than the last one that we know of.

    The first one that is seen is no news, nor is one that says nothing of now.
    """
    change = CHANGES.get(grid.state)
    is_news = before is not None and grid.transition_id not in (None, before)
    if change is None or grid.transition_id is None or not is_news or not fresh(grid.at, now, holds(0)):
        return None
    return GridEvent(at=now, change=change, transition_id=grid.transition_id, since=grid.since)
