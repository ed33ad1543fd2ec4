"""The networks of other kinds that stand beside several, and what `blend` means."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_regressor

from .._checks import check_choice
from .._sizes import CENTERS, RectifiedSize
from ..blending import Honest, left_out_outputs
from ..curvature import has_closed_form
from ..embeddings import Dense
from ..input_maps import PiecewiseLinearMap
from ..links import Link
from ..losses import LogLoss, Loss
from ..model import Part
from ..rbf import N_FOLDS
from ..rows import random_part
from ..solvers import Adam, Run
from ._network import Sample
from ._rbf_network import RBFNetwork

if TYPE_CHECKING:
    from ._base import BaseTwoLayer

BLENDS = ("auto", "mean", "scale", "radial", "mixed")
#: Rows that the radial-basis network is fitted on; of more, a random part of that size.
MAX_ROWS = 5_000


def resolve_blend(blend: str, n_estimators: int, loss: Loss, link: Link) -> str:
    """Return what "auto" stands for, or the choice itself.

    Parameters
    ----------
    blend : {"auto", "mean", "scale", "radial", "mixed"}
        What the user gave.
    n_estimators : int
        Number of networks.
    loss : Loss
        L(y, d).
    link : Link
        Makes y of raw outputs.

    Returns
    -------
    {"mean", "scale", "radial", "mixed"}
        What is to be done.

    Raises
    ------
    ValueError
        If the choice does not exist, or does not go with the rest.
    """
    check_choice("blend", blend, BLENDS)
    if blend == "auto":
        blend = "mixed" if n_estimators > 1 else "mean"
    if blend != "mean" and n_estimators == 1:
        raise ValueError(
            f"blend={blend!r} needs several networks that leave out rows in turn: set "
            "n_estimators to 2 or more."
        )
    if blend == "radial" and not takes_radial(loss, link):
        raise ValueError(
            f"blend='radial' is for the squared error and for cross-entropy, not for "
            f"loss={loss!r}: set blend to 'scale' or 'mean'."
        )
    return blend


def takes_radial(loss: Loss, link: Link) -> bool:
    """Return whether a radial-basis network can learn with a loss."""
    return isinstance(loss, LogLoss) or has_closed_form(loss, link)


def fit_rectified(
    owner: "BaseTwoLayer", sample: Sample, folds: np.ndarray, rng: np.random.RandomState
) -> tuple[Part, Honest]:
    """Fit the networks of rectified units on piecewise-linear inputs.

    They see steps and bends of single columns, which the smooth units of other parts do not.

    Parameters
    ----------
    owner : TwoLayerRegressor or TwoLayerClassifier
        Its targets, loss and penalty.
    sample : Sample
        The training rows.
    folds : ndarray of int, shape (n_rows,)
        Those that networks leave out in turn.
    rng : RandomState
        The source of random choices.

    Returns
    -------
    part : Part
        The networks.
    honest : Honest
        Their raw outputs for rows that were left out.
    """
    size = RectifiedSize.of(owner._n_rows(sample))
    by_name = isinstance(owner.input_map, str)
    input_map = owner._fit_input_map(
        sample, PiecewiseLinearMap(size.n_bins) if by_name else owner.input_map, rng, folds
    )
    solver = Adam(size.learning_rate, batch_size=size.batch_size)
    dtype = solver.working_dtype(sample.X.dtype)
    objective = replace(
        owner._on_rows(sample, input_map, Dense(size.n_units), dtype, folds),
        alpha=size.relative_alpha * owner.alpha,
    )
    network, n_networks = objective.network, min(size.n_networks, int(folds.max()) + 1)
    start = np.stack([network.initialize(objective.rows, rng) for _ in range(n_networks)])
    network.views(start).bias[...] = objective.best_constant()
    cost = objective.without(folds == np.arange(n_networks)[:, None])
    owner._progress.begin("rectified networks", size.max_iter)
    run = Run(size.max_iter, 0.0, size.max_iter, rng, owner._progress.epoch)
    params = solver.minimize(cost, start, run).params
    part = replace(Part.of(objective.rows, network, params), name="rectified networks")
    return part, left_out_outputs(objective, params, folds)


def fit_radial_partner(
    owner: "BaseTwoLayer", sample: Sample, folds: np.ndarray, rng: np.random.RandomState
) -> tuple[RBFNetwork, Honest]:
    """Fit the radial-basis network that stands beside the others.

    Parameters
    ----------
    owner : TwoLayerRegressor or TwoLayerClassifier
        Its targets and its number of threads.
    sample : Sample
        The training rows.
    folds : ndarray of int, shape (n_rows,)
        Those that networks leave out in turn.
    rng : RandomState
        The source of random choices.

    Returns
    -------
    radial : RBFNetwork
        The network.
    honest : Honest
        Its raw outputs for rows that were left out.
    """
    left_out = np.flatnonzero(folds < owner._n_networks)
    others = np.flatnonzero(folds >= owner._n_networks)
    # Of many rows, those that others leave out can be left out here too.
    has_seen_none = len(others) >= MAX_ROWS
    index = others if has_seen_none else np.arange(len(folds))
    index = index[random_part(len(index), MAX_ROWS, rng)]
    radial = RBFNetwork(
        CENTERS,
        task="regression" if is_regressor(owner) else "classification",
        # What a transformer of the user's leaves out must stay out.
        input_map="auto" if isinstance(owner.input_map, str) else owner.input_map,
        categorical_features=owner.categorical_features,
        soft_targets=getattr(owner, "soft_targets", None),
        n_jobs=owner.n_jobs,
    )
    few = None if has_seen_none else folds_to_judge(folds[index], owner._n_networks)
    rows, outputs = radial._fit_as_part(sample.take(index), owner, few, rng).honest
    if has_seen_none:
        outputs = radial._model.raw_outputs(sample.X[left_out], owner.n_jobs)
        return radial, Honest(left_out, outputs)
    return radial, Honest(index[rows], outputs)


def folds_to_judge(folds: np.ndarray, n_left_out: int) -> np.ndarray | None:
    """Return the folds of a radial-basis network, the first of which others leave out too.

    Parameters
    ----------
    folds : ndarray of int, shape (n_rows,)
        Folds of the networks.
    n_left_out : int
        How many of them are left out by some network; these are the first.

    Returns
    -------
    ndarray of int or None
        Below `N_FOLDS`; None where there are fewer.

    Examples
    --------
    >>> folds_to_judge(np.arange(8), 4)
    array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> folds_to_judge(np.arange(8), 1)
    array([0, 1, 1, 1, 2, 2, 3, 3])
    """
    n_folds = int(folds.max()) + 1
    if n_folds < N_FOLDS:
        return None
    n_own = -(-N_FOLDS * n_left_out // n_folds)  # rounded up: none may hold many rows
    own = np.minimum(folds, n_left_out - 1) * n_own // n_left_out
    if n_own == N_FOLDS:
        return own
    others = n_own + (folds - n_left_out) * (N_FOLDS - n_own) // (n_folds - n_left_out)
    return np.where(folds < n_left_out, own, others)
