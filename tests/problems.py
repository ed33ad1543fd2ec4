"""Problems that several modules of tests use."""

import numpy as np

from sklearn_twolayer.embeddings import Passthrough
from sklearn_twolayer.links import LogisticLink, LogLink, SoftmaxLink
from sklearn_twolayer.network import Network
from sklearn_twolayer.objective import Objective
from sklearn_twolayer.rows import Rows


def targets_for(link, n_rows, n_outputs, rng):
    """Random targets in the range of a link: distributions, probabilities, counts, or reals."""
    if isinstance(link, SoftmaxLink):
        return rng.dirichlet(np.ones(n_outputs), n_rows)
    if isinstance(link, LogisticLink):
        return rng.uniform(size=(n_rows, n_outputs))
    if isinstance(link, LogLink):
        return 1.0 + rng.poisson(2, size=(n_rows, n_outputs))
    return rng.normal(size=(n_rows, n_outputs))


def objective_of(targets, loss, link):
    """The loss of raw outputs for some rows of equal weight, whose inputs do not matter."""
    rows = Rows(targets, None, targets.dtype).labelled(targets, np.ones(len(targets)))
    network = Network(Passthrough(), rows.n_features, targets.shape[1])
    return Objective(network, loss, link, rows)


class Problem:
    """A small random problem: everything that an objective is made of, and a stack of parameters.

    The weights are integers, some of them zero.
    """

    n_jobs = 1

    def __init__(
        self,
        embedding,
        loss,
        link,
        *,
        n_rows=40,
        n_features=3,
        n_outputs=2,
        stack=1,
        X=None,
    ):
        rng = np.random.RandomState(0)
        self.loss, self.link = loss, link
        self.X = rng.normal(size=(n_rows, n_features)) if X is None else X
        self.weights = rng.randint(1, 4, self.X.shape[0]).astype(float)
        self.targets = targets_for(link, self.X.shape[0], n_outputs, rng)
        rows = self.rows()
        self.network = Network(embedding, rows.n_features, n_outputs)
        start = np.stack([self.network.initialize(rows, rng) for _ in range(stack)])
        self.params = start + 0.3 * rng.normal(size=start.shape)

    def rows(self, dtype=np.float64, repeat=False):
        X, targets, weights = self.X, self.targets, self.weights
        if repeat:
            index = np.repeat(np.arange(len(weights)), weights.astype(int))
            X, targets, weights = X[index], targets[index], np.ones(len(index))
        return Rows(X, None, np.dtype(dtype), self.n_jobs).labelled(targets, weights).keep()

    def objective(self, *, alpha=0.1, n_jobs=1, **rows):
        self.n_jobs = n_jobs
        return Objective(self.network, self.loss, self.link, self.rows(**rows), alpha)
