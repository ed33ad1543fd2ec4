"""Random choices that keep the type of what is chosen."""

from collections.abc import Iterable
from typing import Any

import numpy as np


class Dice:
    """The source of all random choices of one call; the same seeds give the same choices."""

    def __init__(self, *seed: int):
        self.rng = np.random.default_rng(seed)

    def chance(self, probability: float) -> bool:
        """Return True in this part of all cases."""
        return bool(self.rng.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def one(self, options: Iterable) -> Any:
        """Return one of the options."""
        options = list(options)
        return options[self.integer(0, len(options) - 1)]

    def weighted(self, options: dict[Any, float]) -> Any:
        """Return one of the keys, as often as its value says."""
        shares = np.cumsum(list(options.values()))
        index = np.searchsorted(shares, self.rng.random() * shares[-1], side="right")
        return list(options)[index]
