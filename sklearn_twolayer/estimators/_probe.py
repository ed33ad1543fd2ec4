"""What suits a radial-basis network: asked of small ones, by leave-one-out."""

import copy
from typing import Any, NamedTuple

import numpy as np

from ..input_maps import ScaledMap
from ..losses import SquaredError
from ..stages import Trial, refine_width, relative_width
from ._metrics import dense_metric, marginal_metric
from ._network import Sample
from ._radial_start import unsupervised_stage

#: Size of the small networks.
N_ROWS, N_CENTERS = 1000, 150
#: By how much the error has to fall for an input map that is not preferred.
GAIN = 0.04
#: And for a metric of a dense network, and for one of correlations, which knows of no others.
DENSE_GAIN, MARGINAL_GAIN = 0.02, 0.3


class Finding(NamedTuple):
    """What suits: a fitted map, and a width that goes with it."""

    input_map: Any
    relative_width: float  # in typical distances between centres
    trial: Trial | None = None  # of the small network


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
            of the map where it helps; None not to look for one. Where most inputs are
            noise that network is lost, and those that go with the targets are found first.

        Returns
        -------
        Finding
            Of the least leave-one-out error.
        """
        found = self._best(input_maps[0])
        if len(input_maps) > 1:
            found = self._better(found, input_maps[1], GAIN)
        if loss is None:
            return found
        plain = found
        found = self._better(plain, self._dense(plain.input_map, loss), DENSE_GAIN)
        marginal = ScaledMap(plain.input_map, marginal_metric(plain.trial.objective))
        screened = self._better(found, marginal, MARGINAL_GAIN)
        if screened is found:
            return found
        return self._better(screened, self._dense(marginal, loss), DENSE_GAIN)

    def _dense(self, input_map, loss):
        return ScaledMap(input_map, dense_metric(self.model, self.sample, input_map, loss))

    def _better(self, found, input_map, gain):
        """Return the finding for another map, if it lowers the error by this part."""
        other = self._best(input_map)
        return other if other.trial.error < (1 - gain) * found.trial.error else found

    def _best(self, input_map) -> Finding:
        """Return the best width that goes with a map."""
        self.model.input_map_ = input_map
        rng = np.random.RandomState(0)
        start = unsupervised_stage(self.model, self.part, SquaredError(), rng)
        trial = Trial(start.objective, start.vector, self.model.alpha)
        trial = refine_width(trial, start.radial)
        return Finding(input_map, relative_width(trial, start.radial), trial)
