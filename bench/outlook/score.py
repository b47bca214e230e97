"""What a forecast is worth, over many outages."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    """One forecast and what came: charges at the end of the outage in percent, the chance stated, whether it lasted."""

    home: str
    p10: float
    p50: float
    p90: float
    chance: float
    verdict: str
    truth: float
    lasted: bool


def table(cases: list[Case]) -> dict[str, float]:
    """Return the figures of issue 22."""
    truth, middle = np.array([one.truth for one in cases]), np.array([one.p50 for one in cases])
    low, high = np.array([one.p10 for one in cases]), np.array([one.p90 for one in cases])
    miss = np.abs(truth - middle)
    over = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    held = (truth >= low - 0.5) & (truth <= high + 0.5)
    lasted = np.array([one.lasted for one in cases])
    chance = np.array([one.chance for one in cases])
    brier = float(((chance - lasted) ** 2).mean())
    always = float((1.0 - lasted).mean())
    homes = sorted({one.home for one in cases})
    by_home = [held[[one.home == home for one in cases]].mean() for home in homes]
    return {
        "cases": float(len(cases)),
        "median": float(np.median(miss)),
        "mean": float(miss.mean()),
        "interval": float((high - low + 10 * over).mean()),
        "held": float(held.mean()),
        "homes held": float(np.mean([0.75 <= one <= 0.92 for one in by_home])),
        "lasted": float(lasted.mean()),
        "caught": _caught(chance, lasted, 0.985),
        "caught 95": _caught(chance, lasted, 0.95),
        "brier skill": 1 - brier / always if always else 0.0,
        "false lasts": float(np.mean([not one.lasted for one in cases if one.verdict == "lasts"] or [False])),
        "not caught": float(np.mean([one.verdict != "will_not_last" for one in cases if not one.lasted] or [False])),
        "wrong not": float(np.mean([one.verdict == "will_not_last" for one in cases if one.lasted] or [False])),
    }


def _caught(chance: np.typing.NDArray[np.float64], lasted: np.typing.NDArray[np.bool_], right: float) -> float:
    """Return the share of those that do not last that is caught, with so many of those that last called right."""
    if lasted.all() or not lasted.any():
        return float("nan")
    threshold = np.quantile(chance[lasted], 1 - right)
    return float((chance[~lasted] <= threshold).mean())
