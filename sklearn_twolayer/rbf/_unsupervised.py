"""The first stage of a radial-basis network: from rows to a first layer, mostly unsupervised."""

from typing import NamedTuple

import numpy as np

from ..embeddings import Radial
from ..input_maps import map_rows
from ..network import Network
from ..objective import Objective
from ..output_layer import FixedLayer
from ..radial import Clusters, cluster_shapes, find_centers, find_widths
from ..rows import Index, Transformer
from ._spec import RadialSpec, Table


class FirstLayer(NamedTuple):
    """Centres, widths and shapes, and where they come from."""

    layer: FixedLayer
    radial: Radial
    clusters: Clusters
    among: Index  # the rows among which the clusters were found


def unsupervised_stage(
    spec: RadialSpec,
    table: Table,
    input_map: Transformer | None,
    rng: np.random.RandomState,
    among: np.ndarray | None = None,
) -> FirstLayer:
    """Find centres, widths and shapes, for a network with an output layer of zeros.

    `among` are the indices of the rows from which centres may come, if not all.
    """
    rows = table.rows(input_map)
    with np.errstate(over="ignore", invalid="ignore"):
        rule = _mapped_centers(spec.centers, input_map)
        some = rows if among is None else rows.take(among)
        drawn = some.weighted(_by_deviation(some)) if spec.follows_targets else some
        clusters, index = find_centers(drawn, spec.n_centers, rule, rng)
        clusters = clusters._replace(weights=some.sample_weight[index])
        widths = find_widths(clusters, spec.width)
    if not np.isfinite(widths).all():
        raise ValueError(
            "The distances between rows overflow: scale the inputs, for example with "
            "input_map='robust'."
        )
    radial = spec.radial(len(widths))
    network = Network(spec.embedding(radial, rows), rows.n_features, table.targets.shape[1])
    objective = Objective(network, table.loss, table.link, rows)
    layer = FixedLayer(objective, np.zeros(network.n_parameters))
    arrays = {"centers": clusters.centers, "log_widths": np.log(widths)}
    if radial.shape != "spherical":
        arrays["shapes"] = _shapes(spec, radial, clusters)
    found = index if among is None else among[index]
    return FirstLayer(layer.moved(**arrays), radial, clusters, found)


def continued_layer(spec: RadialSpec, table: Table) -> tuple[FixedLayer, Radial]:
    """Return the first layer of the network to continue from, on these rows, and its radial units.

    ValueError is raised if the parameters specify another network than `spec.start`.
    """
    assert spec.start is not None
    start, rows = spec.start, table.rows(spec.start.input_map)
    n_centers = len(start.network.views(start.params[0]).own[0])
    radial = spec.radial(min(spec.n_centers, n_centers))
    network = Network(spec.embedding(radial, rows), rows.n_features, table.targets.shape[1])
    same = repr(network.embedding) == repr(start.network.embedding)
    if not same or network.n_outputs != start.network.n_outputs:
        raise ValueError(
            "Continuing from the last fit (warm_start) needs the same network: the last one was "
            f"{start.network.embedding!r} with {start.network.n_outputs} outputs, the new one is "
            f"{network.embedding!r} with {network.n_outputs}."
        )
    objective = Objective(network, table.loss, table.link, rows)
    return FixedLayer(objective, start.params[0].astype(np.float64)), radial


def _by_deviation(rows):
    """Return weights that grow with the distance of the target from the mean."""
    mean = np.average(rows.targets, axis=0, weights=rows.sample_weight)
    distances = np.abs(rows.targets - mean).mean(axis=1)
    typical = np.average(distances, weights=rows.sample_weight)
    return rows.sample_weight * (1 + distances / (typical or 1))


def _mapped_centers(centers, input_map):
    """Return the rule for centres; those given in units of the input are mapped."""
    is_rule = isinstance(centers, str) or hasattr(centers, "fit")
    return centers if is_rule else map_rows(input_map, centers)


def _shapes(spec, radial, clusters):
    if "metric" not in spec.steps:
        return cluster_shapes(clusters, radial.shape, radial.shared)
    n_features = clusters.centers.shape[1]
    return np.ones(n_features) if radial.shape == "diagonal" else np.eye(n_features)
