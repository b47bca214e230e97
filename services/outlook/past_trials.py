"""Which ways of weighing past days would have forecast these days best, each from the others. Pure.

A way is how fast days lose their weight with age, how narrow the choice of similar ones is, and how far the regression
is trusted. None is best for every home, and on few days the best one is so by chance: they are averaged, the better
ones with more weight. The trial also shows by how much the band has to be widened.
"""

from dataclasses import dataclass

import numpy as np

from services.outlook.estimate import fading, shares_by_loss
from services.outlook.expected_load import FLOOR_W
from services.outlook.history import Floats

HALF_LIVES_DAYS = (25.0, 90.0)
BANDWIDTHS = (0.9, 1.6, 2.5, 4.0)
TRUSTS = (0.3, 0.6, 1.0)
RELEVANT_DAYS = 60.0
LEAST_DAYS = 9
"""With fewer days, the best way is best by chance."""
NEIGHBOUR_DAYS = 1.5
"""A day shares hours with its neighbours, so these may not forecast each other."""
TAUS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
HELD = 0.84
"""The share of past days that the widened band must hold: more than eight in ten, as plans and batteries err too."""
CAUTIOUS, CAUTIOUS_DAYS = 1.2, 8.0
"""The factor that widens it while few days have been tried, and how many days that weighs."""
UNTRIED = 1.4
"""The factor that widens it before there are days to try it on."""


@dataclass(frozen=True)
class Ways:
    """The weight of each way to weigh days (half-life, bandwidth), the trust in the regression, the band's factor."""

    shares: Floats
    trust: float
    widen: float


def nearness(distance: Floats, bandwidth: float) -> Floats:
    """Return the weight of each distance, relative to the nearest one."""
    nearest = distance.min(axis=-1, keepdims=True)
    return np.asarray(np.exp(-0.5 * (distance - nearest) / bandwidth**2), dtype=np.float64)


def weights_of(ways: Ways, distance: Floats, age_days: Floats, factor: Floats) -> Floats:
    """Return the weights of days at these distances and of this age; each is multiplied by its factor."""
    near = [nearness(distance, bandwidth) for bandwidth in BANDWIDTHS]
    result = np.zeros(len(distance))
    for row, half_life in enumerate(HALF_LIVES_DAYS):
        for column, one in enumerate(near):
            weights = one * fading(age_days, half_life) * factor
            result += ways.shares[row, column] * weights / weights.sum()
    return result


def untried() -> Ways:
    """Return the ways if there are too few days to try them on."""
    shares = np.full((len(HALF_LIVES_DAYS), len(BANDWIDTHS)), 1 / (len(HALF_LIVES_DAYS) * len(BANDWIDTHS)))
    return Ways(shares, TRUSTS[0], UNTRIED)


def try_ways(target: Floats, expected: Floats, left_out: Floats, distance: Floats, age_days: Floats) -> Ways:
    """Forecast days from the others, and return the weights of the ways.

    target, expected: of every day, (day, window) in logarithms of W. left_out: what is expected of the first days by
    the others. distance: of the first days to every day. age_days: of every day.
    """
    tried = len(left_out)
    apart = np.abs(age_days[:tried, None] - age_days[None, :])
    distance = np.where(apart < NEIGHBOUR_DAYS, np.inf, distance)
    near = [nearness(distance, bandwidth) for bandwidth in BANDWIDTHS]
    kernels = [one * fading(apart, half_life) for half_life in HALF_LIVES_DAYS for one in near]
    relevance = fading(age_days[:tried], RELEVANT_DAYS)
    differs = left_out[:, None, :] - expected[None, :, :]
    results = [_try(target, trust * differs, kernels, relevance) for trust in TRUSTS]
    loss, widen = (np.stack(column) for column in zip(*results, strict=True))
    shares = shares_by_loss(loss)
    by_kernel = shares.sum(axis=0).reshape(len(HALF_LIVES_DAYS), len(BANDWIDTHS))
    return Ways(by_kernel, float(shares.sum(axis=1) @ np.array(TRUSTS)), float((shares * widen).sum()))


def _try(target: Floats, moved: Floats, kernels: list[Floats], relevance: Floats) -> tuple[Floats, Floats]:
    """Return the loss of each kernel, and the factor on its band.

    moved is the shift applied to what followed one day to forecast another: (tried day, day, window).
    """
    tried = len(moved)
    losses, ratios = np.zeros(len(kernels)), [list[Floats]() for _ in kernels]
    for window in range(target.shape[1]):
        values = target[:, window] + moved[:, :, window]
        order = np.argsort(values, axis=1)
        ordered = np.exp(np.take_along_axis(values, order, axis=1))
        truth = np.exp(target[:tried, window])
        for place, kernel in enumerate(kernels):
            quantiles = _quantiles(ordered, np.take_along_axis(kernel, order, axis=1))
            losses[place] += float(relevance @ _pinball(truth, quantiles)) / float(relevance.sum()) / truth.mean()
            ratios[place].append(_beyond(truth, quantiles))
    return losses, np.array([_widen(np.concatenate(one), tried) for one in ratios])


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
    """Return the distance of the truth from the median, relative to the half of the band on its side, in logarithms."""
    middle = np.log(quantiles[:, 2] + FLOOR_W)
    off = np.log(truth + FLOOR_W) - middle
    half = np.where(off > 0, np.log(quantiles[:, 4] + FLOOR_W) - middle, middle - np.log(quantiles[:, 0] + FLOOR_W))
    return np.asarray(np.abs(off) / np.maximum(half, 0.03), dtype=np.float64)


def _widen(ratios: Floats, days: int) -> float:
    """Return the factor on the band with which it holds; a cautious one while days are few."""
    needed = float(np.quantile(ratios, HELD))
    return float(np.clip((needed * days + CAUTIOUS * CAUTIOUS_DAYS) / (days + CAUTIOUS_DAYS), 0.85, 2.2))
