"""How a layout describes a setting that may be changed, and the addresses that no layout may allow. Pure."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.conditions.inverter_settings import consequence
from shared.messages import Mode

FORBIDDEN = frozenset(
    (
        *(300, 600),  # output mode
        *(320, 321, 606, 607),  # output voltage and frequency
        *(322, 630),  # battery type: it changes the voltages
        *(323, 324, 325, 327, 329, 631, 637, 638, 644, 645, 646),  # protection and charging voltages
        *(343, 649, 650),  # the charge at which the house is cut off
        *(313, 334, 425, 651, 652, 656),  # equalization, and forced equalization
        *(344, 352, 685, 686, 691, 692),  # feed-in and anti-islanding
        *(314, 315, 687, 688),  # the warning mask, which would hide "mains lost"
        *(406, 420, 693, 694),  # the remote switch, and its permission
        *(316, 689, 707),  # dry contact and ground relay
        *(426, 459, 460, 461, 695, 705, 706),  # leave the fault state, clear energy and records, factory reset
    )
)
"""Addresses that are never written: a mistake there cuts the power or harms the battery, the grid or people."""
FEEDS_THE_GRID = frozenset(("suf", "zec"))
"""Values of priorities under which the sun may feed the grid."""


class WritableSetting(BaseModel):
    """A setting that may be changed: on which units that is proven, and to which values.

    name is that of a register among the layout's settings, which defines the address, the unit and the meanings of
    numbers. proven lists the model codes (register 171) for each protocol number (184). A choice has `values`, by their
    names in the register's enum; a number has `range` and `step`, in its unit. at_most and at_least name neighbours
    that it must not cross. It is only changed in `modes`. sources are those of docs/inverter.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    proven: Mapping[int, frozenset[int]] = Field(min_length=1)
    values: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    step: float = Field(default=1, gt=0)
    at_most: tuple[str, ...] = ()
    at_least: tuple[str, ...] = ()
    modes: frozenset[Mode] = Field(min_length=1)
    confidence: Literal["high", "medium"]
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def neighbours(self) -> tuple[str, ...]:
        """The settings that limit this one."""
        return self.at_most + self.at_least

    def is_proven_for(self, protocol: int, model: int | None) -> bool:
        """Whether it has been shown that it can be changed on such a unit."""
        return model is not None and model in self.proven.get(protocol, frozenset())

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.values) == (self.range is not None):
            raise ValueError("needs one of values and range")
        if self.range and self.range[0] >= self.range[1]:
            raise ValueError(f"range is upside down: {list(self.range)}")
        if self.values and self.neighbours:
            raise ValueError("has values, so no neighbour can bound it")
        if feeding := FEEDS_THE_GRID.intersection(self.values):
            raise ValueError(f"{min(feeding)} feeds the grid and is never written")
        if Mode.UNKNOWN in self.modes:
            raise ValueError("may not be changed while the mode is unknown")
        for value in ("", *self.values, *(self.range or ())):
            if consequence(self.name, value) is None:
                raise ValueError(f"{self.name} {value} is not declared in shared/conditions/inverter_settings.py")
        return self


class WritableClock(BaseModel):
    """The inverter's own clock, and the units on which setting it is proven, as for a `WritableSetting`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proven: Mapping[int, frozenset[int]] = Field(min_length=1)
    modes: frozenset[Mode] = Field(min_length=1)
    confidence: Literal["high", "medium"]
    sources: tuple[str, ...] = Field(min_length=1)
