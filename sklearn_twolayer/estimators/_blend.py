"""The radial-basis network that stands beside several others, and what `blend` means."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_regressor

from .._checks import check_choice
from ..curvature import has_closed_form
from ..losses import LogLoss, Loss
from ..rows import random_part
from ._network import Sample
from ._rbf_network import RBFNetwork

BLENDS = ("auto", "mean", "scale", "radial")
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
        several = "radial" if has_partner else "scale"
        blend = several if n_estimators > 1 else "mean"
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
