"""What has been reported so far, persisted across restarts; it changes with events, not with every reading."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.bot.alerts.outage import Outage
from services.bot.alerts.version_1 import upgrade_state
from shared.conditions import Reason
from shared.messages import Grid, Moment, Verdict


class ReportedGrid(BaseModel):
    """The last transition of the grid, reported or deliberately not.

    changes are the latest transitions; unreported counts those of a flapping grid, held back since `began` until it
    settles.
    """

    model_config = ConfigDict(frozen=True)

    state: Grid
    since: Moment
    key: str
    changes: tuple[Moment, ...] = ()
    unreported: int = 0
    began: Moment | None = None


class OpenTrouble(BaseModel):
    """A trouble: when it began, when we noticed, whether it was reported, when it ended.

    recurring means that it had been reported and ended just before, so it has to last longer to be reported again.
    """

    model_config = ConfigDict(frozen=True)

    began: Moment
    noticed: Moment
    reported: bool = False
    recurring: bool = False
    ended: Moment | None = None
    reasons: tuple[Reason, ...] = ()


class ReportedForecast(BaseModel):
    """The outage that the outlook last judged: its verdict, since when that holds, and what was reported about it.

    began is when it was reported that the battery will not last; None if it was not, or if it will after all.
    """

    model_config = ConfigDict(frozen=True)

    start: Moment
    end: Moment
    seen: Verdict
    since: Moment
    began: Moment | None = None


class AlertState(BaseModel):
    """The whole state of the rules. schedule_change is the time of the last change that was reported, queue_reported
    the region and queue reported not to fit.

    reminded maps a reminder's key to the time it reminds of, plug_actions maps `plug/gang` to the last one reported.
    """

    model_config = ConfigDict(frozen=True)

    grid: ReportedGrid | None = None
    outage: Outage | None = None
    plan_seen: bool = False
    schedule_change: Moment | None = None
    queue_reported: str = ""
    reminded: dict[str, Moment] = Field(default_factory=dict)
    troubles: dict[str, OpenTrouble] = Field(default_factory=dict)
    plug_actions: dict[str, Moment] = Field(default_factory=dict)
    forecast: ReportedForecast | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, given: Any) -> Any:
        return upgrade_state(given)
