"""The first page: the state of the home right now."""

from services.dashboard.now.page import PAGE as PAGE
