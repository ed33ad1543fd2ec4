"""Rows that no unit sees."""

import numpy as np

from ..kernels import as_kernel
from ._trial import Trial

#: A unit sees a row where its kernel is above this part of its largest value.
SEEN = 1e-3


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
    design = trial.loo.design

    def block(part):
        largest = (design.block(part)[:, : len(scale)] * scale).max(axis=1)
        return (design.weights(part) @ (largest < SEEN),)

    return float(design.sum(block)[0])
