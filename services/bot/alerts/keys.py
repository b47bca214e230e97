"""Keys of troubles: the same for the same trouble, from one reading to the next and over restarts. Pure."""

import json

from shared.conditions import OTHER, Reason

LISTED = ("battery_alarm", "inverter_fault", "inverter_warning")
"""Kinds of which a device may report several at once: each condition is a trouble of its own."""


def trouble_key(kind: str, device: str, reasons: tuple[Reason, ...] = ()) -> str:
    """Return the key; a reason belongs to it only where a device lists several."""
    listed = [reason_key(reason) for reason in reasons] if kind in LISTED else []
    return "/".join([kind, device, *listed])


def reason_key(reason: Reason) -> str:
    """Return a reason's code and parameters; a bare sentence has nothing but itself."""
    if reason.code == OTHER:
        return f"{OTHER}:{reason.text}"
    if not reason.params:
        return reason.code
    return reason.code + json.dumps(reason.model_dump(mode="json")["params"], sort_keys=True, ensure_ascii=False)
