"""The web server. The only importer of waitress."""

import asyncio
import logging
import threading
from typing import Any

import waitress
from flask import Flask

from shared.conditions import dashboard
from shared.conditions.system import os_reason
from shared.errors import ConfigError

THREADS = 6
LARGEST_REQUEST = 1_000_000
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}

# a page asks for more at once than there are threads: a moment's wait is no matter for anybody's log
logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def listen(app: Flask, host: str, port: int, trusted_proxy: str = "") -> Any:
    """Bind the port. Raises ConfigError.

    Only `trusted_proxy` is believed about the visitor's address and https.
    """
    proxy: dict[str, Any] = {"clear_untrusted_proxy_headers": False}  # the guard wants to see that there is a proxy
    if trusted_proxy:
        proxy |= {"trusted_proxy": trusted_proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": PROXY_HEADERS}
    try:
        return waitress.create_server(
            app,
            listen=addresses(host, port),
            threads=THREADS,
            ident="",
            max_request_body_size=LARGEST_REQUEST,
            **proxy,
        )
    except OSError as error:
        raise ConfigError(dashboard.cannot_listen(where=f"{host}:{port}", cause=os_reason(error))) from None


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
