"""What suits a radial-basis network: asked of a small one, by leave-one-out."""

import copy
from typing import Any

import numpy as np

from ..stages import Trial, refine_metric, refine_width
from ._network import Sample
from ._radial_start import unsupervised_stage

#: Size of the small networks.
N_ROWS, N_CENTERS = 1000, 150
#: By how much the error has to fall for what is not preferred.
GAIN = 0.04


class Probe:
    """Small networks on a part of the rows.

    Parameters
    ----------
    model : RBFNetwork
        Its parameters and its targets.
    sample : Sample
        The training rows.
    loss : Loss
        L(y, d).
    """

    def __init__(self, model: Any, sample: Sample, loss: Any):
        # Choices of its own: those for the centres go on as if there had been none.
        rng = np.random.RandomState(0)
        if sample.X.shape[0] > N_ROWS:
            sample = sample.take(np.sort(rng.choice(sample.X.shape[0], N_ROWS, replace=False)))
        self.sample, self.loss, self.found = sample, loss, None
        self.model = copy.copy(model)
        self.model.n_centers = min(N_CENTERS, model.n_centers)
        self.model.centers, self.model.width, self.model.shape = "random", "dmax", "spherical"

    def _best(self, input_map):
        """Return the small network under a map, with its best width, and its radial units."""
        self.model.input_map_ = input_map
        rng = np.random.RandomState(0)
        # With shapes, of ones, so that a metric can be learned from here.
        start = unsupervised_stage(self.model, self.sample, self.loss, rng, learn_metric=True)
        trial = Trial(start.objective, start.vector, self.model.alpha)
        return refine_width(trial, start.radial), start.radial

    def better_input_map(self, preferred: Any, other: Any) -> Any:
        """Return one of two fitted maps."""
        found = [self._best(input_map) for input_map in (preferred, other)]
        better = found[1][0].error < (1 - GAIN) * found[0][0].error
        self.found = found[better]
        return other if better else preferred

    def metric_helps(self, input_map: Any) -> bool:
        """Return whether a learned metric makes the error smaller."""
        trial, radial = self.found or self._best(input_map)
        return refine_metric(trial, radial, n_rounds=1).error < (1 - GAIN) * trial.error
