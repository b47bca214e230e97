"""What the home will draw: the courses of its own most similar past days, adjusted to how today differs. Pure.

Every past day at about this time of day is a candidate for the hours ahead. Days are weighted by their similarity, in
the load before and in what the regression expects for the hours ahead, by their age and by the kind of day. Their
courses are scaled by the ratio of what it expects for today and for that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from services.outlook.assumed_load import assumed_courses, usual_day
from services.outlook.day_kinds import clock_offset_s, kind_of, local_steps, unlike
from services.outlook.estimate import fading
from services.outlook.expected_load import FLOOR_W, Expected, Record, regress
from services.outlook.history import Floats, Ints
from services.outlook.past_trials import LEAST_DAYS, Ways, try_ways, untried, weights_of
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR, STEP_S

BLOCK_EDGES = np.array([0, 1, 2, 3, 4, 6, 8, 12, 18, 24, 36]) * PER_HOUR
BLOCKS = tuple(zip(BLOCK_EDGES[:-1].tolist(), BLOCK_EDGES[1:].tolist(), strict=True))
SHIFTS = (0, 6, -6, 12, -12, 18, -18)
"""A day also counts up to an hour and a half earlier and later, in five-minute steps."""
SHIFT_PENALTY = 0.25
HALF_LIFE_DAYS = 60.0
"""Of the days that the regression learns from."""
BEFORE = 0.5
"""The weight of similarity in the load before, relative to similarity in the expected load."""
ADJUST_MOST = 3.0
LEAST_KNOWN = 0.6
MOST_COURSES = 150
ASSUMED_DAYS = 4.0
"""The assumed courses weigh as much as this many recorded days."""
FEW_DAYS = 28


@dataclass(frozen=True)
class Courses:
    """Possible courses of the load ahead in watts, by five-minute steps from now, and how likely each is.

    days is the number of recorded days behind them.
    """

    load_w: Floats
    weights: Floats
    days: float


@dataclass(frozen=True)
class _Candidates:
    """Places of the record at this time of day: where, how old, how far shifted, and the kinds of day there."""

    place: Ints
    age_days: Floats
    shift: Floats
    kind_penalty: Floats


def courses(load_w: Floats, first: int, zone: ZoneInfo, interest: Sequence[tuple[int, int]]) -> Courses:
    """Return courses of the 36 hours after the record's last step.

    load_w is the load freed of outages, NaN where unknown; interest are the windows ahead, in steps from now, that
    matter most: the outages.
    """
    size = len(load_w) - 1  # the present step has only begun
    wall = local_steps(first, size + 1, zone)
    known = np.isfinite(load_w[:size])
    usual, level = usual_day(load_w[:size], known, wall[:size])
    assumed = assumed_courses(wall[-1], usual, level)
    if size < PER_DAY:
        return Courses(assumed, np.full(len(assumed), 1.0 / len(assumed)), 0.0)
    days = float(known.sum()) / PER_DAY
    found = _well_known(_candidates(first, size, zone), np.concatenate(([0.0], np.cumsum(known))), size)
    if found.place.size < 2:
        return Courses(assumed, np.full(len(assumed), 1.0 / len(assumed)), days)
    record = Record(np.where(known, np.nan_to_num(load_w[:size]), usual[wall[:size] % PER_DAY]))
    windows = [(max(0, start), min(HORIZON, end)) for start, end in interest if start < HORIZON and end > max(start, 0)]
    return _with_assumed(*_similar(record, found, windows[:2] or [(0, 4 * PER_HOUR)]), assumed, days)


def _candidates(first: int, size: int, zone: ZoneInfo) -> _Candidates:
    now_s = (first + size) * STEP_S
    here = datetime.fromtimestamp(now_s, UTC).astimezone(zone)
    offset = clock_offset_s(now_s, zone)
    days = np.arange(1, size // PER_DAY + 1)
    place = np.array(
        [
            size - day * PER_DAY + (offset - clock_offset_s(now_s - day * 86400, zone)) // STEP_S
            for day in days.tolist()
        ],
        dtype=np.int64,
    )
    kinds = np.array([kind_of(here.date() - timedelta(days=day)) for day in range(-1, len(days) + 1)])
    today, tomorrow = kinds[1], kinds[0]
    rest_of_day = 1 - (here.hour + here.minute / 60) / 24
    part = min(0.8, max(0.2, rest_of_day))
    penalty = part * unlike(kinds[2:], today) + (1 - part) * unlike(kinds[1:-1], tomorrow)
    repeat = len(SHIFTS)
    shift = np.repeat(np.array(SHIFTS, dtype=np.int64), len(days))
    return _Candidates(
        np.tile(place, repeat) + shift,
        np.tile(days.astype(np.float64), repeat),
        np.abs(shift) / 6.0,
        np.tile(penalty, repeat),
    )


def _well_known(found: _Candidates, count: Floats, size: int) -> _Candidates:
    """Leave out places with gaps around them, or too near the beginning or the end of the record."""
    place = found.place
    inside = (place >= 6 * PER_HOUR) & (place + 12 * PER_HOUR <= size)
    safe = np.clip(place, 0, size)
    end = np.minimum(safe + HORIZON, size)
    before = np.maximum(safe - 6 * PER_HOUR, 0)
    ahead = (count[end] - count[safe]) / np.maximum(end - safe, 1)
    behind = (count[safe] - count[before]) / np.maximum(safe - before, 1)
    keep = inside & (ahead >= LEAST_KNOWN) & (behind >= LEAST_KNOWN)
    return _Candidates(place[keep], found.age_days[keep], found.shift[keep], found.kind_penalty[keep])


def _similar(record: Record, found: _Candidates, windows: Sequence[tuple[int, int]]) -> tuple[Floats, Floats]:
    """Return the courses of similar days, adjusted to today, and their weights; the windows matter most."""
    features = np.concatenate((record.before(found.place), -found.kind_penalty[:, None]), axis=1)
    here = np.concatenate((record.before(np.array([record.size])), np.zeros((1, 1))), axis=1)
    target = record.after(found.place, [*BLOCKS, *windows])
    nearer = np.exp(-SHIFT_PENALTY * found.shift)
    weights = fading(found.age_days, HALF_LIFE_DAYS) * nearer
    expected = regress(features, target, here, weights, found.age_days.astype(np.int64))
    likeness = _Likeness(features, here, expected, found.kind_penalty)
    ways = _tried(target, expected, likeness, found)
    weights = weights_of(ways, likeness.to_here, found.age_days, nearer)
    most = np.argsort(-weights)[:MOST_COURSES]
    shift = np.clip(ways.trust * (expected.now - expected.each[most]), -np.log(ADJUST_MOST), np.log(ADJUST_MOST))
    scale = np.repeat(np.exp(shift[:, : len(BLOCKS)]), np.diff(BLOCK_EDGES), axis=1)
    return _spread(record.courses(found.place[most]) * scale, weights[most], windows[0], ways.widen), weights[most]


class _Likeness:
    """The distance between places: in the expected load, in the load before, in the kind of day."""

    def __init__(self, features: Floats, here: Floats, expected: Expected, penalty: Floats) -> None:
        self._expected = expected.each[:, len(BLOCKS) :]
        self._scale = self._expected.std(axis=0) + 0.1
        self._features = features[:, :-1]
        self._feature_scale = self._features.std(axis=0) + 0.1
        self._penalty = penalty
        self.to_here = self._distance(expected.now[:, len(BLOCKS) :], here[:, :-1], penalty[None, :])[0]

    def among(self, rows: Ints, columns: Ints) -> Floats:
        """Return the distances of some places to some others."""
        apart = np.abs(self._penalty[rows][:, None] - self._penalty[columns][None, :])
        return self._distance(self._expected[rows], self._features[rows], apart, columns)

    def _distance(
        self, expected: Floats, features: Floats, apart: Floats, columns: "slice | Ints" = slice(None)
    ) -> Floats:
        ahead = _squares_apart(expected / self._scale, self._expected[columns] / self._scale)
        before = _squares_apart(features / self._feature_scale, self._features[columns] / self._feature_scale)
        return np.asarray(ahead + BEFORE * before + apart, dtype=np.float64)


def _squares_apart(rows: Floats, columns: Floats) -> Floats:
    """Return the mean squared difference between each row of one and each row of the other."""
    squares = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1) - 2 * rows @ columns.T
    return np.asarray(np.maximum(squares, 0.0) / rows.shape[1], dtype=np.float64)


def _tried(target: Floats, expected: Expected, likeness: _Likeness, found: _Candidates) -> Ways:
    """Try the ways of weighing days on the last ones, in the windows that matter."""
    columns = np.flatnonzero(found.shift == 0)
    rows = columns[np.isfinite(expected.left_out[columns, 0])]
    if len(columns) < LEAST_DAYS:
        return untried()
    key = slice(len(BLOCKS), None)
    return try_ways(
        target[columns, key],
        expected.each[columns, key],
        expected.left_out[rows, key],
        likeness.among(rows, columns),
        found.age_days[columns],
    )


def _spread(course: Floats, weights: Floats, window: tuple[int, int], widen: float) -> Floats:
    """Push courses away from the median one, by what they draw in the window that matters."""
    drawn = np.log(course[:, window[0] : window[1]].mean(axis=1) + FLOOR_W)
    order = np.argsort(drawn)
    middle = np.interp(0.5, np.cumsum(weights[order]) / weights.sum(), drawn[order])
    push = np.clip((widen - 1) * (drawn - middle), -1.0, 1.0)
    return np.asarray(course * np.exp(push)[:, None], dtype=np.float64)


def _with_assumed(course: Floats, weights: Floats, assumed: Floats, days: float) -> Courses:
    """Add the assumed courses while the record is short."""
    weights = weights / weights.sum()
    if days >= FEW_DAYS:
        return Courses(course, weights, days)
    share = ASSUMED_DAYS / (ASSUMED_DAYS + days) * (1 - days / FEW_DAYS)
    added = np.full(len(assumed), share / len(assumed))
    return Courses(np.concatenate((course, assumed)), np.concatenate((weights * (1 - share), added)), days)
