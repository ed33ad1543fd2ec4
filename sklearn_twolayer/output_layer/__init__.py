"""The output layer for a fixed first layer, in closed form where possible."""

from ._activations import NUMBERS_PER_ROW
from ._convex import fit_convex, penalty, working_targets
from ._cross_entropy import fit_cross_entropy
from ._directions import Output
from ._judged import FixedLayer, JudgedLayer, on_some_rows, ridge
from ._leave_one_out import decomposed, inverses

__all__ = [
    "NUMBERS_PER_ROW",
    "FixedLayer",
    "JudgedLayer",
    "Output",
    "decomposed",
    "fit_convex",
    "fit_cross_entropy",
    "inverses",
    "on_some_rows",
    "penalty",
    "ridge",
    "working_targets",
]
