"""Asks a simulator over HTTP, as tests do many times a second: a session of `requests` for each would be most of it."""

import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from tests.support.waiting import PATIENCE_S

opener = build_opener(ProxyHandler({}))


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    """Post a command, or get what is there; return the answer. Raises OSError where it is refused or none comes."""
    data = None if body is None else json.dumps(body).encode()
    with opener.open(Request(address, data, {"Content-Type": "application/json"}), timeout=PATIENCE_S) as answer:
        return json.load(answer)
