"""The supervised stages of a radial-basis network: output layer, width, metric, gradient."""

from ._cross_entropy import fit_cross_entropy
from ._dead import rows_without_unit
from ._density import Density
from ._gradient import refine_gradient
from ._metric import metric_root, refine_metric
from ._relevance import marginal_metric, squared_gradient
from ._trial import Trial
from ._width import TYPICAL_WIDTH, refine_width, relative_width

__all__ = [
    "TYPICAL_WIDTH",
    "Density",
    "Trial",
    "fit_cross_entropy",
    "marginal_metric",
    "metric_root",
    "refine_gradient",
    "refine_metric",
    "refine_width",
    "relative_width",
    "rows_without_unit",
    "squared_gradient",
]
