"""The web server. The only importer of waitress.

A stranger can open connections and say nothing, a visitor can ask for much at once. Neither may silence the others:
the longest idle connection makes room for a new one, and costly requests have threads of their own.
"""

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import waitress
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

from services.dashboard.paths import DOWNLOADS, HEALTH, LOGIN
from shared.conditions import dashboard
from shared.conditions.system import os_reason
from shared.errors import ConfigError

THREADS = 6
"""For everything that has no lane of its own."""
LANES: Mapping[str, int] = {HEALTH: 1, LOGIN: 1} | dict.fromkeys(DOWNLOADS, 1)
"""How many threads a path has for itself: health must always answer, a password or a download takes long."""
CONNECTIONS = 200
"""A page has up to six. Of more, the one that has been idle for longest is closed."""
IDLE_S = 60
LARGEST_REQUEST = 1_000_000
LARGEST_HEAD = 65_536
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}

# a page asks for more at once than there are threads: a moment's wait is no matter for anybody's log
logging.getLogger("waitress.queue").setLevel(logging.ERROR)


class Lanes:
    """Sends each request to the threads of its lane. Takes the place of waitress' own dispatcher."""

    def __init__(self) -> None:
        self.pages = _threads(THREADS)
        self._lanes = {path: _threads(count) for path, count in LANES.items()}

    def add_task(self, channel: Any) -> None:
        """Queue the next request of a connection."""
        self._lanes.get(channel.requests[0].path, self.pages).add_task(channel)

    def shutdown(self) -> None:
        """Stop all threads."""
        for lane in (self.pages, *self._lanes.values()):
            lane.shutdown()


def _threads(count: int) -> Any:
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(count)
    return dispatcher


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, which may have to make room for a newer one.

    Only an answer counts: a client that sends its request byte by byte is as idle as one that sends none.
    """

    answered_at: float | None = None

    def __init__(self, server: Any, *given: Any, **more: Any) -> None:
        make_room(list(server.active_channels.values()))
        super().__init__(server, *given, **more)

    @property
    def idle_since(self) -> float:
        """When the last request was answered, or else when the connection was opened."""
        return self.answered_at or float(self.creation_time)

    def service(self) -> None:
        """Answer a request."""
        super().service()
        self.answered_at = self.last_activity


def make_room(channels: Sequence[Channel]) -> None:
    """Close the connection that has been idle for longest where there are too many."""
    idle = [channel for channel in channels if not channel.requests and not channel.total_outbufs_len]
    if len(channels) >= CONNECTIONS and idle:
        min(idle, key=lambda channel: channel.idle_since).handle_close()


def listen(app: Flask, host: str, port: int, trusted_proxy: str = "") -> Any:
    """Bind the port. Raises ConfigError.

    Only `trusted_proxy` is believed about the visitor's address and https.
    """
    proxy: dict[str, Any] = {"clear_untrusted_proxy_headers": False}  # the guard wants to see that there is a proxy
    if trusted_proxy:
        proxy |= {"trusted_proxy": trusted_proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": PROXY_HEADERS}
    sockets: dict[int, Any] = {}
    try:
        server = waitress.create_server(
            app,
            map=sockets,
            _dispatcher=Lanes(),
            listen=addresses(host, port),
            ident="",
            connection_limit=5 * CONNECTIONS,
            channel_timeout=IDLE_S,
            asyncore_use_poll=True,
            max_request_header_size=LARGEST_HEAD,
            max_request_body_size=LARGEST_REQUEST,
            **proxy,
        )
    except OSError as error:
        raise ConfigError(dashboard.cannot_listen(where=f"{host}:{port}", cause=os_reason(error))) from None
    for listener in sockets.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = Channel
    return server


def addresses(host: str, port: int) -> str:
    """Return where to listen, as waitress wants it; `::` stands for IPv4 too, so that 127.0.0.1 goes on working."""
    if host == "::":
        return f"0.0.0.0:{port} [::]:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def serve(server: Any) -> None:
    """Serve requests in a thread until cancelled; an error in the thread ends the service with a traceback."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def end(outcome: BaseException) -> None:
        if not over.done():
            over.set_exception(outcome)

    def run() -> None:
        try:
            server.run()
            outcome: BaseException = RuntimeError("The web server has ended by itself.")
        except BaseException as error:
            outcome = error
        loop.call_soon_threadsafe(end, outcome)

    threading.Thread(target=run, name="web", daemon=True).start()
    await over
