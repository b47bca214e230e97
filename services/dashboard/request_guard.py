"""Rejects requests that no page of ours makes and that Dash would answer with a traceback."""

from dash.exceptions import DependencyException
from flask import Flask, abort, request
from flask.typing import ResponseReturnValue

DASH = "/_dash-update-component"
"""Where Dash posts callbacks. Ours all run in the browser."""


def refuse_malformed(server: Flask) -> None:
    """Answer 400 to callbacks, and 404 to unknown scripts."""

    @server.before_request
    def check() -> None:
        if request.path == DASH and request.method == "POST":
            abort(400)

    @server.errorhandler(DependencyException)
    def not_there(_error: DependencyException) -> ResponseReturnValue:
        return "There is no such script.", 404
