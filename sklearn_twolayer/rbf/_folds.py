"""Folds on which what is learned without them is evaluated, and how many of them."""

import numpy as np

from ..blending import deal_folds
from ._spec import Table

#: Minimum and maximum number of folds. What is learned without a fold is evaluated on it, in as
#: many folds as give this number of rows.
N_FOLDS, MOST_FOLDS, N_JUDGED = 4, 20, 500
#: If a few rows have most of the variance, more rows are needed, in proportion to the kurtosis
#: divided by this. Then the maximum number of folds is halved, and at most this many are used.
#: Not in a blend of so many rows that its networks have folds of their own.
HEAVY, MOST_JUDGED = 20, 4


def judged_folds(table: Table, rng: np.random.RandomState) -> tuple[np.ndarray, int]:
    """Return the fold of each row, and the number of folds to be evaluated, the first ones."""
    folds, n_needed = table.folds, float(N_JUDGED)
    if folds is not None or not table.in_blend:
        n_needed *= max(tail_weight(table) / HEAVY, 1.0)
    if folds is None:
        most = MOST_FOLDS if n_needed == N_JUDGED else MOST_FOLDS // 2
        n_folds = int(np.clip(table.n_rows // N_JUDGED, N_FOLDS, most))
        n_judged = _n_to_judge(np.full(n_folds, table.n_rows // n_folds), n_needed)
        folds = deal_folds(table.targets, n_folds, rng, n_judged)
    return folds, _n_to_judge(np.bincount(folds), n_needed)


def tail_weight(table: Table) -> float:
    """Return the kurtosis of the targets: 3 for normal ones, more if a few rows count most.

    It is the mean fourth power of the deviation from the mean, over its squared mean square. Rows
    of rare classes count much, and so do rows of large weight.

    Examples
    --------
    >>> import numpy as np
    >>> targets = np.array([[-1.0], [1.0], [1.0], [-1.0]])
    >>> table = Table(targets, targets, np.ones(4), None, None)
    >>> tail_weight(table)
    1.0
    """
    center = np.average(table.targets, axis=0, weights=table.sample_weight)
    squares = table.sample_weight * np.square(table.targets - center).sum(axis=1)
    return float(np.mean(squares**2) / squares.mean() ** 2) if squares.any() else 1.0


def folds_to_judge(folds: np.ndarray, n_left_out: int) -> np.ndarray | None:
    """Return the folds of a radial-basis network; other networks leave out the first ones, too.

    They are `N_FOLDS`, merged from the folds of the networks, the first `n_left_out` of which some
    network leaves out. None if those are fewer than `N_FOLDS`.

    Examples
    --------
    >>> folds_to_judge(np.arange(8), 4)
    array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> folds_to_judge(np.arange(8), 1)
    array([0, 1, 1, 1, 2, 2, 3, 3])
    """
    n_folds = int(folds.max()) + 1
    if n_folds < N_FOLDS:
        return None
    n_own = -(-N_FOLDS * n_left_out // n_folds)  # rounded up, so that no fold has many rows
    own = np.minimum(folds, n_left_out - 1) * n_own // n_left_out
    if n_own == N_FOLDS:
        return own
    others = n_own + (folds - n_left_out) * (N_FOLDS - n_own) // (n_folds - n_left_out)
    return np.where(folds < n_left_out, own, others)


def _n_to_judge(sizes, n_needed):
    """Return the number of folds with `N_JUDGED` rows, or with those needed, if not too many."""
    counts = np.cumsum(sizes)
    least, wanted = np.searchsorted(counts, [N_JUDGED, n_needed]) + 1
    return int(min(max(least, min(wanted, MOST_JUDGED)), len(counts)))
