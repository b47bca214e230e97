"""The diagnostics bundle: what a bug report needs, without secrets and with serial numbers masked."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from services.dashboard.pages import PageContext
from services.dashboard.settings import DashboardSettings
from services.dashboard.system.database import facts, password_of, rows_by_table
from services.dashboard.system.versions import machine, versions
from shared.broker_state import BrokerState, messages
from shared.errors import StorageError
from shared.messages import iso

MASKED = ("serial_number", "address", "device_name")
"""Fields that identify a device."""
MASK = "***"
SHORTEST = 4
"""Shorter values are only masked in their own field: elsewhere they could be parts of words."""

ABOUT = """A snapshot of easun-bridge for a bug report.

broker.json    the newest message of every topic that the dashboard reads
settings.json  the dashboard's settings; of secrets only whether they are set
about.json     versions, the database, and how many rows of the last day it has

Serial numbers, addresses of batteries and secrets are replaced by ***, with a number where several are told apart.
"""


def bundle(context: PageContext, now: datetime) -> bytes:
    """Return the zip file."""
    snapshot = context.snapshot()
    files = {
        "broker.json": broker(snapshot),
        "settings.json": settings_summary(context.settings),
        "about.json": about(context, now),
    }
    hidden = [*_device_identifiers(snapshot), *_secrets(context.settings)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", ABOUT)
        for name, content in files.items():
            archive.writestr(name, json.dumps(masked(content, hidden), indent=2, ensure_ascii=False))
    return out.getvalue()


def broker(snapshot: BrokerState) -> dict[str, Any]:
    """Return the newest message of every topic."""
    newest = {topic: _with_masked_fields(message.model_dump(mode="json")) for topic, message in messages(snapshot)}
    return {"connected": snapshot.connected, "messages": newest}


def settings_summary(settings: DashboardSettings) -> dict[str, str]:
    """Return settings by the names of their variables; for secrets only whether they are set."""
    return {name.upper(): _shown(value) for name, value in sorted(vars(settings).items())}


def about(context: PageContext, now: datetime) -> dict[str, Any]:
    """Return versions and the state of the database."""
    try:
        rows: Any = rows_by_table(context.engine, now)
    except StorageError as error:
        rows = error.reason.model_dump()
    known = facts(context.settings.database, context.engine)
    backup = known.backup and {"file": known.backup.file.name, "at": iso(known.backup.at)}
    database = vars(known) | {"backup": backup, "problem": known.problem.model_dump() if known.problem else None}
    return {"at": iso(now), "machine": machine(), "versions": versions(), "database": database | {"rows": rows}}


def masked(content: Any, hidden: Iterable[str]) -> Any:
    """Return the content with every hidden value masked, wherever it occurs.

    Each has a mask of its own: the topics of two batteries would otherwise become one, and one battery be missing.
    """
    masks: dict[str, str] = {}
    for number, value in enumerate(dict.fromkeys(hidden), start=1):
        masks |= {way: f"{MASK}{number}" for way in (value, value.replace(":", "")) if len(way) >= SHORTEST}
    longest_first = sorted(masks, key=len, reverse=True)
    pattern = re.compile("|".join(f"({re.escape(way)})" for way in longest_first) or "(?!)", re.IGNORECASE)

    def mask(match: re.Match[str]) -> str:
        return next(masks[way] for way, found in zip(longest_first, match.groups(), strict=True) if found is not None)

    return _without(content, partial(pattern.sub, mask))


def _without(content: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(content, str):
        return mask(content)
    if isinstance(content, dict):
        return {mask(name): _without(value, mask) for name, value in content.items()}
    return [_without(one, mask) for one in content] if isinstance(content, list) else content


def _with_masked_fields(given: dict[str, Any]) -> dict[str, Any]:
    return {name: MASK if name in MASKED and value else value for name, value in given.items()}


def _device_identifiers(snapshot: BrokerState) -> Iterator[str]:
    """The values of the masked fields, which may also be part of a text or a topic."""
    for info in (*snapshot.inverter_infos.values(), *snapshot.battery_infos.values()):
        yield from (str(getattr(info, name)) for name in MASKED if getattr(info, name, None))


def _secrets(settings: DashboardSettings) -> Iterator[str]:
    yield from (value.get_secret_value() for value in vars(settings).values() if isinstance(value, SecretStr))
    yield password_of(settings.database)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "is set" if value.get_secret_value() else "is not set"
    return str(value)
