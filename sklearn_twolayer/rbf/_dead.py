"""Rows on which all units are nearly zero."""

import numpy as np

from .._random_rows import random_part
from ..embeddings import Radial
from ..kernels import as_kernel
from ..output_layer import FixedLayer, on_some_rows
from ..rows import blocks

#: A unit is active on a row if its kernel is above this fraction of its maximum.
SEEN = 1e-3
#: Maximum number of rows that are checked; of more, a random subset.
N_ROWS = 10_000


def rows_without_unit(layer: FixedLayer, radial: Radial, rng: np.random.RandomState) -> float:
    """Return the fraction of the training rows, by weight, on which all units are nearly zero.

    It is zero for kernels that do not decay.
    """
    kernel = as_kernel(radial.kernel)
    if not kernel.decays or radial.normalize:
        return 0.0
    scale = np.exp(-kernel.power * layer.own[1])
    objective = layer.objective
    index = random_part(objective.n_rows, N_ROWS, rng)
    if not isinstance(index, slice):
        objective = on_some_rows(objective, index)
    views = objective.network.views(layer.vector)
    seen = total = 0.0
    for part in blocks(objective.n_rows, 1024):
        y, _ = objective.network.embed(views, objective.rows.augmented(part))
        weights = objective.rows.sample_weight[part]
        is_seen = (y[:, : len(scale)] * scale).max(axis=1) >= SEEN
        seen += float(weights @ is_seen)
        total += float(weights.sum())
    return float(1 - seen / total)
