"""The health of the dashboard: a summary for everybody, details for logged-in users."""

from datetime import datetime
from typing import Any

from shared.broker_state import BrokerState
from shared.errors import StorageError
from shared.history.engine import Engine
from shared.history.queries import recorded
from shared.messages import iso
from shared.trusted_time import elapsed
from shared.version import program_version


def health(snapshot: BrokerState, now: datetime) -> dict[str, Any]:
    """Return whether the broker is connected, and the age of the newest reading, or None."""
    measured = [state.at for state in (*snapshot.inverters.values(), *snapshot.batteries.values())]
    age = elapsed(max(measured), now) if measured else None
    age_s = None if age is None else round(age.total_seconds(), 1)
    return {"broker": "connected" if snapshot.connected else "not connected", "newest_reading_age_s": age_s}


def details(snapshot: BrokerState, engine: Engine) -> dict[str, Any]:
    """Return the last reading of each device, and whether the database can be read."""
    return {
        "version": program_version(),
        "database": database(engine),
        "inverters": {name: iso(state.at) for name, state in snapshot.inverters.items()},
        "batteries": {name: iso(state.at) for name, state in snapshot.batteries.items()},
        "grid": iso(snapshot.grid.at) if snapshot.grid else None,
    }


def database(engine: Engine) -> str:
    """Return whether the history can be read."""
    try:
        return "readable" if recorded(engine) else "nothing recorded yet"
    except StorageError:
        return "not readable"
