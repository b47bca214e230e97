"""The page of planned and actual outages."""

from services.dashboard.outages.page import PAGE as PAGE
