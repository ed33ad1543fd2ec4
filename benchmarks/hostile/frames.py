"""Data frames of numbers beside text, categories, dates and missing values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from .containers import frame
from .dice import Dice

#: What text with many rare levels is made of.
WORDS = ("red", "blue", "", " ", "Straße", "東京", "a\n", "1e5", "x" * 300)
START = np.datetime64("2020-01-01", "s")


def _some_missing(make):
    """Return a function that leaves out some of the values, the first one at times."""

    def with_missing(dice, n):
        values = list(make(dice, n))
        for i in range(dice.integer(0, 1), n, dice.integer(2, 7)):
            values[i] = None
        return values

    return with_missing


def _rare_text(dice, n):
    return [f"{dice.one(WORDS)} {dice.one(WORDS)}{dice.integer(0, 5 * n)}" for _ in range(n)]


def _numbers(dice, n):
    return dice.rng.normal(size=n).tolist()


def _levels(dice, n):
    most = dice.one([1, 2, 10, n])
    return [f"level {dice.integer(1, most)}" for _ in range(n)]


#: Values of one column.
VALUES: dict[str, Callable] = {
    "text of rare levels": _rare_text,
    "text of rare levels, some missing": _some_missing(_rare_text),
    "blanks": lambda dice, n: [" " * (i % n) for i in range(n)],
    "words": lambda dice, n: [dice.one(WORDS) for _ in range(n)],
    "one word": lambda dice, n: ["red"] * n,
    "levels": _levels,
    "levels, some missing": _some_missing(_levels),
    "numbers, some missing": _some_missing(_numbers),
    "booleans": lambda dice, n: [dice.chance(0.5) for _ in range(n)],
    "booleans, some missing": _some_missing(lambda dice, n: [dice.chance(0.5) for _ in range(n)]),
    "dates": lambda dice, n: (START + 10000 * dice.rng.integers(0, 10000, n)).tolist(),
    "dates, some missing": _some_missing(lambda dice, n: (START + np.arange(n)).tolist()),
    "nothing": lambda dice, n: [None] * n,
}


class Dressed:
    """Numbers as a data frame, with further columns of all kinds."""

    def __init__(self, dice: Dice, n_rows: int):
        self.names = [dice.one(VALUES) for _ in range(dice.integer(1, 3))]
        self.values = [VALUES[name](dice, n_rows) for name in self.names]
        self.is_polars = dice.chance(0.4)
        self.is_category = [dice.chance(0.5) for _ in self.names]

    def __repr__(self):
        kind = "polars" if self.is_polars else "pandas"
        named = zip(self.names, self.is_category, strict=True)
        return f"{kind} with {', '.join(name + ' as a category' * flag for name, flag in named)}"

    def __call__(self, X: np.ndarray) -> Any:
        """Return rows with the values of the first rows."""
        parts = [self._column(i, len(X)) for i in range(len(self.names))]
        if self.is_polars:
            return pl.DataFrame([*pl.DataFrame(frame(X)), *parts])
        return pd.concat([frame(X), *parts], axis=1)

    def _column(self, i, n):
        name, values = f"more {i}", self.values[i][:n]
        is_category = self.is_category[i] and isinstance(next(filter(None, values), None), str)
        if self.is_polars:
            return pl.Series(name, values, dtype=pl.Categorical if is_category else None)
        return pd.Series(values, name=name, dtype="category" if is_category else None)
