"""The alert as data: persisted first, rendered in the chat's language when it is sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from services.bot.alerts.version_1 import upgrade_alert
from shared.conditions import Reason
from shared.freshness import DECISION_HOLDS
from shared.messages import ActionOutcome, Moment, OutageOutlook, OutageSchedule, QueueFit, Window
from shared.outages import Expected


class AlertKind(StrEnum):
    """What has happened."""

    GRID_LOST = "grid_lost"
    GRID_BACK = "grid_back"
    GRID_UNSTABLE = "grid_unstable"
    GRID_MISSED = "grid_missed"
    PHASE_LOST = "phase_lost"
    SCHEDULE = "schedule"
    QUEUE_FIT = "queue_fit"
    REMIND_OUTAGE = "remind_outage"
    REMIND_POWER_BACK = "remind_power_back"
    LOW_BATTERY = "low_battery"
    FORECAST = "forecast"
    BATTERY_ALARM = "battery_alarm"
    IMBALANCE = "imbalance"
    BATTERY_SILENT = "battery_silent"
    INVERTER_SILENT = "inverter_silent"
    INVERTER_FAULT = "inverter_fault"
    INVERTER_WARNING = "inverter_warning"
    SERVICE_DOWN = "service_down"
    SERVICE_DEGRADED = "service_degraded"
    CLOCK_UNSET = "clock_unset"
    PLUG = "plug"


class AlertGroup(StrEnum):
    """What a chat can switch off."""

    GRID = "grid"
    SCHEDULE = "schedule"
    REMINDER = "reminder"
    BATTERY = "battery"
    INVERTER = "inverter"
    SERVICE = "service"
    PLUG = "plug"


GROUPS: dict[AlertKind, AlertGroup] = {
    AlertKind.GRID_LOST: AlertGroup.GRID,
    AlertKind.GRID_BACK: AlertGroup.GRID,
    AlertKind.GRID_UNSTABLE: AlertGroup.GRID,
    AlertKind.GRID_MISSED: AlertGroup.GRID,
    AlertKind.PHASE_LOST: AlertGroup.GRID,
    AlertKind.SCHEDULE: AlertGroup.SCHEDULE,
    AlertKind.QUEUE_FIT: AlertGroup.SCHEDULE,
    AlertKind.REMIND_OUTAGE: AlertGroup.REMINDER,
    AlertKind.REMIND_POWER_BACK: AlertGroup.REMINDER,
    AlertKind.LOW_BATTERY: AlertGroup.BATTERY,
    AlertKind.FORECAST: AlertGroup.BATTERY,
    AlertKind.BATTERY_ALARM: AlertGroup.BATTERY,
    AlertKind.IMBALANCE: AlertGroup.BATTERY,
    AlertKind.BATTERY_SILENT: AlertGroup.BATTERY,
    AlertKind.INVERTER_SILENT: AlertGroup.INVERTER,
    AlertKind.INVERTER_FAULT: AlertGroup.INVERTER,
    AlertKind.INVERTER_WARNING: AlertGroup.INVERTER,
    AlertKind.SERVICE_DOWN: AlertGroup.SERVICE,
    AlertKind.SERVICE_DEGRADED: AlertGroup.SERVICE,
    AlertKind.CLOCK_UNSET: AlertGroup.SERVICE,
    AlertKind.PLUG: AlertGroup.PLUG,
}


class Alert(BaseModel):
    """One event to report. `at` is when it happened, not when it is sent; None means unknown and is left out.

    key identifies the event, so that it is reported once; `over` means that the trouble has ended. reasons are those
    that a device, a service or a plug gives; a service may give several. missed are outages that passed while the bot
    was away. expected, window, is_open, is_overdue and in_emergency are what the schedule says about an outage.
    figures_at is when charge, load and runtime were measured, if that was later than the event; told_there means that
    the message of the outage also says it. outlook is the forecast for an outage, with the names of plugs;
    accepts_charge is whether the battery accepts charge before it.
    """

    model_config = ConfigDict(frozen=True)

    kind: AlertKind
    key: str
    at: Moment
    stored_at: Moment
    over: bool = False
    name: str = ""
    reasons: tuple[Reason, ...] = ()
    cell_delta_mv: float | None = None
    began: Moment | None = None
    lasted_s: float | None = None
    soc_percent: float | None = None
    load_w: float | None = None
    runtime_s: float | None = None
    figures_at: Moment | None = None
    told_there: bool = False
    expected: Expected | None = None
    window: Window | None = None
    missed: tuple[Window, ...] = ()
    is_open: bool = False
    is_overdue: bool = False
    in_emergency: bool = False
    plan_stale_since: Moment | None = None
    count: int = 0
    on: bool | None = None
    by: str = ""
    outcome: ActionOutcome | None = None
    minutes: int | None = None
    plan: OutageSchedule | None = None
    queue_fit: QueueFit | None = None
    outlook: OutageOutlook | None = None
    accepts_charge: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, given: Any) -> Any:
        return upgrade_alert(given)

    @property
    def group(self) -> AlertGroup:
        """The group that a chat can switch it off with."""
        return GROUPS[self.kind]

    @property
    def is_belated(self) -> bool:
        """Whether it was noticed so late that its figures are of a later moment."""
        return self.stored_at - self.at > DECISION_HOLDS

    def is_past(self, now: datetime) -> bool:
        """Whether it is a reminder of something that has already happened."""
        return self.group is AlertGroup.REMINDER and self.at <= now
