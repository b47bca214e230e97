"""Rejects requests that no page of ours makes and that Dash would answer with a traceback."""

import string
from typing import Any
from urllib.parse import quote

from dash.exceptions import DependencyException
from flask import Flask, Request, abort, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue

DASH = "/_dash-update-component"
"""Where Dash posts callbacks. Ours all run in the browser."""


class _Json(DefaultJSONProvider):
    """JSON as browsers send it. What is nested too deeply is as wrong as any other text that is none."""

    def loads(self, s: str | bytes, **how: Any) -> Any:
        """Return what a text holds. Raises ValueError."""
        try:
            return super().loads(s, **how)
        except RecursionError:
            raise ValueError from None


class _Request(Request):
    """A request whose query may hold any bytes: what is no UTF-8 is written in the way of addresses, `%80`."""

    def __init__(self, environ: dict[str, Any], *rest: Any, **more: Any) -> None:
        environ["QUERY_STRING"] = quote(environ.get("QUERY_STRING", ""), safe=string.printable, encoding="latin-1")
        super().__init__(environ, *rest, **more)


def refuse_malformed(server: Flask) -> None:
    """Answer 400 to callbacks, and 404 to unknown scripts."""
    server.json, server.request_class = _Json(server), _Request

    @server.before_request
    def check() -> None:
        if request.path == DASH and request.method == "POST":
            abort(400)

    @server.errorhandler(DependencyException)
    def not_there(_error: DependencyException) -> ResponseReturnValue:
        return "There is no such script.", 404
