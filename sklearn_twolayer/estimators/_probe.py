"""What suits a radial-basis network: asked of small ones, by leave-one-out."""

import copy
from typing import Any, NamedTuple

import numpy as np

from ..input_maps import ScaledMap
from ..losses import SquaredError
from ..stages import Trial, marginal_metric, refine_width, relative_width
from ._dense_metric import dense_metric
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


class Candidate(NamedTuple):
    """A small network, and the map that it sees rows through."""

    input_map: Any
    trial: Trial
    radial: Any


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
        self.sample = sample
        # Choices of its own: those for the centres go on as if there had been none.
        self.few = sample.random_part(N_ROWS, np.random.RandomState(0))
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
        best = self._candidate(input_maps[0])
        for input_map in input_maps[1:]:
            best = better(best, self._candidate(input_map), GAIN)
        if loss is not None:
            best = self._with_metric(best, loss)
        return Finding(best.input_map, relative_width(best.trial, best.radial))

    def _with_metric(self, plain, loss):
        factors = self._dense(plain.input_map, loss)
        best = better(plain, self._candidate(ScaledMap(plain.input_map, factors)), DENSE_GAIN)
        # Among many inputs of noise, the dense network is lost before these are left out.
        marginal = marginal_metric(plain.trial.objective)
        screened = self._candidate(ScaledMap(plain.input_map, marginal))
        if better(best, screened, MARGINAL_GAIN) is best:
            return best
        factors = marginal * self._dense(screened.input_map, loss)
        both = ScaledMap(plain.input_map, factors / factors.max())
        return better(screened, self._candidate(both), DENSE_GAIN)

    def _dense(self, input_map, loss):
        return dense_metric(self.sample, input_map, self.model._targets, loss)

    def _candidate(self, input_map) -> Candidate:
        """Return the small network of the best width."""
        self.model.input_map_ = input_map
        rng = np.random.RandomState(0)
        start = unsupervised_stage(self.model, self.few, SquaredError(), rng)
        trial = Trial(start.objective, start.vector, self.model.alpha)
        return Candidate(input_map, refine_width(trial, start.radial), start.radial)


def better(one: Candidate, other: Candidate, gain: float) -> Candidate:
    """Return the other candidate, if it lowers the error by this part, else the one."""
    return other if other.trial.error < (1 - gain) * one.trial.error else one
