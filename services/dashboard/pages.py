"""What a page is: its layout, its live part, what it reads of the history, and what else it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import Engine

from services.dashboard.settings import DashboardSettings
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.messages import PlugCommand

Send = Callable[[str, PlugCommand], None]


def unsent(_name: str, _command: PlugCommand) -> None:
    """Where there is no broker a command goes nowhere."""


@dataclass(frozen=True)
class Site:
    """What every page may use: what is known now, what was recorded, the reader's clock and language, the plugs."""

    snapshot: Callable[[], BrokerState]
    engine: Engine
    clock: Callable[[], Clock]
    settings: DashboardSettings
    send: Send = unsent


@dataclass(frozen=True)
class Look:
    """How the reader wants it: the query of the page's address, the colour scheme (light or dark)."""

    search: str = ""
    scheme: str = "light"

    @classmethod
    def of(cls, search: Any, scheme: Any) -> "Look":
        """Return what a browser says, which may be nothing, or nonsense."""
        return cls(search if isinstance(search, str) else "", "dark" if scheme == "dark" else "light")


@dataclass(frozen=True)
class View:
    """The live part of a page: texts, states and trees by the key of an element; extra is for a page's own script.

    missing says that there is nothing to show yet, stale that it is old: the page then dims what it shows.
    """

    text: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    missing: bool = False
    stale: bool = False


@dataclass(frozen=True)
class Page:
    """A page. `layout` is laid out once and draws `view` every two seconds; `recorded` is read when it is opened.

    Its layout holds an element with the id `<name>-recorded` where it has a `recorded`, which is read again every
    minute where `renews` is set. `routes` and `callbacks` add what it needs beyond that.
    """

    name: str
    icon: str
    layout: Callable[[Clock], Any]
    view: Callable[[BrokerState, Clock], View]
    recorded: Callable[[Site, Clock, Look], Any] | None = None
    renews: bool = False
    routes: Callable[[Flask, Site], None] | None = None
    callbacks: Callable[[Any, Site], None] | None = None

    @property
    def path(self) -> str:
        """Where it is served."""
        return "/" if self.name == "now" else f"/{self.name}"
