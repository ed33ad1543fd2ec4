"""What suits a radial-basis network: asked of a small one, by leave-one-out."""

import copy
from typing import Any, NamedTuple

import numpy as np

from ..stages import Trial, refine_metric, refine_width, relative_width
from ._network import Sample
from ._radial_start import unsupervised_stage

#: Size of the small networks.
N_ROWS, N_CENTERS = 1000, 150
#: By how much the error has to fall for an input map that is not preferred.
GAIN = 0.04
#: And for a metric.
METRIC_GAIN = 0.02


class Finding(NamedTuple):
    """What a small network found: a map, a metric, and a width that goes with them."""

    input_map: Any
    metric: np.ndarray | None  # shape (n_mapped_features,); None where none helps
    relative_width: float  # in typical distances between centres


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
        self.sample, self.loss = sample, loss
        self.model = copy.copy(model)
        self.model.n_centers = min(N_CENTERS, model.n_centers)
        self.model.centers, self.model.width, self.model.shape = "random", "dmax", "spherical"

    def find(self, input_maps: list, with_metric: bool) -> Finding:
        """Return the best of some fitted maps, the first being preferred, and what goes with it.

        Parameters
        ----------
        input_maps : list of transformer or None
            One or two maps.
        with_metric : bool
            Whether to look for a metric.

        Returns
        -------
        Finding
            Of the least leave-one-out error.
        """
        found = [self._best(input_map) for input_map in input_maps]
        other = len(found) > 1 and found[1][0].error < (1 - GAIN) * found[0][0].error
        (trial, radial), input_map = found[other], input_maps[other]
        refined = refine_metric(trial, radial) if with_metric else trial
        if refined.error > (1 - METRIC_GAIN) * trial.error:
            refined = trial
        metric = None if refined is trial else refined.own[2].copy()
        return Finding(input_map, metric, relative_width(refined, radial))

    def _best(self, input_map):
        """Return the small network under a map, with its best width, and its radial units."""
        self.model.input_map_ = input_map
        rng = np.random.RandomState(0)
        # With shapes, of ones, so that a metric can be learned from here.
        start = unsupervised_stage(self.model, self.sample, self.loss, rng, 1.0)
        trial = Trial(start.objective, start.vector, self.model.alpha)
        return refine_width(trial, start.radial), start.radial
