"""How a fit is asked for: at once or in parts, with weights, classes and validation rows."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier

from .dice import Dice
from .spoiled import DEBATABLE_ROWS, ROWS, TARGETS
from .tables import Table

#: What `partial_fit` may be given as classes, beside those that there are.
WRONG_CLASSES = ([], [1], [[1, 2]], "ab", 3, {}, [None, 1], ["a", 1], [np.nan, 1.0], [0, 0])


class Fit(NamedTuple):
    """A method that trains, its further arguments, and what should become of it."""

    method: str
    arguments: dict[str, Any]
    expected: str


def draw_fit(dice: Dice, estimator: Any, table: Table, expected: str) -> Fit:
    """Return how the estimator is to be trained on the table."""
    weights = {} if table.sample_weight is None else {"sample_weight": table.sample_weight}
    if not takes_validation_rows(estimator):
        return Fit("fit", weights, expected)
    if has_partial_fit(estimator) and dice.chance(0.2):
        # Whether a part is enough to begin with depends on the classes in it.
        expected = "either" if expected == "works" else expected
        return Fit("partial_fit", weights | _classes(dice, estimator, table), expected)
    if not dice.chance(0.2):
        return Fit("fit", weights, expected)
    validation, is_good = _validation(dice, table)
    if not is_good and expected == "works":
        expected = "refused"
    return Fit("fit", weights | validation, expected if is_good is not None else "either")


def takes_validation_rows(estimator: Any) -> bool:
    """Return whether an estimator may be given validation rows: whether it iterates."""
    return "gradient" in str(getattr(estimator, "refine", "gradient"))


def has_partial_fit(estimator: Any) -> bool:
    """Return whether an estimator can be trained in parts, as far as its parameters tell."""
    try:
        return hasattr(estimator, "partial_fit")
    except (TypeError, ValueError):  # parameters that cannot be read
        return False


def as_array(values: Any) -> np.ndarray:
    """Return rows or targets out of their container."""
    return values.toarray() if sparse.issparse(values) else np.asarray(values)


def _classes(dice, estimator, table):
    if not is_classifier(estimator) or not dice.chance(0.5):
        return {}
    if dice.chance(0.2):
        return {"classes": dice.one(WRONG_CLASSES)}
    known = table.moderate and getattr(table.y, "ndim", 0) == 1
    return {"classes": np.unique(as_array(table.y))} if known else {}


def _validation(dice, table):
    """Return validation rows, and whether they are good; None where that is open."""
    X, y, plain = table.X, table.y, table.plain
    kinds = {"same": 0.45, "few": 0.2, "one": 0.1, "X": 0.1, "y": 0.1, "columns": 0.05}
    kind = dice.weighted(kinds)
    if kind == "same":
        return {"X_val": X, "y_val": y}, True
    if kind == "few":  # not all classes are among them, perhaps
        some = as_array(y)[:2] if table.moderate or getattr(y, "ndim", 0) else y
        return {"X_val": table.dressed(plain[:2]), "y_val": some}, None
    if kind == "one":
        return dice.one([{"X_val": X}, {"y_val": y}]), False
    if kind == "columns":
        n_outputs = as_array(y).size // len(plain)
        return {"X_val": X, "y_val": np.repeat(plain[:, :1], n_outputs + 2, axis=1)}, False
    if kind == "X":
        name = dice.one(ROWS)
        return {"X_val": ROWS[name](plain), "y_val": y}, None if name in DEBATABLE_ROWS else False
    name = dice.one(TARGETS)
    spoiled = TARGETS[name](np.arange(len(plain)) % 2)
    # None stands for targets that are not given, without which the rows are refused too.
    return {"X_val": X, "y_val": spoiled}, None if name == "NaN among objects" else False
