"""The client of the control API, for the command line."""

from typing import Any

import requests

from shared.conditions import Reason
from shared.errors import CommandRefusedError, DeviceOfflineError

TIMEOUT_S = 5


def ask(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Post a command to a running house, or without a body get a resource; return the answer."""
    try:
        method = "GET" if body is None else "POST"
        response = requests.request(method, url.rstrip("/") + path, json=body, timeout=TIMEOUT_S)
        content = response.json()
    except (requests.RequestException, ValueError) as error:
        raise DeviceOfflineError(
            Reason.sentence(
                f"No house answers at {url} ({type(error).__name__}): start it with python -m simulators serve, "
                "or set HOUSE_CONTROL_URL."
            )
        ) from None
    if not response.ok:
        raise CommandRefusedError(Reason.sentence(content["error"]))
    return content
