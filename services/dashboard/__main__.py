"""Starts the dashboard: wiring only."""

from services.dashboard import web
from services.dashboard.app import application
from services.dashboard.live import Live
from services.dashboard.settings import DashboardSettings
from shared.history.engine import reader
from shared.service import Service, run


async def serve(service: Service[DashboardSettings]) -> None:
    """Listen to the broker and answer the browser."""
    settings = service.settings
    live = Live(service.bus)
    app = application(live.snapshot, reader(settings.database), settings)
    await web.serve(web.listen(app, settings.dashboard_host, settings.dashboard_port))


if __name__ == "__main__":
    run("dashboard", DashboardSettings, serve)
