"""An outage as its living message shows it: what has happened since the power went out, and since it is back. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.bot.alerts.alert import Alert, AlertKind
from shared.conditions import Reason
from shared.messages import BY_GRID, ActionOutcome, Moment
from shared.trusted_time import elapsed

FIGURES_EVERY = timedelta(minutes=5)
SOC_STEP_PERCENT = 2.0
RUNTIME_STEP = 0.1
RESTORED_WITHIN = timedelta(hours=2)
"""Once power has been back for this long, plugs are reported in messages of their own."""


class PlugResult(BaseModel):
    """The outcome for a plug that follows the grid."""

    model_config = ConfigDict(frozen=True)

    name: str
    at: Moment
    outcome: ActionOutcome
    reasons: tuple[Reason, ...] = ()


class Outage(BaseModel):
    """The last outage. lost and back are the alerts, `now` is lost with the newest figures and plan.

    off and on are the plugs to switch off at the loss and to restore after it, by plug and gang.
    """

    model_config = ConfigDict(frozen=True)

    lost: Alert | None = None
    now: Alert | None = None
    back: Alert | None = None
    off: dict[str, PlugResult] = Field(default_factory=dict)
    on: dict[str, PlugResult] = Field(default_factory=dict)

    @property
    def is_going_on(self) -> bool:
        """Whether the power is still out, as far as reported."""
        return self.lost is not None and self.back is None

    def is_history(self, now: datetime) -> bool:
        """Whether it has been over for so long that nothing more is reported about it."""
        over = elapsed(self.back.at, now) if self.back else timedelta(0)
        return over is None or over > RESTORED_WITHIN


def after_alerts(outage: Outage | None, alerts: Sequence[Alert]) -> Outage | None:
    """Return the outage after new alerts: begun, or over."""
    for alert in alerts:
        if alert.kind is AlertKind.GRID_LOST:
            outage = Outage(lost=alert, now=alert)
        elif alert.kind is AlertKind.GRID_BACK:
            outage = outage.model_copy(update={"back": alert}) if outage and outage.is_going_on else Outage(back=alert)
    return outage


def refreshed(outage: Outage, newest: Alert) -> Outage:
    """Return the outage with newer figures and schedule, if they say something that people want to know."""
    if outage.now is None or not _is_news(outage.now, newest):
        return outage
    return outage.model_copy(update={"now": newest})


def _is_news(shown: Alert, newest: Alert) -> bool:
    plan = ("expected", "window", "is_open", "is_overdue", "in_emergency", "plan_stale_since")
    if any(getattr(shown, name) != getattr(newest, name) for name in plan):
        return True
    soon = ("runtime_s", "outlook")
    if any(getattr(shown, name) is None and getattr(newest, name) is not None for name in soon):
        return True
    if newest.figures_at is None:
        return False
    age = elapsed(shown.figures_at or shown.stored_at, newest.figures_at)
    if age is None or age < FIGURES_EVERY:
        return False
    if (shown.outlook and shown.outlook.verdict) is not (newest.outlook and newest.outlook.verdict):
        return True
    return _differ(shown.soc_percent, newest.soc_percent, SOC_STEP_PERCENT) or _differ(
        shown.runtime_s, newest.runtime_s, RUNTIME_STEP * (shown.runtime_s or 0)
    )


def _differ(before: float | None, after: float | None, step: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= max(step, 1e-9)


def with_plug(outage: Outage | None, place: str, alert: Alert, now: datetime) -> Outage | None:
    """Return the outage with the outcome for a plug, or None if that does not belong to it."""
    if outage is None or outage.is_history(now) or alert.by != BY_GRID or alert.outcome is None:
        return None
    result = PlugResult(name=alert.name, at=alert.at, outcome=alert.outcome, reasons=alert.reasons)
    side = "on" if alert.on else "off"
    return outage.model_copy(update={side: getattr(outage, side) | {place: result}})
