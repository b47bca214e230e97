"""The page that opens first: what is now."""

from services.dashboard.now.page import PAGE as PAGE
