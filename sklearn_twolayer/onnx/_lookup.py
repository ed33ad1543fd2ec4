"""Lookups of values among keys, as nodes of a graph."""

from collections.abc import Iterable, Sequence

import numpy as np

from .._linalg import middles
from ._graph import Tensor


def places_of(values: Tensor, keys: Iterable, missing: Sequence = ()) -> Tensor:
    """Return the places of values among some keys, -1 for others, NaN for missing values.

    Keys are of the type of the values, each once; floats are compared in single precision.
    `missing` are other values that stand for missing ones.
    """
    kind = {"O": "strings", "i": "int64s", "f": "floats"}[values.dtype.kind]
    is_float, keys = kind == "floats", [*keys]
    places = [*map(float, range(len(keys))), *(np.nan for _ in missing)]
    found = values.graph.node(
        "LabelEncoder",
        values.cast(np.float32) if is_float else values,
        domain="ai.onnx.ml",
        dtype=np.float32,
        default_float=-1.0,
        values_floats=places,
        **{f"keys_{kind}": [*keys, *missing]},
    ).cast(np.float64)
    return values.graph.where(np.isnan(values), np.nan, found) if is_float else found


def nearest_places(values: Tensor, keys: np.ndarray, tolerance: float) -> Tensor:
    """Return the places of the nearest of ascending keys in float64, NaN for missing values.

    Values further from all keys than the tolerance have -1 between keys, the number of keys below
    them, and the next number above. They are looked up in a binary tree, in single precision.
    """
    middle = np.concatenate([[-np.inf], middles(keys), [np.inf]])
    lower = np.maximum(keys - tolerance, middle[:-1]).astype(np.float32)
    upper = np.minimum(keys + tolerance, middle[1:]).astype(np.float32)
    rounded = keys.astype(np.float32)  # has to be above the one and not above the other
    lower = np.minimum(lower, np.nextafter(rounded, np.float32(-np.inf)))
    upper = np.maximum(upper, rounded)
    cuts = np.stack([lower, upper], axis=1).ravel()
    between = np.stack([np.arange(len(keys)), np.full(len(keys), -1)], axis=1).ravel()[:-1]
    is_wide = np.diff(cuts) > 0  # between near keys there is nothing
    places = np.concatenate([[len(keys)], between[is_wide], [len(keys) + 1]])
    cuts = cuts[np.append(is_wide, True)]
    found = values.graph.node(
        "TreeEnsembleRegressor",
        values.cast(np.float32),
        domain="ai.onnx.ml",
        dtype=np.float32,
        n_targets=1,
        **_search_tree(cuts.tolist(), places.astype(np.float32).tolist()),
    )
    return values.graph.where(np.isnan(values), np.nan, found.cast(np.float64))


def _search_tree(cuts, leaves):
    """Return the attributes of a balanced tree; a leaf follows the cuts that are smaller."""
    modes, thresholds, yes, no, ends = [], [], [], [], []

    def grow(first, last):
        node, middle = len(modes), (first + last) // 2
        is_leaf = first == last
        modes.append("LEAF" if is_leaf else "BRANCH_LEQ")
        thresholds.append(0.0 if is_leaf else cuts[middle])
        yes.append(0)
        no.append(0)
        if is_leaf:
            ends.append((node, leaves[first]))
        else:
            yes[node], no[node] = grow(first, middle), grow(middle + 1, last)
        return node

    grow(0, len(cuts))
    zeros = [0] * len(modes)
    return {
        "nodes_treeids": zeros,
        "nodes_nodeids": list(range(len(modes))),
        "nodes_featureids": zeros,
        "nodes_modes": modes,
        "nodes_values": thresholds,
        "nodes_truenodeids": yes,
        "nodes_falsenodeids": no,
        "target_treeids": [0] * len(ends),
        "target_nodeids": [node for node, _ in ends],
        "target_ids": [0] * len(ends),
        "target_weights": [leaf for _, leaf in ends],
    }
