"""What must survive a power loss: the change of the grid acted on last, open targets, what is to be restored."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.messages import Moment

NAMES_OF_0_1 = {"wants": "targets", "cut": "to_restore", "fights": "returns"}


class Target(BaseModel):
    """What one gang of a plug should become, and for whom.

    by_grid tells targets of the grid from those of people. transition_id is the change of the grid that it is for, or
    the last one known when somebody asked for it. grid_wants is, for a person's target, what the grid still wanted of
    the gang when the person's target took its place. gives_back is a command to switch on what we have switched off,
    where the grid's return will not do it: it never expires. is_test is one of the two commands of an off-on test.
    """

    model_config = ConfigDict(frozen=True)

    plug: str
    gang: str
    on: bool
    by: str
    since: Moment
    not_before: Moment
    by_grid: bool = False
    transition_id: str | None = None
    grid_wants: bool | None = None
    gives_back: bool = False
    is_test: bool = False

    @property
    def key(self) -> str:
        """Its key in the journal."""
        return key(self.plug, self.gang)

    def is_waiting(self, now: datetime) -> bool:
        """Whether its turn has not come. After the clock was set back it waits for nothing."""
        return self.since <= now < self.not_before


class Shed(BaseModel):
    """A plug that the outlook has switched: when last, whether it is given back, and was before."""

    model_config = ConfigDict(frozen=True)

    at: Moment
    back: bool = False
    was_back: bool = False


class Journal(BaseModel):
    """What the service remembers.

    handled is the last change of the grid that was acted on, handled_since its moment. to_restore are the gangs that
    were on when we switched them off for the grid: only these are ever restored. tested are those that were on when a
    test was about to switch them off: they are switched on, whatever happens. returns counts how often one came back on
    by itself. shed are the plugs that the outlook has switched in this outage. seen_on are the gangs that were found on
    last, shortly before the grid went: they are taken for on where they cannot be read before they are switched off.
    """

    model_config = ConfigDict(frozen=True)

    handled: str | None = None
    handled_since: Moment | None = None
    targets: dict[str, Target] = Field(default_factory=dict)
    to_restore: dict[str, Moment] = Field(default_factory=dict)
    tested: dict[str, Moment] = Field(default_factory=dict)
    returns: dict[str, int] = Field(default_factory=dict)
    shed: dict[str, Shed] = Field(default_factory=dict)
    seen_on: dict[str, Moment] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_version_0_1(cls, given: Any) -> Any:
        """Read the names of version 0.1: an upgrade during an outage must still restore what it switched off."""
        return (
            {NAMES_OF_0_1.get(name, name): value for name, value in given.items()} if isinstance(given, dict) else given
        )


def key(plug: str, gang: str) -> str:
    """Return the key of a gang in the journal."""
    return f"{plug}/{gang}"
