"""Default sizes and training times of networks.

They depend on the number of rows: with more rows, more units and finer bins, fewer networks,
larger batches and a lower learning rate.
"""

from typing import NamedTuple

import numpy as np

#: Units of `Dense` and `Radial`.
UNITS = 100
#: Units of each branch of an embedding that is given by name.
UNITS_OF_PRESET = 48
#: Centres of `RBFNetwork`, unless there are many rows.
CENTERS = 512


def default_n_networks(n_rows: int) -> int:
    """Return the number of networks: 8 for few rows, 2 for many.

    Examples
    --------
    >>> [default_n_networks(n) for n in (100, 2000, 10_000, 100_000)]
    [8, 6, 3, 2]
    """
    return int(np.clip(round(6 * (2000 / n_rows) ** 0.5), 2, 8))


def default_n_folds(n_rows: int, n_networks: int) -> int:
    """Return the number of folds, of which each network leaves out one; more for many rows.

    Examples
    --------
    >>> [default_n_folds(n, 4) for n in (100, 3000, 10_000, 100_000)]
    [4, 8, 10, 20]
    """
    return n_networks if n_rows < 200 else max(n_networks, int(np.clip(n_rows // 1000, 8, 20)))


def default_n_centers(n_rows: int) -> int:
    """Return the number of centres of `RBFNetwork`, limited by the time of normal equations.

    Examples
    --------
    >>> [default_n_centers(n) for n in (100, 3000, 10_000, 30_000, 100_000, 1_000_000)]
    [512, 512, 828, 1286, 2048, 707]
    """
    growth = max(n_rows / 3000, 1.0)
    return int(min(CENTERS * growth**0.4, 2048, max((5e11 / n_rows) ** 0.5, CENTERS)))


#: Number of columns above which a table can be wide.
MOST_COLUMNS = 1024


def default_n_components(n_rows: int, n_columns: int) -> int:
    """Return the number of principal components that stand for the columns of a wide table.

    It is zero if the columns themselves are used: if there are not more than rows, or not many.

    Examples
    --------
    >>> [default_n_components(n, 20_000) for n in (75, 1500, 10_000, 30_000)]
    [256, 256, 467, 0]
    >>> default_n_components(75, 500)
    0
    """
    if n_columns <= max(n_rows, MOST_COLUMNS):
        return 0
    return int(min(256 * max(n_rows / 3000, 1.0) ** 0.5, 512))


#: Rectified networks have more units the fewer inputs there are, between these numbers.
FEW_INPUTS, MANY_INPUTS = 40, 150
#: Their maximum number of units.
MOST_UNITS = 1024


class RectifiedSize(NamedTuple):
    """Networks of rectified units on piecewise-linear inputs, and how they are trained."""

    n_networks: int
    n_units: int
    n_bins: int
    max_iter: int
    batch_size: int
    learning_rate: float
    relative_alpha: float  # relative to the penalty of the other networks

    @classmethod
    def of(cls, n_rows: int) -> "RectifiedSize":
        """Return the defaults for a number of rows, if inputs are not few."""
        growth = max(n_rows / 3000, 1.0)
        # More epochs for few rows, and at most this number of rows in total.
        epochs = max(min(20 * growth**0.25, 1_200_000 / n_rows), 2, min(50_000 / n_rows, 60))
        return cls(
            n_networks=default_n_networks(n_rows) if n_rows < 200_000 else 1,
            n_units=int(min(128 * growth**0.45, 384)) // 32 * 32,
            n_bins=int(min(16 * growth**0.2, 25)),
            max_iter=round(epochs),
            batch_size=128 if n_rows < 8000 else 256 if n_rows < 100_000 else 512,
            learning_rate=0.015 / min(growth, 12) ** 0.4,
            relative_alpha=1 / growth,
        )

    def for_inputs(self, n_inputs: int) -> "RectifiedSize":
        """Return the sizes with more units if mapped inputs are few, in about the same time.

        Examples
        --------
        >>> size = RectifiedSize.of(20_000)
        >>> [size.for_inputs(n).n_units for n in (200, 100, 40)]
        [288, 416, 1024]
        """
        factor = MANY_INPUTS / np.clip(n_inputs, FEW_INPUTS, MANY_INPUTS)
        return self._replace(n_units=int(min(self.n_units * factor, MOST_UNITS)) // 32 * 32)
