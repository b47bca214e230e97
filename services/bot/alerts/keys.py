"""Keys of troubles: the same for the same trouble, from reading to reading and across restarts. Pure."""

import json

from shared.conditions import OTHER, Reason

LISTED = ("battery_alarm", "inverter_fault", "inverter_warning")
"""Kinds of which a device may report several at once: each condition is a separate trouble."""


def trouble_key(kind: str, device: str, reasons: tuple[Reason, ...] = ()) -> str:
    """Return the key; a reason is part of it only if a device may list several."""
    listed = [reason_key(reason) for reason in reasons] if kind in LISTED else []
    return "/".join([kind, device, *listed])


def reason_key(reason: Reason) -> str:
    """Return a reason's code and parameters, or a bare sentence itself."""
    if reason.code == OTHER:
        return f"{OTHER}:{reason.text}"
    if not reason.params:
        return reason.code
    return reason.code + json.dumps(reason.model_dump(mode="json")["params"], sort_keys=True, ensure_ascii=False)
