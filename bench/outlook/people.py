"""Drawn homes: who lives there, what they switch on, and when nobody is in. Five-minute means of the load in watts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PER_DAY = 288


@dataclass(frozen=True)
class Habits:
    """What tells one home from another."""

    base_w: float
    people: int
    wakes: float
    sleeps: float
    away: tuple[float, float] | None
    """When working days are spent elsewhere, by the hour."""
    irregular: float
    """0: every day alike; 1: each day its own."""
    boiler_w: float
    heating_w: float
    """By a cold winter's day, on average."""
    shifts: bool
    """Works every other two days, nights included."""
    saves: float
    """What is left of the load in an outage."""
    prepares: float
    catches_up: float
    lumps: float
    """The power of appliances against usual ones; they run the more often for it."""
    whims: float
    """How far the hours are strayed from, against a usual home."""


CALM_LUMPS, CALM_WHIMS = 0.3, 0.5


def draw_habits(rng: np.random.Generator, *, calm: bool = False) -> Habits:
    """Return some family's habits.

    In a calm home the appliances are many and small and the hours are kept, so that days differ by how much is going
    on, which lasts for days, and less by chance. Over three hours it strays by about a quarter of its mean from its
    usual day; the others by 30 to 45 %, recorded homes by 40 to 65 %.
    """
    kind = rng.choice(["retired", "family", "remote", "shifts"], p=[0.2, 0.45, 0.2, 0.15])
    people = int({"retired": rng.integers(1, 3), "family": rng.integers(3, 6)}.get(kind, rng.integers(1, 4)))
    return Habits(
        base_w=float(rng.uniform(70, 220)),
        people=people,
        wakes=float(rng.normal(6.8, 0.6)),
        sleeps=float(rng.normal(23.0, 0.6)),
        away=(float(rng.normal(8.3, 0.5)), float(rng.normal(17.5, 0.8))) if kind == "family" else None,
        irregular=float(rng.uniform(0.3, 1.0)),
        boiler_w=float(rng.choice([0, 0, 1500, 2000])),
        heating_w=float(rng.choice([0, 0, 0, 250, 600])),
        shifts=kind == "shifts",
        saves=float(rng.uniform(0.5, 0.95)),
        prepares=float(rng.uniform(1.0, 1.3)),
        catches_up=float(rng.uniform(1.0, 1.3)),
        lumps=CALM_LUMPS if calm else 1.0,
        whims=CALM_WHIMS if calm else 1.0,
    )


def draw_load(habits: Habits, days: int, rng: np.random.Generator, first_weekday: int, season: float) -> Floats:
    """Return the load of so many days, as if there were no outages; season is the day of the year of the first one."""
    size = days * PER_DAY
    load = np.full(size, habits.base_w)
    phase = rng.uniform(0, 1)
    fridge = np.sin(2 * np.pi * (np.arange(size) / rng.uniform(7, 12) + phase)) > 0.2
    load += fridge * rng.uniform(60, 120)
    mood = 0.0
    vacation = 0
    for day in range(days):
        mood = 0.75 * mood + rng.normal(0, 0.22 * habits.irregular)
        vacation = vacation - 1 if vacation > 0 else int(rng.integers(2, 6)) if rng.random() < 0.012 else 0
        weekend = (first_weekday + day) % 7 >= 5
        _day(load, day, habits, rng, weekend=weekend, mood=mood, gone=vacation > 0)
        cold = 0.5 + 0.5 * np.cos(2 * np.pi * (season + day - 20) / 365)
        heat = habits.heating_w * max(0.0, cold * (1 + 0.4 * mood) + rng.normal(0, 0.12))
        night = 0.7 + 0.6 * (np.arange(PER_DAY) < 84)
        load[day * PER_DAY : (day + 1) * PER_DAY] += heat * night * rng.gamma(3, 1 / 3, PER_DAY)
    return np.maximum(load * rng.gamma(60, 1 / 60, size), 5.0)


def _day(
    load: Floats, day: int, habits: Habits, rng: np.random.Generator, *, weekend: bool, mood: float, gone: bool
) -> None:
    begin = day * PER_DAY
    loose, strays = habits.irregular, habits.whims
    if gone:
        return
    wakes = habits.wakes + strays * rng.normal(0, 0.3 + 0.6 * loose) + 1.5 * weekend
    sleeps = habits.sleeps + strays * rng.normal(0, 0.3 + 0.6 * loose) + 0.5 * weekend
    away = habits.away if habits.away and not weekend and rng.random() > 0.15 * loose else None
    if habits.shifts and day % 4 < 2:
        away = (7.5, 20.5) if day % 8 < 4 else (0.0, 9.0)
    hours = np.arange(PER_DAY) / 12
    home = (hours >= wakes) & (hours < sleeps)
    if away:
        shift = strays * rng.normal(0, 0.2 + 0.8 * loose)
        home &= ~((hours >= away[0] + shift) & (hours < away[1] + shift))
    more = float(np.exp(mood)) * habits.people**0.6
    dark = (hours < 8) | (hours > 16.5)
    load[begin : begin + PER_DAY] += home * (60 + 70 * dark) * more
    _appliances(load, home, rng, begin=begin, more=more, wakes=wakes, lumps=habits.lumps)
    if habits.boiler_w:
        for hour in (wakes + 0.8, 20.5):
            start = begin + int(np.clip(hour + strays * rng.normal(0, 0.5 + loose), 0, 23) * 12)
            load[start : start + int(rng.integers(6, 18))] += habits.boiler_w


APPLIANCES = (
    (2000, 5, 4.0),  # a kettle
    (1500, 25, 1.6),  # cooking
    (900, 50, 0.35),  # washing
    (1800, 12, 0.5),  # iron, hair dryer, vacuum cleaner
    (250, 150, 1.2),  # television, computer
)
"""Watts, minutes, and how often a day."""


def _appliances(
    load: Floats,
    home: "np.typing.NDArray[np.bool_]",
    rng: np.random.Generator,
    *,
    begin: int,
    more: float,
    wakes: float,
    lumps: float,
) -> None:
    places = np.flatnonzero(home)
    if not places.size:
        return
    hours = places / 12
    weight = 1 + 2 * np.exp(-(((hours - 19) / 2) ** 2)) + np.exp(-((hours - wakes - 0.7) ** 2))
    weight /= weight.sum()
    for watts, minutes, per_day in APPLIANCES:
        for _ in range(rng.poisson(per_day * more / lumps)):
            start = begin + int(rng.choice(places, p=weight))
            length = max(1, round(minutes / 5 * rng.uniform(0.6, 1.5)))
            load[start : start + length] += lumps * watts * rng.uniform(0.8, 1.1)
