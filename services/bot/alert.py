"""What is worth telling, as data: stored on disk first, put into words when it is sent."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.live_figures import BATTERY_HOLDS
from shared.messages import ActionOutcome, Moment, OutageSchedule, Window
from shared.outages import Expected

LIVE = BATTERY_HOLDS
"""An older reading tells nothing about now: what the slowest device allows holds for all."""


class Kind(StrEnum):
    """What has happened."""

    GRID_LOST = "grid_lost"
    GRID_BACK = "grid_back"
    GRID_UNSTABLE = "grid_unstable"
    SCHEDULE = "schedule"
    REMIND_OUTAGE = "remind_outage"
    REMIND_LIGHT = "remind_light"
    LOW_BATTERY = "low_battery"
    BATTERY_ALARM = "battery_alarm"
    IMBALANCE = "imbalance"
    BATTERY_SILENT = "battery_silent"
    INVERTER_SILENT = "inverter_silent"
    INVERTER_FAULT = "inverter_fault"
    INVERTER_WARNING = "inverter_warning"
    SERVICE_DOWN = "service_down"
    SERVICE_PARTLY = "service_partly"
    PLUG = "plug"


class Group(StrEnum):
    """What a chat can switch off."""

    GRID = "grid"
    SCHEDULE = "schedule"
    REMINDER = "reminder"
    BATTERY = "battery"
    INVERTER = "inverter"
    SERVICE = "service"
    PLUG = "plug"


GROUPS: dict[Kind, Group] = {
    Kind.GRID_LOST: Group.GRID,
    Kind.GRID_BACK: Group.GRID,
    Kind.GRID_UNSTABLE: Group.GRID,
    Kind.SCHEDULE: Group.SCHEDULE,
    Kind.REMIND_OUTAGE: Group.REMINDER,
    Kind.REMIND_LIGHT: Group.REMINDER,
    Kind.LOW_BATTERY: Group.BATTERY,
    Kind.BATTERY_ALARM: Group.BATTERY,
    Kind.IMBALANCE: Group.BATTERY,
    Kind.BATTERY_SILENT: Group.BATTERY,
    Kind.INVERTER_SILENT: Group.INVERTER,
    Kind.INVERTER_FAULT: Group.INVERTER,
    Kind.INVERTER_WARNING: Group.INVERTER,
    Kind.SERVICE_DOWN: Group.SERVICE,
    Kind.SERVICE_PARTLY: Group.SERVICE,
    Kind.PLUG: Group.PLUG,
}


class Alert(BaseModel):
    """One thing to tell. `at` is when it happened, not when it is told; None means unknown and is left out.

    key is the same for the same event, so that nobody hears it twice; over says that a trouble has ended.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    key: str
    at: Moment
    stored_at: Moment
    over: bool = False
    name: str = ""
    what: str = ""
    began: Moment | None = None
    lasted_s: float | None = None
    soc_percent: float | None = None
    load_w: float | None = None
    runtime_s: float | None = None
    expected: Expected | None = None
    window: Window | None = None
    is_open: bool = False
    count: int = 0
    on: bool | None = None
    by: str = ""
    outcome: ActionOutcome | None = None
    minutes: int | None = None
    plan: OutageSchedule | None = None

    @property
    def group(self) -> Group:
        """What a chat switches it off with."""
        return GROUPS[self.kind]

    @property
    def is_belated(self) -> bool:
        """Whether it was noticed so late that the figures in it are not those of its own moment."""
        return self.stored_at - self.at > LIVE

    def is_past(self, now: datetime) -> bool:
        """Whether it is a reminder of something that has come already."""
        return self.group is Group.REMINDER and self.at <= now
