"""What happens to a row before the first layer.

An input map is fitted once on the training rows and then applied block by block, so
that no copy of the whole input, wider than the input itself, is ever needed. A map has
``fit(X, y=None, sample_weight=None)`` and ``transform(X)``, as a scikit-learn
transformer has, and any such transformer can stand in for it; `fit_input_map` and
`map_rows` fit and apply both kinds. The maps of this module take arrays that an estimator
has validated: finite floats, dense or CSR; NaN and codes of levels only in `MixedMap`.
Sparse rows are never centred, so that zeros stay zeros. A column that is constant but for
rounding is mapped to zeros by dense maps.
"""

from ._base import InputMap
from ._maps import INPUT_MAPS, as_input_map, fit_input_map
from ._mixed import MixedMap, with_folds
from ._piecewise import PiecewiseLinearMap
from ._rows import map_rows, pull_rows, sources_of
from ._scaled import ScaledMap
from ._scaling import RobustMap, ScalingMap, StandardMap

__all__ = [
    "INPUT_MAPS",
    "InputMap",
    "MixedMap",
    "PiecewiseLinearMap",
    "RobustMap",
    "ScaledMap",
    "ScalingMap",
    "StandardMap",
    "as_input_map",
    "fit_input_map",
    "map_rows",
    "pull_rows",
    "sources_of",
    "with_folds",
]
