"""The forecasts that were valid when outages began, kept until their ends are seen. Pure."""

from datetime import UTC, datetime, timedelta

import numpy as np
from pydantic import BaseModel, ConfigDict

from services.outlook.grading import KEPT, Graded, Standing, standing_of, usage_correction
from services.outlook.history import History
from services.outlook.punctuality import GAP_S, actual_outages
from services.outlook.state_of_charge import reported
from services.outlook.steps import STEP_S, to_steps
from shared.messages import Grid, GridState, Outlook

BEGINS_WITHIN = timedelta(minutes=10)
"""A forecast made later in an outage knows too much to count as the one from its beginning."""
BACK_FOR = timedelta(seconds=GAP_S)
"""Power that flickers back for less than this has not come back."""
END_SEEN_STEPS = 2


class Standings(BaseModel):
    """The forecast of the running outage, None if there is none, and those whose end was seen, oldest first."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    running: Standing | None = None
    graded: tuple[Graded, ...] = ()

    @property
    def correction(self) -> float:
        """The factor on the energy used in outages."""
        return usage_correction(self.graded)


def after_forecast(
    known: Standings, outlook: Outlook, grid: GridState | None, history: History, now: datetime
) -> Standings:
    """Return the standings after a forecast: an outage that has begun is remembered, one that is over is graded."""
    if known.running is None:
        return _begun(known, outlook, grid, now)
    if grid is None or grid.state is not Grid.ON or now - grid.since < BACK_FOR:
        return known
    graded = _graded(known.running, history, now)
    return Standings(graded=(*known.graded, *([graded] if graded else []))[-KEPT:])


def _begun(known: Standings, outlook: Outlook, grid: GridState | None, now: datetime) -> Standings:
    running = next((one for one in outlook.outages if one.running), None)
    if grid is None or grid.state is not Grid.OFF or running is None or outlook.charge is None:
        return known
    if not timedelta() <= now - grid.since <= BEGINS_WITHIN:
        return known
    standing = standing_of(running, grid.since, outlook.charge.percent, known.correction)
    return known.model_copy(update={"running": standing})


def _graded(standing: Standing, history: History, now: datetime) -> Graded | None:
    """Return the outcome of a forecast by the record; None if the record does not show when power returned."""
    steps = to_steps(history, now.timestamp())
    soc, _ = reported(steps)
    began = standing.began.timestamp()
    ends = (end for start, end in actual_outages(steps) if start - STEP_S <= began < end <= now.timestamp())
    ended = next(ends, None)
    if ended is None:
        return None
    first, last = max(0, steps.index(began)), steps.index(ended)
    during = soc[first : last + 1]
    known = np.flatnonzero(np.isfinite(during))
    seen = bool(known.size) and len(during) - 1 - known[-1] <= END_SEEN_STEPS
    return Graded(
        standing=standing,
        ended=datetime.fromtimestamp(ended, UTC),
        charge=float(during[known[-1]]) if seen else None,
        lowest=float(during[known].min()) if seen else None,
    )
