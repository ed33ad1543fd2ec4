"""Whether target statistics of pairs of columns help a network."""

from dataclasses import replace

import numpy as np

from .._random_rows import random_part
from .._sample import Codes, Folds, Sample
from .._sizes import RectifiedSize
from ..blending import Ensemble, deal_folds
from ..codes import mean_and_error
from ..embeddings import Dense
from ..input_maps import PiecewiseLinearMap, fit_input_map
from ..links import Link
from ..losses import Loss
from ..model import Model
from ..network import Network
from ..objective import Objective
from ..rows import Rows
from ..solvers import Adam, Run

#: Maximum number of rows, and of their entries.
MOST_ROWS, MOST_NUMBERS = 20_000, 10**6
#: Parts of the rows, one of which is held out, and folds of the others for statistics.
N_PARTS, N_FOLDS = 4, 5
#: Units and penalty of the networks.
N_UNITS, ALPHA = 128, 3e-4
#: The least gain, in standard errors.
LEAST_ERRORS = 2.5


def keep_pairs(
    sample: Sample, codes: Codes, loss: Loss, link: Link, n_jobs: int | None = None
) -> Codes:
    """Return the codes with their pairs only if these help a network on held-out rows.

    Two networks are trained, with and without the statistics of pairs, and compared by the squared
    error of their predictions.

    Parameters
    ----------
    sample : Sample
        Dense rows with encoded targets.
    codes : Codes
        Their codes.
    loss, link : Loss, Link
        Those of the networks.
    n_jobs : int or None, default=None
        Number of threads, as in joblib.

    Returns
    -------
    Codes
        The same, or without pairs.
    """
    if not codes.pairs:
        return codes
    rng, alone = np.random.RandomState(0), codes._replace(pairs=())
    most = min(MOST_ROWS, MOST_NUMBERS // sample.X.shape[1])
    some = sample.take(random_part(sample.n_rows, most, rng))
    is_held_out = deal_folds(some.targets, N_PARTS, rng) == 0
    rest, held_out = (some.take(np.flatnonzero(each)) for each in (~is_held_out, is_held_out))
    rest = rest.dealt(Folds(deal_folds(rest.targets, N_FOLDS, rng), n_left_out=0))
    without, with_pairs = (
        _squared_errors(replace(rest, codes=each), held_out, loss, link, n_jobs)
        for each in (alone, codes)
    )
    shares = held_out.weights / held_out.weights.sum()
    gain, error = mean_and_error(without - with_pairs, shares)
    return codes if gain > LEAST_ERRORS * error else alone


def _squared_errors(sample, held_out, loss, link, n_jobs):
    """Return those of a network of rectified units on held-out rows."""
    rng, size = np.random.RandomState(0), RectifiedSize.of(sample.n_rows)
    input_map = fit_input_map(PiecewiseLinearMap(size.n_bins), sample, rng)
    rows = Rows.of_sample(sample, input_map, np.dtype(np.float32), n_jobs)
    rows = rows.interpolated(in_training=True).keep()
    network = Network(Dense(N_UNITS), rows.n_features, sample.targets.shape[1])
    objective = Objective(network, loss, link, rows, ALPHA)
    networks = Ensemble.random(objective, 1, None, rng)
    solver = Adam(size.learning_rate, batch_size=size.batch_size, dropout=0.0)
    run = Run(size.max_iter, 0.0, size.max_iter, rng, lambda params, loss: False)
    trained = networks.at(solver.minimize(networks.cost, networks.params, run).params)
    outputs = Model.of(trained.part()).raw_outputs(held_out.X, n_jobs)
    return ((held_out.targets - link(outputs)) ** 2).sum(axis=1)
