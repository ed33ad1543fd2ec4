"""The unsupervised stage of a radial-basis network: from rows to parameters."""

from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs

from ..embeddings import Passthrough, Radial
from ..losses import Loss
from ..network import Network
from ..objective import Objective
from ..radial import Clusters, cluster_shapes, find_centers, find_widths
from ..rows import Rows
from ._network import Sample

#: With more mapped inputs than this, "auto" leaves out the linear tail.
MAX_TAIL = 1000


class Start(NamedTuple):
    """What the unsupervised stage gives: a network with centres, widths and shapes."""

    objective: Objective
    radial: Radial
    vector: np.ndarray
    clusters: Clusters
    index: Any  # the rows that the clusters were found among


def unsupervised_stage(
    model: Any, sample: Sample, loss: Loss, rng, learns_metric: bool = False
) -> Start:
    """Find centres, widths and shapes.

    Parameters
    ----------
    model : RBFNetwork
        Its parameters, its input map and its targets.
    sample : Sample
        The training rows.
    loss : Loss
        L(y, d).
    rng : RandomState
        The source of random choices.
    learns_metric : bool, default=False
        Whether to start from spheres that have a shape, to learn a metric from there.

    Returns
    -------
    Start
        The network, its output layer still zero.
    """
    targets = model._targets.encode(sample.y)
    rows = Rows(sample.X, model.input_map_, np.float64, targets, sample.weights).keep()
    with np.errstate(over="ignore", invalid="ignore"):
        centers, X, weights, index = find_centers(rows, model.n_centers, _rule(model), rng)
        clusters = Clusters(centers, X, weights)
        widths = find_widths(clusters, "dmax" if is_loo(model.width) else model.width)
    if not np.isfinite(widths).all():
        raise ValueError(
            "The distances between rows overflow: scale the inputs, as input_map='robust' does."
        )
    radial = _radial(model, len(centers), learns_metric)
    network = Network(_embedding(model, radial, rows), rows.n_features, targets.shape[1])
    objective = Objective(
        network,
        loss,
        model._targets.link,
        rows,
        n_threads=effective_n_jobs(model.n_jobs),
    )
    vector = np.zeros(network.n_parameters)
    own = network.views(vector).own
    own[0][...], own[1][...] = centers, np.log(widths)
    if radial.shape != "spherical":
        if learns_metric:
            own[2][...] = 1.0 if radial.shape == "diagonal" else np.eye(rows.n_features)
        else:
            own[2][...] = cluster_shapes(clusters, radial.shape, radial.shared)
    return Start(objective, radial, vector, clusters, index)


def is_loo(width) -> bool:
    """Return whether the widths are left to leave-one-out."""
    return isinstance(width, str) and width == "loo"


def _rule(model):
    """Return the rule for centres; those given in units of the input are mapped."""
    rule = model.centers
    if isinstance(rule, str) or hasattr(rule, "fit"):
        return rule
    centers = np.asarray(rule, dtype=np.float64)
    if centers.ndim != 2 or centers.shape[1] != model.n_features_in_:
        raise ValueError(
            f"centers given as an array must have shape (n_centers, {model.n_features_in_}), "
            f"got {centers.shape}."
        )
    return centers if model.input_map_ is None else model.input_map_.transform(centers)


def _radial(model, n_units, learns_metric):
    shape = "diagonal" if learns_metric and model.shape == "spherical" else model.shape
    return Radial(
        n_units,
        model.kernel,
        centers=model.centers,
        widths="dmax" if is_loo(model.width) else model.width,
        shape=shape,
        shared=model.shared,
        normalize=model.normalize,
    )


def _embedding(model, radial, rows):
    tail = model.linear_tail
    if isinstance(tail, str):
        tail = model.refine is not None and rows.n_features <= MAX_TAIL
    return radial | Passthrough() if tail else radial
