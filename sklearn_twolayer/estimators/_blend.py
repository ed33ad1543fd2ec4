"""The radial-basis network that stands beside several others, and what `blend` means."""

import numpy as np
from sklearn.base import is_regressor

from .._checks import check_choice
from ..blending import Honest
from ..curvature import has_closed_form
from ..links import Link
from ..losses import LogLoss, Loss
from ..rows import random_part
from ._network import BaseNetwork, Sample
from ._rbf_network import RBFNetwork

BLENDS = ("auto", "mean", "scale", "radial")
#: Rows that the radial-basis network is fitted on; of more, a random part of that size.
MAX_ROWS = 10_000


def resolve_blend(blend: str, n_estimators: int, loss: Loss, link: Link) -> str:
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


def fit_radial_partner(
    owner: BaseNetwork, sample: Sample, rng: np.random.RandomState
) -> tuple[RBFNetwork, Honest]:
    """Fit the radial-basis network that stands beside the others.

    Parameters
    ----------
    owner : TwoLayerRegressor or TwoLayerClassifier
        Its targets and its number of threads.
    sample : Sample
        The training rows.
    rng : RandomState
        The source of random choices.

    Returns
    -------
    radial : RBFNetwork
        The network.
    honest : Honest
        Its raw outputs for rows that were left out.
    """
    n_rows = sample.X.shape[0]
    index = random_part(n_rows, MAX_ROWS, rng)
    radial = RBFNetwork(
        task="regression" if is_regressor(owner) else "classification",
        # What a transformer of the user's leaves out must stay out.
        input_map="auto" if isinstance(owner.input_map, str) else owner.input_map,
        soft_targets=getattr(owner, "soft_targets", None),
        n_jobs=owner.n_jobs,
    )
    rows, outputs = radial._fit_as_part(sample.take(index), owner, rng).honest
    return radial, Honest(np.arange(n_rows)[index][rows], outputs)
