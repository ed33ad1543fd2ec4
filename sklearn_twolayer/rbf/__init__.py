"""Learning a radial-basis network: from a table to a part of a model."""

from ._dead import rows_without_unit
from ._density import Density
from ._folds import folds_to_judge
from ._learn import RadialFit, fit_radial
from ._local import LocalAverage
from ._spec import RadialSpec, Table, starts_from_squares
from ._watch import Watch

__all__ = [
    "Density",
    "LocalAverage",
    "RadialFit",
    "RadialSpec",
    "Table",
    "Watch",
    "fit_radial",
    "folds_to_judge",
    "rows_without_unit",
    "starts_from_squares",
]
