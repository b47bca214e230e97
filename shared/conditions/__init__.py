"""Every fault, warning, alarm, refusal and health cause, declared once: code, severity, texts in both languages."""

from shared.conditions import (
    battery,
    bms,
    broker,
    dashboard,
    files,
    inverter,
    schedule,
    settings,
    storage,
    system,
    values,
)
from shared.conditions.condition import (
    CONDITIONS,
    OTHER,
    Condition,
    Quiet,
    Reason,
    Severity,
    is_quiet,
    render,
    severity,
)

__all__ = [
    "CONDITIONS",
    "OTHER",
    "Condition",
    "Quiet",
    "Reason",
    "Severity",
    "battery",
    "bms",
    "broker",
    "dashboard",
    "files",
    "inverter",
    "is_quiet",
    "render",
    "schedule",
    "settings",
    "severity",
    "storage",
    "system",
    "values",
]
