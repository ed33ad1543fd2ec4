"""Transformations of a row before the first layer.

An input map is fitted once on the training rows and then applied block by block, so that a wide
copy of the whole input is never needed. A map has ``fit(X, y=None, sample_weight=None)`` and
``transform(X)``, as a scikit-learn transformer has, and any such transformer can take its place;
`fit_input_map` and `map_rows` fit and apply both kinds. The maps of this module take arrays
validated by an estimator: finite floats, dense or CSR. Only `MixedMap` accepts NaN and codes of
levels. Sparse rows are never centred, so that zeros stay zeros. Dense maps map columns that are
constant up to rounding to zeros.
"""

from ._base import InputMap, for_new_rows
from ._maps import INPUT_MAPS, as_input_map, fit_input_map
from ._mixed import (
    MixedMap,
    has_codes,
    has_statistics,
    pairs_of,
    with_folds,
    without_codes,
)
from ._piecewise import PiecewiseLinearMap
from ._principal import PrincipalMap, principal_map
from ._rows import map_rows, pull_rows, sources_of
from ._scaled import ScaledMap
from ._scaling import RobustMap, ScalingMap, StandardMap
from ._statistics import prior_rows

__all__ = [
    "INPUT_MAPS",
    "InputMap",
    "MixedMap",
    "PiecewiseLinearMap",
    "PrincipalMap",
    "RobustMap",
    "ScaledMap",
    "ScalingMap",
    "StandardMap",
    "as_input_map",
    "fit_input_map",
    "for_new_rows",
    "has_codes",
    "has_statistics",
    "map_rows",
    "pairs_of",
    "principal_map",
    "prior_rows",
    "pull_rows",
    "sources_of",
    "with_folds",
    "without_codes",
]
