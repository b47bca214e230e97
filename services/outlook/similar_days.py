"""What the home will draw: the courses of its own most similar past days, adjusted to how today differs. Pure.

Every past day at this time of day is a candidate for the hours ahead. A regression over all of them says how what was
drawn lately (half an hour ago, this morning, yesterday in the same hours, this week) shows in what is drawn next.
Days are weighted by how alike they are in that, by their age and by the kind of day, and their courses are scaled by
what the regression expects of today against that day. How narrow the choice of days is, how far to trust the
regression, and how wide the band has to be, is tried on the record itself: each past day is forecast from the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from services.outlook.estimate import fading
from services.outlook.history import Floats
from services.outlook.steps import PER_DAY, PER_HOUR, STEP_S

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

HORIZON = 36 * PER_HOUR
FLOOR_W = 25.0
"""Added before taking logarithms, so that a fridge that is off for a while is no catastrophe."""
BLOCK_EDGES = np.array([0, 1, 2, 3, 4, 6, 8, 12, 18, 24, 36]) * PER_HOUR
PAST_HOURS = (0.5, 2.0, 6.0, 24.0, 72.0, 168.0)
SHIFTS = (0, 6, -6)
"""A day also counts half an hour earlier and later, in five-minute steps."""
SHIFT_PENALTY = 0.25
AGE_HALF_LIFE_DAYS = 90.0
KIND_PENALTY = 0.6
BANDWIDTHS = (0.9, 1.6, 4.0)
TRUSTS = (0.5, 1.0)
TRIED_DAYS = 120
RIDGE = 15.0
ADJUST_MOST = 3.0
TAUS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
LEAST_KNOWN = 0.6
HELD = 0.87
"""How many past days the widened band has to hold: more than eight in ten, as plans and batteries err too."""
ASSUMED_W = 450.0
"""What a home is assumed to draw on average while nothing is recorded."""
ASSUMED_SHAPE = np.array(
    [6, 5, 5, 5, 5, 6, 9, 11, 10, 9, 9, 9, 10, 10, 9, 9, 11, 14, 17, 18, 17, 14, 11, 8], dtype=np.float64
)
ASSUMED_DAYS = 3.0
"""How many days of record the assumed courses weigh as much as."""
ASSUMED_COURSES = 30
ASSUMED_SPREAD = 0.45
FEW_DAYS = 28
HOLIDAYS = {(1, 1), (3, 8), (5, 1), (5, 8), (6, 28), (7, 15), (8, 24), (10, 1), (12, 25)}
"""Fixed holidays of Ukraine, on which a working day is like a Sunday."""


@dataclass(frozen=True)
class Courses:
    """Possible courses of the load ahead in watts, by five-minute steps from now, and how likely each is.

    days is how many days of the record they rest on.
    """

    load_w: Floats
    weights: Floats
    days: float


@dataclass(frozen=True)
class _Candidates:
    """Places of the record that are like now: where, how old, how far shifted, and the kinds of day there."""

    place: Ints
    age_days: Floats
    shift: Floats
    kind_penalty: Floats


def local_steps(first: int, size: int, zone: ZoneInfo) -> Ints:
    """Return the steps of the wall clock: their remainder by a day is the time of day, clock changes included."""
    edges = range(first // PER_DAY, (first + size) // PER_DAY + 2)
    offsets = np.empty(size, dtype=np.int64)
    for day in edges:
        begin, end = max(day * PER_DAY, first), min((day + 1) * PER_DAY, first + size)
        if begin < end:
            offsets[begin - first : end - first] = _offset(begin * STEP_S, zone) // STEP_S
    return np.arange(first, first + size, dtype=np.int64) + offsets


def _offset(at_s: float, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds())


def courses(load_w: Floats, first: int, zone: ZoneInfo, interest: Sequence[tuple[int, int]]) -> Courses:
    """Return the courses of the 36 hours behind the record's last step.

    load_w is the load freed of outages, NaN where unknown; interest are the windows ahead, in steps from now, that
    matter most: the outages.
    """
    size = len(load_w) - 1  # the step that now lies in has only begun
    wall = local_steps(first, size + 1, zone)
    known = np.isfinite(load_w[:size])
    usual, level = _usual(load_w[:size], known, wall[:size])
    assumed = _assumed_courses(wall[-1], usual, level)
    if size < PER_DAY:
        return Courses(assumed, np.full(len(assumed), 1.0 / len(assumed)), 0.0)
    found = _candidates(first, size, zone)
    record = np.where(known, np.nan_to_num(load_w[:size]), usual[wall[:size] % PER_DAY])
    count = np.concatenate(([0.0], np.cumsum(known)))
    found = _well_known(found, count, size)
    if found.place.size < 2:
        return Courses(assumed, np.full(len(assumed), 1.0 / len(assumed)), float(known.sum()) / PER_DAY)
    return _weighed(record, found, interest, assumed, float(known.sum()) / PER_DAY)


def _usual(load_w: Floats, known: "np.typing.NDArray[np.bool_]", wall: Ints) -> tuple[Floats, float]:
    """Return the mean by time of day, where it is recorded, and else a usual home scaled to this one's level."""
    shape = np.repeat(ASSUMED_SHAPE / ASSUMED_SHAPE.mean(), PER_HOUR)
    slot = wall[known] % PER_DAY
    hours = float(known.sum()) / PER_HOUR
    expected = float(shape[slot].mean()) if slot.size else 1.0
    seen = float(load_w[known].mean()) / expected if slot.size else ASSUMED_W
    level = (seen * hours + ASSUMED_W * 3) / (hours + 3)
    weight = fading((len(load_w) - np.flatnonzero(known)) / PER_DAY, 30.0)
    half = slot // 6
    total = np.bincount(half, weights=weight, minlength=PER_DAY // 6)
    mean = np.bincount(half, weights=weight * load_w[known], minlength=PER_DAY // 6) / np.maximum(total, 1e-9)
    by_slot = np.where(total > 0, mean, (level * shape).reshape(-1, 6).mean(axis=1))
    return np.repeat(by_slot, 6), level


def _assumed_courses(wall_now: int, usual: Floats, level: float) -> Floats:
    """Return courses of a home of which little is known: its usual day, and more or less of everything."""
    ahead = (wall_now + np.arange(HORIZON)) % PER_DAY
    shares = (np.arange(ASSUMED_COURSES) + 0.5) / ASSUMED_COURSES
    by_day = np.exp(ASSUMED_SPREAD * _normal(shares))
    wobble = np.exp(
        0.35 * _normal((shares[:, None] * 17.0 + np.arange(HORIZON // PER_HOUR) * 0.618034 + 0.05) % 0.98 + 0.01)
    )
    result: Floats = np.maximum(usual[ahead], 0.15 * level) * by_day[:, None] * np.repeat(wobble, PER_HOUR, axis=1)
    return result


def _normal(share: Floats) -> Floats:
    """Return the normal quantile, to about one percent."""
    tail = np.minimum(share, 1 - share)
    root = np.sqrt(-2 * np.log(tail))
    value = root - (2.30753 + 0.27061 * root) / (1 + 0.99229 * root + 0.04481 * root**2)
    return np.asarray(np.where(share < 0.5, -value, value), dtype=np.float64)


def _candidates(first: int, size: int, zone: ZoneInfo) -> _Candidates:
    now_s = (first + size) * STEP_S
    here = datetime.fromtimestamp(now_s, UTC).astimezone(zone)
    offset = _offset(now_s, zone)
    days = np.arange(1, size // PER_DAY + 1)
    place = np.array(
        [size - day * PER_DAY + (offset - _offset(now_s - day * 86400, zone)) // STEP_S for day in days.tolist()],
        dtype=np.int64,
    )
    kinds = np.array([_kind(here.date() - timedelta(days=day)) for day in range(-1, len(days) + 1)])
    today, tomorrow = kinds[1], kinds[0]
    rest_of_day = 1 - (here.hour + here.minute / 60) / 24
    part = min(0.8, max(0.2, rest_of_day))
    penalty = part * _unlike(kinds[2:], today) + (1 - part) * _unlike(kinds[1:-1], tomorrow)
    repeat = len(SHIFTS)
    shift = np.repeat(np.array(SHIFTS, dtype=np.int64), len(days))
    return _Candidates(
        np.tile(place, repeat) + shift,
        np.tile(days.astype(np.float64), repeat),
        np.abs(shift) / 6.0,
        np.tile(penalty, repeat),
    )


def _kind(day: date) -> int:
    """Return 0 for a working day, 1 for a Saturday, 2 for a Sunday or a holiday."""
    if (day.month, day.day) in HOLIDAYS:
        return 2
    return max(0, day.weekday() - 4)


def _unlike(kinds: "np.typing.NDArray[np.int_]", kind: int) -> Floats:
    """Return how unlike days of these kinds are: a Saturday and a Sunday half as much as either and a working day."""
    apart = np.where((kinds == 0) != (kind == 0), 1.0, np.where(kinds != kind, 0.4, 0.0))
    return np.asarray(apart * KIND_PENALTY, dtype=np.float64)


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


def _course_of(record: Floats, place: Ints) -> Floats:
    """Return what followed each place; hours that are not recorded yet are those of the day before."""
    size = len(record)
    index = place[:, None] + np.arange(HORIZON)
    for _ in range(2):
        index = np.where(index >= size, index - PER_DAY, index)
    return np.asarray(record[np.clip(index, 0, size - 1)], dtype=np.float64)


def _past(total: Floats, place: Ints) -> Floats:
    """Return the logarithms of what was drawn lately, and in the coming hours of yesterday and a week ago."""
    columns = []
    for hours in PAST_HOURS:
        begin = np.maximum(place - int(hours * PER_HOUR), 0)
        columns.append((total[place] - total[begin]) / np.maximum(place - begin, 1))
    for back, length in ((PER_DAY, 3 * PER_HOUR), (PER_DAY - 3 * PER_HOUR, 6 * PER_HOUR), (7 * PER_DAY, 6 * PER_HOUR)):
        whole = place >= back
        begin = np.where(whole, place - back, np.maximum(place - PER_DAY, 0))
        end = np.minimum(begin + length, place)
        columns.append((total[end] - total[begin]) / np.maximum(end - begin, 1))
    return np.asarray(np.log(np.stack(columns, axis=1) + FLOOR_W), dtype=np.float64)


def _weighed(
    record: Floats, found: _Candidates, interest: Sequence[tuple[int, int]], assumed: Floats, days: float
) -> Courses:
    total = np.concatenate(([0.0], np.cumsum(record)))
    course = _course_of(record, found.place)
    features = np.concatenate((_past(total, found.place), -found.kind_penalty[:, None]), axis=1)
    here = np.concatenate((_past(total, np.array([len(record)])), np.zeros((1, 1))), axis=1)
    windows = [(max(0, start), min(HORIZON, end)) for start, end in interest if start < HORIZON and end > max(start, 0)]
    windows = windows[:2] or [(0, 4 * PER_HOUR)]
    sums = np.concatenate((np.zeros((len(course), 1)), np.cumsum(course, axis=1)), axis=1)
    blocks = [*zip(BLOCK_EDGES[:-1].tolist(), BLOCK_EDGES[1:].tolist(), strict=True), *windows]
    drawn = np.stack([(sums[:, end] - sums[:, start]) / (end - start) for start, end in blocks], axis=1)
    target = np.log(drawn + FLOOR_W)
    age = fading(found.age_days, AGE_HALF_LIFE_DAYS) * np.exp(-SHIFT_PENALTY * found.shift)
    fit = _regress(features, target, here, age)
    key = slice(len(BLOCK_EDGES) - 1, None)
    likeness = _Likeness(features, here, fit, key, found.kind_penalty)
    tried = _try_on_record(target[:, key], fit, likeness, found, age)
    weights = age * likeness.weights(likeness.to_here, tried.bandwidth)
    shift = np.clip(tried.trust * (fit.here - fit.expected), -np.log(ADJUST_MOST), np.log(ADJUST_MOST))
    scale = np.repeat(np.exp(shift[:, : len(BLOCK_EDGES) - 1]), np.diff(BLOCK_EDGES), axis=1)
    adjusted = course * scale
    adjusted = _spread(adjusted, weights, windows[0], tried.widen)
    return _with_assumed(adjusted, weights, assumed, days)


@dataclass(frozen=True)
class _Fit:
    """What the regression expects: of each candidate, of it by all others (left_out), and of now."""

    expected: Floats
    left_out: Floats
    here: Floats


def _regress(features: Floats, target: Floats, here: Floats, weights: Floats) -> _Fit:
    weight = weights / weights.sum()
    mean = weight @ features
    scale = np.sqrt(weight @ (features - mean) ** 2) + 0.05
    x = (features - mean) / scale
    middle = weight @ target
    strength = weights[:, None] / weights.max()
    square = (x * strength).T @ x
    inverse = np.linalg.inv(square + RIDGE * np.eye(x.shape[1]))
    slope = inverse @ ((x * strength).T @ (target - middle))
    expected = middle + x @ slope
    leverage = np.clip(((x @ inverse) * x).sum(axis=1) * strength[:, 0] + weight, 0, 0.9)[:, None]
    left_out = target - (target - expected) / (1 - leverage)
    now = np.clip((here - mean) / scale, -3.0, 3.0)
    return _Fit(expected, left_out, middle + now @ slope)


class _Likeness:
    """How far places are from each other: in what the regression expects of them, in what was before, in the day."""

    def __init__(self, features: Floats, here: Floats, fit: _Fit, key: slice, penalty: Floats) -> None:
        self._expected = fit.expected[:, key]
        self._scale = self._expected.std(axis=0) + 0.1
        self._features = features[:, :-1]
        self._feature_scale = self._features.std(axis=0) + 0.1
        self._penalty = penalty
        self.to_here = self._distance(fit.here[:, key], here[:, :-1], penalty[None, :])[0]

    def among(self, rows: Ints, columns: Ints) -> Floats:
        """Return the distances of some places to some others."""
        apart = np.abs(self._penalty[rows][:, None] - self._penalty[columns][None, :])
        return self._distance(self._expected[rows], self._features[rows], apart, columns)

    def _distance(
        self, expected: Floats, features: Floats, apart: Floats, columns: "slice | Ints" = slice(None)
    ) -> Floats:
        ahead = ((expected[:, None, :] - self._expected[columns]) / self._scale) ** 2
        before = ((features[:, None, :] - self._features[columns]) / self._feature_scale) ** 2
        distance: Floats = ahead.mean(axis=2) + 0.5 * before.mean(axis=2) + apart
        return distance

    @staticmethod
    def weights(distance: Floats, bandwidth: float) -> Floats:
        """Return how much a place at a distance counts."""
        nearest = distance.min(axis=-1, keepdims=True)
        return np.asarray(np.exp(-0.5 * (distance - nearest) / bandwidth**2), dtype=np.float64)


@dataclass(frozen=True)
class _Tried:
    bandwidth: float
    trust: float
    widen: float


def _try_on_record(target: Floats, fit: _Fit, likeness: _Likeness, found: _Candidates, age: Floats) -> _Tried:
    """Forecast each past day from the others, and return what did best and how much wider the band had to be."""
    columns = np.flatnonzero(found.shift == 0)
    rows = columns[:TRIED_DAYS]
    if len(columns) < 5:
        return _Tried(1.6, TRUSTS[0], 1.8)
    apart = np.abs(found.age_days[rows][:, None] - found.age_days[columns][None, :]) < 1.5
    distance = likeness.among(rows, columns)
    distance[apart] = np.inf
    relevance = fading(found.age_days[rows], 60.0)
    kernels = [likeness.weights(distance, bandwidth) * age[columns] for bandwidth in BANDWIDTHS]
    best = (np.inf, BANDWIDTHS[1], TRUSTS[0], 1.0)
    key = slice(len(BLOCK_EDGES) - 1, None)
    expected, left_out = fit.expected[:, key], fit.left_out[:, key]
    for trust in TRUSTS:
        losses, ratios = np.zeros(len(BANDWIDTHS)), [list[Floats]() for _ in BANDWIDTHS]
        for window in range(target.shape[1]):
            values = target[columns, window] + trust * (left_out[rows, window][:, None] - expected[columns, window])
            order = np.argsort(values, axis=1)
            ordered = np.exp(np.take_along_axis(values, order, axis=1))
            truth = np.exp(target[rows, window])
            for place, kernel in enumerate(kernels):
                quantiles = _quantiles(ordered, np.take_along_axis(kernel, order, axis=1))
                losses[place] += float(relevance @ _pinball(truth, quantiles)) / float(relevance.sum()) / truth.mean()
                ratios[place].append(_beyond(truth, quantiles))
        for place, loss in enumerate(losses.tolist()):
            if loss < best[0]:
                best = (loss, BANDWIDTHS[place], trust, _widen(np.concatenate(ratios[place]), len(rows)))
    return _Tried(*best[1:])


def _quantiles(ordered: Floats, weights: Floats) -> Floats:
    total = np.cumsum(weights, axis=1)
    middle = (total - 0.5 * weights) / np.maximum(total[:, -1:], 1e-300)
    places = np.stack([(middle < tau).sum(axis=1) for tau in TAUS.tolist()], axis=1)
    return np.take_along_axis(ordered, np.minimum(places, ordered.shape[1] - 1), axis=1)


def _pinball(truth: Floats, quantiles: Floats) -> Floats:
    miss = truth[:, None] - quantiles
    loss: Floats = np.maximum(TAUS * miss, (TAUS - 1) * miss).mean(axis=1)
    return loss


def _beyond(truth: Floats, quantiles: Floats) -> Floats:
    """Return how far the truth was from the median, against the half of the band on its side, in logarithms."""
    middle = np.log(quantiles[:, 2] + FLOOR_W)
    off = np.log(truth + FLOOR_W) - middle
    half = np.where(off > 0, np.log(quantiles[:, 4] + FLOOR_W) - middle, middle - np.log(quantiles[:, 0] + FLOOR_W))
    return np.asarray(np.abs(off) / np.maximum(half, 0.03), dtype=np.float64)


def _widen(ratios: Floats, days: int) -> float:
    """Return what the band is multiplied by, so that it holds eight times in ten; cautious while days are few."""
    needed = float(np.quantile(ratios, HELD))
    cautious = 1.8
    return float(np.clip((needed * days + cautious * 10) / (days + 10), 0.85, 2.2))


def _spread(course: Floats, weights: Floats, window: tuple[int, int], widen: float) -> Floats:
    """Push courses away from the middle one, in what they draw in the window that matters."""
    drawn = np.log(course[:, window[0] : window[1]].mean(axis=1) + FLOOR_W)
    order = np.argsort(drawn)
    middle = np.interp(0.5, np.cumsum(weights[order]) / weights.sum(), drawn[order])
    push = np.clip((widen - 1) * (drawn - middle), -1.0, 1.0)
    return np.asarray(course * np.exp(push)[:, None], dtype=np.float64)


def _with_assumed(course: Floats, weights: Floats, assumed: Floats, days: float) -> Courses:
    """Add the assumed courses while the record is short."""
    weights = weights / weights.sum()
    most = np.argsort(-weights)[:150]
    course, weights = course[most], weights[most] / weights[most].sum()
    if days >= FEW_DAYS:
        return Courses(course, weights, days)
    share = ASSUMED_DAYS / (ASSUMED_DAYS + days) * (1 - days / FEW_DAYS)
    added = np.full(len(assumed), share / len(assumed))
    return Courses(np.concatenate((course, assumed)), np.concatenate((weights * (1 - share), added)), days)
