"""The page of the devices that a request asks for."""

from flask import request

from services.dashboard.pages import PageContext
from services.dashboard.paging import PARAMETER, Paged, paged


def shown_devices(context: PageContext) -> Paged:
    """Return the broker's state, or, if there are very many devices, the part that the address asks for."""
    return paged(context.snapshot(), request.args.get(PARAMETER, 1, type=int))
