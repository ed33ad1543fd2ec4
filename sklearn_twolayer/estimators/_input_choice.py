"""Which input map suits a radial-basis network: asked of a small one, by leave-one-out."""

import copy
from typing import Any

import numpy as np

from ..stages import Trial, refine_width
from ._network import Sample
from ._radial_start import unsupervised_stage

#: Size of the networks that are compared.
N_ROWS, N_CENTERS = 1000, 150


def better_input_map(model: Any, sample: Sample, loss: Any, maps: list) -> Any:
    """Return the map under which a small network has the least leave-one-out error.

    Parameters
    ----------
    model : RBFNetwork
        Its parameters and its targets.
    sample : Sample
        The training rows; a part of them is used.
    loss : Loss
        L(y, d).
    maps : list of transformer
        Fitted maps, the preferred one first.

    Returns
    -------
    transformer
        One of them.
    """
    # A choice of its own: the one for the centres goes on as if there had been none.
    rng = np.random.RandomState(0)
    if sample.X.shape[0] > N_ROWS:
        sample = sample.take(np.sort(rng.choice(sample.X.shape[0], N_ROWS, replace=False)))
    probe = copy.copy(model)
    probe.n_centers = min(N_CENTERS, model.n_centers)
    probe.centers, probe.width, probe.shape = "random", "dmax", "spherical"

    def error(input_map):
        probe.input_map_ = input_map
        start = unsupervised_stage(probe, sample, loss, np.random.RandomState(0), False)
        trial = Trial(start.objective, start.vector, model.alpha)
        return refine_width(trial, start.radial).error

    return min(maps, key=error)
