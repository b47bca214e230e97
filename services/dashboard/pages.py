"""The parts of a page: its layout, live view, recorded content, routes and callbacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from flask import Flask

from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.history.engine import Engine
from shared.machine import this_host
from shared.messages import (
    AlertSettingsCommand,
    ChargeAheadCommand,
    PlugCommand,
    PlugSetup,
    ProfileCommand,
    SettingCommand,
)
from shared.texts.localizer import Localizer
from shared.trusted_time import is_unset

Command = PlugCommand | PlugSetup | SettingCommand | ProfileCommand | ChargeAheadCommand | AlertSettingsCommand
Send = Callable[[str, Command], None]


def discard_command(_name: str, _command: Command) -> None:
    """Do nothing: there is no broker."""


@dataclass(frozen=True)
class PageContext:
    """What every page may use: the broker's state, the history, the reader's localizer, and a way to send commands."""

    snapshot: Callable[[], BrokerState]
    engine: Engine
    localizer: Callable[[], Localizer]
    settings: DashboardSettings
    send: Send = discard_command

    def calendar(self) -> Localizer:
        """Return the localizer for recorded content: while the clock is not set, the present is the last known time.

        That is the time of the newest live reading from before the machine was started, or else the wall clock's.
        """
        localizer = self.localizer()
        if not is_unset(localizer.now):
            return localizer
        known, unknown = self.snapshot(), this_host().read().at
        readings = (known.grid, *known.inverters.values(), *known.batteries.values())
        return replace(
            localizer, now=max((one.at for one in readings if one and not is_unset(one.at)), default=unknown)
        )


@dataclass(frozen=True)
class ViewOptions:
    """The query of the page's address, and the colour scheme (light or dark)."""

    search: str = ""
    scheme: str = "light"

    @classmethod
    def of(cls, search: Any, scheme: Any) -> "ViewOptions":
        """Return the options sent by a browser, ignoring missing and malformed ones."""
        return cls(search if isinstance(search, str) else "", "dark" if scheme == "dark" else "light")


@dataclass(frozen=True)
class View:
    """The live part of a page: texts, states and trees by the key of an element; extra is for a page's own script.

    missing: there is nothing to show yet. stale: the values are old, and the page dims them.
    """

    text: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    missing: bool = False
    stale: bool = False


def nothing(_localizer: Localizer) -> list[Any]:
    """Return an empty layout."""
    return []


@dataclass(frozen=True)
class Page:
    """A page. `layout` is plain HTML, `view` fills it every two seconds, `recorded` is read every minute.

    `view` gets how long a reading counts as live. `recorded` content is in the element with the id `<name>-recorded`;
    a dict has it by the ids of several elements. A page with charts has `charts`, which Dash renders below its layout:
    only such pages load Dash. `routes` and `callbacks` add what else it needs. A page with a `parent` has no tab: that
    page links to it.
    """

    name: str
    icon: str
    layout: Callable[[Localizer], Any]
    view: Callable[[BrokerState, Localizer, timedelta], View]
    recorded: Callable[[PageContext, Localizer, ViewOptions], Any] | None = None
    charts: Callable[[Localizer], Any] | None = None
    routes: Callable[[Flask, PageContext], None] | None = None
    callbacks: Callable[[Any, PageContext], None] | None = None
    parent: str = ""

    @property
    def path(self) -> str:
        """Where it is served."""
        return "/" if self.name == "now" else f"/{self.name}"
