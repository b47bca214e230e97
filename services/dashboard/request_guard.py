"""Rejects malformed requests to Dash, which would answer them with a traceback."""

from collections.abc import Mapping
from typing import Any

from dash.exceptions import DependencyException
from flask import Flask, abort, request
from flask.typing import ResponseReturnValue

from services.dashboard.access.guard import DASH


def refuse_malformed(server: Flask, callbacks: Mapping[str, Any]) -> None:
    """Answer 400 to callbacks that no page of ours sends, and 404 to unknown scripts."""

    @server.before_request
    def check() -> None:
        if request.path == DASH and request.method == "POST" and not is_ours(request.get_json(silent=True), callbacks):
            abort(400)

    @server.errorhandler(DependencyException)
    def not_there(_error: DependencyException) -> ResponseReturnValue:
        return "There is no such script.", 404


def is_ours(body: Any, callbacks: Mapping[str, Any]) -> bool:
    """Return whether a request names an existing callback with its outputs, inputs and states, pure."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    known = callbacks.get(body["output"], {})
    outputs, changed = body.get("outputs"), body.get("changedPropIds", [])
    return (
        "callback" in known
        and all(_places(body.get(name, [])) == _places(known[name]) for name in ("inputs", "state"))
        and bool(_places(outputs if isinstance(outputs, list) else [outputs]))
        and isinstance(changed, list)
        and all(isinstance(one, str) for one in changed)
    )


def _places(given: Any) -> list[tuple[str, str]] | None:
    """Return the named elements and properties, None if malformed."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return None
    places = [(one.get("id"), one.get("property")) for one in given]
    return places if all(isinstance(name, str) for place in places for name in place) else None
