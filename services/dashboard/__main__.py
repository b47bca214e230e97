"""Starts the dashboard: wiring only."""

import asyncio

from services.dashboard import web
from services.dashboard.access.keys import signing_key
from services.dashboard.access.origin import loopback
from services.dashboard.app import application
from services.dashboard.settings import DashboardSettings
from shared.broker_mirror import BrokerMirror
from shared.history.engine import reader
from shared.messages import PlugCommand
from shared.service import Service, run
from shared.topics import PLUG_SET

ALONE = "No password is set, so only this machine is shown the page, in Docker nobody: set DASHBOARD_PASSWORD in .env."


async def serve(service: Service[DashboardSettings]) -> None:
    """Listen to the broker and answer the browser."""
    settings = service.settings
    mirror = BrokerMirror(service.bus)
    loop = asyncio.get_running_loop()

    def send(name: str, command: PlugCommand) -> None:  # called by the web server's threads
        loop.call_soon_threadsafe(service.bus.publish, PLUG_SET, command, name)

    key = signing_key(settings.dashboard_state_dir)
    app = application(mirror.snapshot, reader(settings.database), settings, send, key)
    server = web.listen(app, settings.dashboard_host, settings.dashboard_port, settings.dashboard_trusted_proxy)
    if not settings.dashboard_password.get_secret_value() and not loopback(settings.dashboard_host):
        service.health.problem("password", ALONE)
    await web.serve(server)


if __name__ == "__main__":
    run("dashboard", DashboardSettings, serve)
