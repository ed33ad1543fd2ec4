"""The output layer in closed form, on a first layer that stays as it is."""

from ._activations import NUMBERS_PER_ROW
from ._cross_entropy import fit_cross_entropy
from ._judged import FixedLayer, JudgedLayer, on_some_rows
from ._leave_one_out import decomposed

__all__ = [
    "NUMBERS_PER_ROW",
    "FixedLayer",
    "JudgedLayer",
    "decomposed",
    "fit_cross_entropy",
    "on_some_rows",
]
