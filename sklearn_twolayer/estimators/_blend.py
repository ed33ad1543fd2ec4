"""What is made of several networks: factors that suit rows which each has not seen.

The rows are dealt into as many folds as there are networks, and each network is trained
without its own fold. Its outputs there are honest, and so are the leave-one-out outputs of
a radial-basis network. The sum of both, each times a factor that is not negative, is a
two-layer network again; the factors with the least loss on the honest outputs (stacking:
Wolpert, 1992; Breiman, 1996) take from each part what it is worth on this table, and undo
the over-confidence that training leaves in probabilities. All rows are used, and no
network is trained twice.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.base import is_regressor

from .._checks import check_choice
from ..curvature import has_closed_form
from ..losses import LogLoss, Loss, smoothed
from ..objective import Objective
from ..rows import random_part
from ._network import Sample
from ._rbf_network import RBFNetwork

BLENDS = ("auto", "mean", "scale", "radial")
#: The largest factor.
MAX_WEIGHT = 2.0
#: Rows that the radial-basis network is fitted on; of more, a random part of that size.
MAX_ROWS = 10_000


class RadialPart(NamedTuple):
    """A fitted radial-basis network, its rows, and their outputs by layers that left them out."""

    model: RBFNetwork
    index: np.ndarray
    left_out: np.ndarray


def resolve_blend(blend: Any, n_estimators: int, loss: Loss, link: Any) -> str:
    """Return what "auto" stands for, or the choice itself.

    Parameters
    ----------
    blend : {"auto", "mean", "scale", "radial"}
        What the user gave.
    n_estimators : int
        Number of networks.
    loss : Loss
        L(y, d).
    link : Link
        Makes y of raw outputs.

    Returns
    -------
    {"mean", "scale", "radial"}
        What is to be done.

    Raises
    ------
    ValueError
        If the choice does not exist, or does not go with the rest.
    """
    check_choice("blend", blend, BLENDS)
    has_partner = isinstance(loss, LogLoss) or has_closed_form(loss, link)
    if blend == "auto":
        blend = "radial" if n_estimators > 1 and has_partner else "mean"
    if blend != "mean" and n_estimators == 1:
        raise ValueError(
            f"blend={blend!r} needs several networks that leave out rows in turn: set "
            "n_estimators to 2 or more."
        )
    if blend == "radial" and not has_partner:
        raise ValueError(
            f"blend='radial' is for the squared error and for cross-entropy, not for "
            f"loss={loss!r}: set blend to 'scale' or 'mean'."
        )
    return blend


def deal_folds(n_rows: int, n_folds: int, rng: np.random.RandomState) -> np.ndarray:
    """Return the fold of each row; folds differ in size by one row at most.

    Parameters
    ----------
    n_rows, n_folds : int
        Numbers of rows and of folds.
    rng : RandomState
        The source of the permutation.

    Returns
    -------
    ndarray of shape (n_rows,)
        Integers below `n_folds`.
    """
    return rng.permutation(np.arange(n_rows) % n_folds)


def left_out_outputs(objective: Objective, params: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return each row's raw outputs from the network that left it out.

    Parameters
    ----------
    objective : Objective
        Holds the network and the rows.
    params : ndarray of shape (n_networks, n_parameters)
        The stack.
    folds : ndarray of shape (n_rows,)
        The network that left out each row.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
        Raw outputs.
    """
    network, rows = objective.network, objective.rows
    outputs = np.empty(rows.targets.shape, dtype=rows.dtype)
    for k, vector in enumerate(params.astype(rows.dtype, copy=False)):
        views = network.views(vector)
        own = np.flatnonzero(folds == k)
        for part in np.array_split(own, len(own) // 1024 + 1):
            outputs[part] = network.forward(views, rows.augmented(part))[0]
    return outputs


def fit_radial(model: Any, sample: Sample, rng) -> RadialPart:
    """Fit the radial-basis network that stands beside the others.

    Parameters
    ----------
    model : TwoLayerRegressor or TwoLayerClassifier
        Its targets and its number of threads.
    sample : Sample
        The training rows.
    rng : RandomState
        The source of random choices.

    Returns
    -------
    RadialPart
        The network, the indices of the rows that it was fitted on, shape (n_used,), and their
        raw outputs, shape (n_used, n_outputs).
    """
    n_rows = sample.X.shape[0]
    index = random_part(n_rows, MAX_ROWS, rng)
    sample, index = sample.take(index), np.arange(n_rows)[index]
    radial = RBFNetwork(
        task="regression" if is_regressor(model) else "classification",
        # What a transformer of the user's leaves out must stay out.
        input_map="auto" if isinstance(model.input_map, str) else model.input_map,
        soft_targets=getattr(model, "soft_targets", None),
        n_jobs=model.n_jobs,
    )
    used, left_out = radial._fit_part(sample, model._targets, rng)
    if hasattr(model, "feature_names_in_"):
        radial.feature_names_in_ = model.feature_names_in_
    return RadialPart(radial, index[used], left_out)


def blend_weights(
    parts: list[np.ndarray], targets: np.ndarray, weights: np.ndarray, loss: Loss, link: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of some raw outputs whose sum has the least loss.

    The best constant is one more part, so that classes keep their shares where nothing
    else is worth anything.

    Parameters
    ----------
    parts : list of ndarray of shape (n_rows, n_outputs)
        Raw outputs on rows that were left out.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.
    loss : Loss
        L(y, d).
    link : Link
        y = g(z).

    Returns
    -------
    factors : ndarray of shape (n_parts,)
        From zero to `MAX_WEIGHT`.
    constant : ndarray of shape (n_outputs,)
        Raw outputs of the best constant, times its factor.
    """
    constant = link.inverse(loss.constant(targets, weights)).astype(np.float64)
    Z = np.stack([*parts, np.broadcast_to(constant, targets.shape)])
    targets = smoothed(targets, weights)
    weights = weights / weights.sum()

    def cost_and_gradient(factors):
        z = np.tensordot(factors, Z, axes=1)
        values, delta = loss.value_and_gradient(z, targets, link)
        delta = delta * weights[:, None]
        return weights @ values, np.tensordot(Z, delta, axes=2)

    start = np.append(np.full(len(parts), 1 / len(parts)), 0)
    bounds = [(0, MAX_WEIGHT)] * len(Z)
    factors = minimize(cost_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return factors[:-1], factors[-1] * constant
