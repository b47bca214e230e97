"""The English texts of reasons, from payloads and from models."""

from typing import Any

from shared.clock import utc_now
from shared.health import Health
from shared.messages import ServiceStatus


def reason_text(payload: dict[str, Any] | None) -> str:
    """Return the texts of a payload's reason or reasons, "" where it has none."""
    reasons = (payload or {}).get("reasons") or [(payload or {}).get("reason")]
    return " ".join(reason["text"] for reason in reasons if reason)


def status_text(status: ServiceStatus | Health) -> str:
    """Return the texts of the reasons of a service's status."""
    reported = status.status(utc_now()) if isinstance(status, Health) else status
    return " ".join(reason.text for reason in reported.reasons)
