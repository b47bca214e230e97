"""Metadata of settings: their sections, their values in containers, and which of them most homes need."""

from dataclasses import dataclass
from enum import Enum


class Section(Enum):
    """The sections of .env.example and docs/settings.md, in order: title and introduction."""

    def __init__(self, title: str, intro: str) -> None:
        self.title = title
        self.intro = intro

    INVERTER = ("The inverter", "`python -m services.poller scan` finds inverters and prints the lines to put here.")
    GRID = (
        "When the grid counts as present",
        "From GRID_PRESENT_V upwards the grid is on, below GRID_LOST_V it is off; in between nothing changes.",
    )
    BATTERIES = ("The batteries", "")
    SCHEDULE = ("The planned outages", "docs/schedule.md lists the sources by region.")
    PLUGS = ("The plugs", "See docs/plugs.md. The cloud is only needed for plugs that the home network cannot reach.")
    HISTORY = ("Recording and history", "")
    DASHBOARD = ("The dashboard", "")
    TELEGRAM = ("Telegram", "")
    HOME_ASSISTANT = ("Home Assistant", "See docs/homeassistant.md.")
    BROKER = ("The broker, as the services reach it", "")
    MOSQUITTO = ("Our own broker", "Read by mosquitto/start.sh. The broker listens on MQTT_PORT.")
    COMMON = ("Language, logs, health and secrets", "")
    COMPOSE = ("Docker Compose", "Read by Docker Compose itself.")
    SIMULATORS = (
        "The simulated house",
        "Only for the demo and the tests (`python -m simulators`). The demo profile of Compose sets what it needs "
        "itself.",
    )


@dataclass(frozen=True)
class InCompose:
    """The fixed value of a setting in its container; None keeps it out of the container's environment.

    A setting without this metadata is passed on from .env.
    """

    value: str | None


NOT_IN_COMPOSE = InCompose(None)


@dataclass(frozen=True)
class Essential:
    """Marks a setting that most homes need: its line in .env.example is not commented out."""


ESSENTIAL = Essential()
