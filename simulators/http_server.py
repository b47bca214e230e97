"""The HTTP server of every simulator: a Flask app with JSON errors, in threads beside the event loop."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, abort, request
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from shared.errors import CommandRefusedError
from shared.validation import first_fault

T = TypeVar("T")
Refusal = tuple[dict[str, str | None], int]

MAX_BODY_BYTES = 65_536
RAW_HEADERS = "simulators.headers"
RAW_TARGET = "RAW_URI"
SHUTDOWN_POLL_S = 0.05


class Command(BaseModel):
    """A posted body."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class HttpApp(Flask):
    """Routes such as "POST /grid" with the view of each.

    An `async def` view runs on the event loop of the simulator, where its state lives; a plain one in a thread.
    """

    def __init__(
        self,
        routes: Mapping[str, Callable[..., Any]],
        loop: asyncio.AbstractEventLoop | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        super().__init__("simulators", static_folder=None)
        self.config.update(MAX_CONTENT_LENGTH=max_body_bytes, PROPAGATE_EXCEPTIONS=True)
        self.json.sort_keys = False  # type: ignore[attr-defined]
        self._loop = loop
        self.before_request(_check_length)
        for route, view in routes.items():
            method, path = route.split(" ")
            self.add_url_rule(path, route, view, methods=[method])
        self.register_error_handler(HTTPException, lambda error: _refusal(error.code, error.description))
        unknown = f"There is only {', '.join(routes)}."
        for kind in (NotFound, MethodNotAllowed):
            self.register_error_handler(kind, lambda _error: _refusal(HTTPStatus.NOT_FOUND, unknown))
        self.register_error_handler(ValidationError, lambda error: _refusal(HTTPStatus.BAD_REQUEST, _sentence(error)))
        self.register_error_handler(CommandRefusedError, lambda error: _refusal(HTTPStatus.CONFLICT, str(error)))

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """Run a coroutine function on the simulator's event loop."""
        assert self._loop, "async views need an event loop"  # noqa: S101
        loop = self._loop

        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                return asyncio.run_coroutine_threadsafe(func(*args, **kwargs), loop).result()
            except CancelledError:
                raise ConnectionAbortedError("the simulator is stopping") from None

        return run


class _RequestHandler(WSGIRequestHandler):
    """One connection. A view that raises ConnectionError closes it without an answer."""

    default_request_version = "HTTP/1.1"  # what is no request at all is refused with a status line, too
    disable_nagle_algorithm = True

    def make_environ(self) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return super().make_environ() | {RAW_HEADERS: headers}

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: paths of the Bot API contain the token."""


def start_server(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """Serve in the background until `shutdown()`; port 0 takes a free one. OSError if the port cannot be opened."""
    with socket.create_server((host, port)) as listener:  # make_server would end the process if the port is taken
        server = make_server(host, port, app, threaded=True, request_handler=_RequestHandler, fd=listener.fileno())
    threading.Thread(target=server.serve_forever, args=(SHUTDOWN_POLL_S,), daemon=True).start()
    return server


def posted(kind: type[T] | TypeAdapter[T]) -> T:
    """Return the posted body, or raise ValidationError, which answers 400."""
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    return adapter.validate_json(request.get_data())


def as_list(given: object) -> object:
    """Return a list as it is and anything else as a list of one: a validator of bodies that may be either."""
    return given if isinstance(given, list) else [given]


def raw_headers() -> dict[str, str]:
    """Return all headers of the request by lower-case name, including those with an underscore, which WSGI drops."""
    headers: dict[str, str] = request.environ[RAW_HEADERS]
    return headers


def raw_target() -> str:
    """Return path and query of the request as the client sent them."""
    return str(request.environ[RAW_TARGET])


def _check_length() -> None:
    if not request.headers.get("Content-Length", "0").isdecimal():
        abort(HTTPStatus.BAD_REQUEST)


def _refusal(status: int | None, sentence: str | None) -> Refusal:
    return {"error": sentence}, status or HTTPStatus.INTERNAL_SERVER_ERROR


def _sentence(error: ValidationError) -> str:
    fault = first_fault(error)
    field = ".".join(part for part in fault.location if isinstance(part, str)) or "the body"
    return f"{field}: {fault.reason.text}."
