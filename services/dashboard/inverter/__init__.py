"""The page of the inverter's settings."""

from services.dashboard.inverter.page import PAGE as PAGE
