"""What suits a radial-basis network: asked of small ones, by leave-one-out."""

import copy
from typing import Any, NamedTuple

import numpy as np

from ..input_maps import ScaledMap
from ..losses import SquaredError
from ..stages import Trial, refine_width, relative_width
from ._dense_metric import dense_metric
from ._network import Sample
from ._radial_start import unsupervised_stage

#: Size of the small networks.
N_ROWS, N_CENTERS = 1000, 150
#: By how much the error has to fall for an input map that is not preferred.
GAIN = 0.04
#: And for a metric.
METRIC_GAIN = 0.02


class Finding(NamedTuple):
    """What suits: a fitted map, and a width that goes with it."""

    input_map: Any
    relative_width: float  # in typical distances between centres


class Probe:
    """Small radial networks of least squares, for classes too, on a part of the rows.

    Parameters
    ----------
    model : RBFNetwork
        Its parameters and its targets.
    sample : Sample
        The training rows.
    """

    def __init__(self, model: Any, sample: Sample):
        self.sample = self.part = sample
        if sample.X.shape[0] > N_ROWS:
            # Choices of its own: those for the centres go on as if there had been none.
            rng = np.random.RandomState(0)
            some = np.sort(rng.choice(sample.X.shape[0], N_ROWS, replace=False))
            self.part = sample.take(some)
        self.model = copy.copy(model)
        self.model.n_centers = min(N_CENTERS, model.n_centers)
        self.model.centers, self.model.width, self.model.shape = "random", "dmax", "spherical"

    def find(self, input_maps: list, loss: Any) -> Finding:
        """Return the best of some fitted maps, the first being preferred, and its width.

        Parameters
        ----------
        input_maps : list of transformer or None
            One or two maps.
        loss : Loss or None
            That of the dense network whose gradients make a metric, which becomes a part
            of the map where it helps; None not to look for one.

        Returns
        -------
        Finding
            Of the least leave-one-out error.
        """
        error, found = self._best(input_maps[0])
        if len(input_maps) > 1:
            other_error, other = self._best(input_maps[1])
            if other_error < (1 - GAIN) * error:
                error, found = other_error, other
        if loss is not None:
            factors = dense_metric(self.model, self.sample, found.input_map, loss)
            scaled_error, scaled = self._best(ScaledMap(found.input_map, factors))
            if scaled_error < (1 - METRIC_GAIN) * error:
                found = scaled
        return found

    def _best(self, input_map) -> tuple[float, Finding]:
        """Return the error of the small network with its best width, and these two."""
        self.model.input_map_ = input_map
        rng = np.random.RandomState(0)
        start = unsupervised_stage(self.model, self.part, SquaredError(), rng)
        trial = Trial(start.objective, start.vector, self.model.alpha)
        trial = refine_width(trial, start.radial)
        return trial.error, Finding(input_map, relative_width(trial, start.radial))
