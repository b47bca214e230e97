"""The screen on the wall: one page, big, without controls."""

from services.dashboard.kiosk.page import routes as routes
