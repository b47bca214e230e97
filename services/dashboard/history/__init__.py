"""The page of recorded power, charge and energy."""

from services.dashboard.history.page import PAGE as PAGE
