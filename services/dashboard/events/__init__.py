"""The page *Events*: what happened, newest first."""

from services.dashboard.events.page import PAGE as PAGE
