"""Random rows, where all would take too long."""

import numpy as np


def random_part(n_rows: int, most: int, rng: np.random.RandomState) -> slice | np.ndarray:
    """Return the sorted indices of `most` random rows, or the slice of all rows."""
    if n_rows <= most:
        return slice(None)
    return np.sort(rng.choice(n_rows, most, replace=False))


def random_of_two(
    some: np.ndarray, others: np.ndarray, n_rows: int, n_others: int, rng: np.random.RandomState
) -> np.ndarray:
    """Return `n_rows` sorted random indices, most of them from the first of two sets.

    At least `n_others` of them are from the other set, and more if the first has too few.
    """
    most = n_rows - min(n_others, len(others))
    some = some[random_part(len(some), most, rng)]
    others = others[random_part(len(others), n_rows - len(some), rng)]
    return np.sort(np.concatenate([some, others]))
