"""What the rules remember over restarts; it changes with events, not with every reading."""

from pydantic import BaseModel, ConfigDict, Field

from shared.messages import Grid, Moment


class GridMemory(BaseModel):
    """The last change of the grid that was told or deliberately not told.

    changes are the latest ones; untold counts those of a flapping grid that wait for it to settle, since `began`.
    """

    model_config = ConfigDict(frozen=True)

    state: Grid
    since: Moment
    key: str
    changes: tuple[Moment, ...] = ()
    untold: int = 0
    began: Moment | None = None


class Condition(BaseModel):
    """A trouble: since when it is there, when we noticed, whether it was told, when it ended.

    again says that it had been told and called over just before, so that it has to last longer to be told again.
    """

    model_config = ConfigDict(frozen=True)

    began: Moment
    noticed: Moment
    told: bool = False
    again: bool = False
    ended: Moment | None = None


class Memory(BaseModel):
    """All of it. schedule_change is when the last one told has happened.

    reminded maps a reminder to its end, plug_actions `plug/gang` to the last one told.
    """

    model_config = ConfigDict(frozen=True)

    grid: GridMemory | None = None
    plan_seen: bool = False
    schedule_change: Moment | None = None
    reminded: dict[str, Moment] = Field(default_factory=dict)
    conditions: dict[str, Condition] = Field(default_factory=dict)
    plug_actions: dict[str, Moment] = Field(default_factory=dict)
