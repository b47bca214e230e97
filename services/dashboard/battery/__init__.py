"""The page of the battery packs and their cells."""

from services.dashboard.battery.page import PAGE as PAGE
