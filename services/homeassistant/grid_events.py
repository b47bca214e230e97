"""Which message of the grid is news: that power has gone, or come back. Pure."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.homeassistant.devices import holds
from shared.freshness import fresh, predates
from shared.messages import Grid, GridChange, GridEvent, GridState, Moment

CHANGES = {Grid.OFF: GridChange.WENT, Grid.ON: GridChange.CAME}
NEWS_HOLDS = timedelta(minutes=10)
"""Older events from our absence no longer start automations."""


class KnownTransition(BaseModel):
    """The last transition of the grid that was an event, or was seen when we first listened; kept on disk.

    A broker that saves once a minute forgets it in a power cut, and brings back the state from before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    transition_id: str | None = None
    state: Grid | None = None
    since: Moment | None = None


def after(known: KnownTransition, grid: GridState, now: datetime) -> tuple[KnownTransition, GridEvent | None]:
    """Return the last transition known after this message, and the event if that is news.

    The first transition seen is not news, nor is one that is not recent, or with the state that we know already: an
    outage passed unseen, or the poller has lost its state.
    """
    change, key = CHANGES.get(grid.state), grid.transition_id
    if change is None or key is None or key == known.transition_id or predates(grid.at, known.since, now):
        return known, None
    transition = KnownTransition(transition_id=key, state=grid.state, since=grid.since)
    if known.transition_id is None:
        return transition, None
    if not fresh(grid.at, now, holds(0)):
        return known, None
    is_news = grid.state is not known.state and fresh(grid.since, now, NEWS_HOLDS)
    return transition, GridEvent(at=now, change=change, transition_id=key, since=grid.since) if is_news else None
