"""Starts the dashboard. Wiring only."""

import asyncio
import gc

from services.dashboard import web_server
from services.dashboard.access.origin import loopback
from services.dashboard.access.signing_key import signing_key
from services.dashboard.app import application
from services.dashboard.pages import Command
from services.dashboard.settings import DashboardSettings
from shared.broker_mirror import BrokerMirror
from shared.broker_state import EVENTS, STATE_TOPICS
from shared.conditions import dashboard
from shared.history.engine import reader
from shared.service import Service, run
from shared.topics import COMMANDS


async def serve(service: Service[DashboardSettings]) -> None:
    """Mirror the broker's state and serve the pages."""
    settings = service.settings
    mirror = BrokerMirror(service.bus, topics=(*STATE_TOPICS, *EVENTS))
    loop = asyncio.get_running_loop()

    def send(name: str, command: Command) -> None:  # called by the web server's threads
        loop.call_soon_threadsafe(service.bus.publish, COMMANDS[type(command)], command, name)

    key = signing_key(settings.dashboard_state_dir)
    ended, guests = (settings.dashboard_state_dir / f"{name}.json" for name in ("ended-sessions", "guests"))
    engine = reader(settings.database, settings.database_home)
    app = application(mirror.snapshot, engine, settings, send, key=key, ended=ended, guests=guests)
    server = web_server.listen(app, settings.dashboard_host, settings.dashboard_port, settings.dashboard_trusted_proxy)
    open_to_others = not loopback(settings.dashboard_host)
    has_password = bool(settings.dashboard_password.get_secret_value())
    service.health.report("password", dashboard.NO_PASSWORD() if open_to_others and not has_password else None)
    gc.freeze()  # what is built by now stays; examining all of it takes 0.1 s, in the middle of an answer
    await web_server.serve(server)


if __name__ == "__main__":
    run("dashboard", DashboardSettings, serve)
