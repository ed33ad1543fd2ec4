"""Rows that no unit sees."""

import numpy as np

from ..kernels import as_kernel
from ..rows import blocks
from ._trial import Trial

#: A unit sees a row where its kernel is above this part of its largest value.
SEEN = 1e-3
#: Rows that are looked at; of more, a random part of that size.
N_ROWS = 10_000


def rows_without_unit(trial: Trial, radial) -> float:
    """Return the part of the training rows at which all units are close to zero.

    Parameters
    ----------
    trial : Trial
        The first layer.
    radial : Radial
        Its radial units.

    Returns
    -------
    float
        Between zero and one; zero for kernels that do not decay.
    """
    kernel = as_kernel(radial.kernel)
    if not kernel.decays or radial.normalize:
        return 0.0
    scale = np.exp(-kernel.power * trial.own[1])
    objective = trial.thinned(N_ROWS).objective
    views = objective.network.views(trial.vector)
    seen, total = 0.0, 0.0
    for part in blocks(objective.n_rows, 1024):
        y, _ = objective.network.embed(views, objective.rows.augmented(part))
        weights = objective.rows.sample_weight[part]
        seen += weights @ ((y[:, : len(scale)] * scale).max(axis=1) >= SEEN)
        total += weights.sum()
    return float(1 - seen / total)
