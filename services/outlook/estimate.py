"""A learned figure with its evidence, and ways to learn one from samples of different age. Pure."""

from dataclasses import dataclass

import numpy as np

from services.outlook.history import Floats

LOSS_SHARE = 0.02
"""A way whose loss is larger by this share counts a third as much."""


@dataclass(frozen=True)
class Estimate:
    """A value, its evidence and the unit of that, and whether it is a conservative default instead."""

    value: float
    evidence: float = 0.0
    unit: str = "h"
    is_default: bool = False


def default(value: float, unit: str = "h") -> Estimate:
    """Return an assumption without evidence."""
    return Estimate(value, 0.0, unit, is_default=True)


def fading(age_days: Floats, half_life_days: float) -> Floats:
    """Return weights that halve with age, as recent weeks say more about today."""
    return np.asarray(np.exp2(-np.maximum(age_days, 0.0) / half_life_days), dtype=np.float64)


def shares_by_loss(loss: Floats, axis: int | None = None) -> Floats:
    """Return the weight of each way by the loss that it would have had: the better, the more."""
    shares = np.exp(-(loss / np.maximum(loss.min(axis=axis), 1e-9) - 1) / LOSS_SHARE)
    return np.asarray(shares / shares.sum(axis=axis), dtype=np.float64)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return the value below which this share of the weight lies; NaN without values."""
    known = np.isfinite(values) & (weights > 0)
    values, weights = values[known], weights[known]
    if not values.size:
        return float("nan")
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    middle = (total - 0.5 * weights[order]) / total[-1]
    return float(np.interp(share, middle, values[order]))


def row_quantiles(values: Floats, weights: Floats, shares: tuple[float, ...]) -> Floats:
    """Return weighted quantiles of every column of (paths, steps); the result is (shares, steps)."""
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    total = np.cumsum(weights[order], axis=0)
    middle = (total - 0.5 * weights[order]) / total[-1]
    result = np.empty((len(shares), values.shape[1]))
    columns = np.arange(values.shape[1])
    for row, share in enumerate(shares):
        above = np.minimum((middle < share).sum(axis=0), len(values) - 1)
        below = np.maximum(above - 1, 0)
        low, high = middle[below, columns], middle[above, columns]
        part = np.where(high > low, (share - low) / np.where(high > low, high - low, 1.0), 0.0).clip(0, 1)
        result[row] = ordered[below, columns] + part * (ordered[above, columns] - ordered[below, columns])
    return result
