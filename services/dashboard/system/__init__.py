"""The page of services, devices and settings."""

from services.dashboard.system.page import PAGE as PAGE
