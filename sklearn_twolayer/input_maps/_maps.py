"""Names and instances as input maps, and how they are fitted."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from .._checks import shown
from .._given import fit_weighted, with_random_state
from .._registry import resolve
from ._base import InputMap
from ._mixed import MixedMap
from ._piecewise import PiecewiseLinearMap
from ._scaling import RobustMap, StandardMap

INPUT_MAPS: dict[str, type[InputMap]] = {
    "piecewise_linear": PiecewiseLinearMap,
    "robust": RobustMap,
    "standard": StandardMap,
}

#: What the robust map makes of an indicator: distances between rows count levels likewise.
INDICATOR = 1.66


def as_input_map(value: Any) -> Any:
    """Return the transformer given by name or instance, or None.

    Parameters
    ----------
    value : str, transformer or None
        What the user gave.

    Returns
    -------
    transformer or None
        An unfitted transformer, never a copy.

    Examples
    --------
    >>> as_input_map("robust")
    RobustMap()
    """
    if value is None or (
        hasattr(value, "fit") and hasattr(value, "transform") and not isinstance(value, type)
    ):
        return value
    return resolve(value, INPUT_MAPS, InputMap, "input_map")


def fit_input_map(
    value: Any,
    X,
    y,
    sample_weight: np.ndarray,
    rng,
    *,
    is_category: np.ndarray | None = None,
    targets: np.ndarray | None = None,
    folds: np.ndarray | None = None,
) -> Any:
    """Return a fitted copy of the input map given by name or instance, or None.

    Where there are categories or missing values, it maps the numbers, and a `MixedMap` the
    rest.

    Parameters
    ----------
    value : str, transformer or None
        What the user gave.
    X : {ndarray, CSR} of shape (n_rows, n_features)
        Validated training rows.
    y : ndarray
        Their targets.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights, for a map that takes them.
    rng : RandomState
        For a map that draws random numbers and was given no `random_state`.
    is_category : ndarray of bool, shape (n_features,), optional
        Which columns hold codes of levels.
    targets, folds : ndarray, optional
        Encoded targets and the folds of the rows, for target statistics of categories.

    Returns
    -------
    transformer or None
        The fitted map.
    """
    template = as_input_map(value)
    input_map = None if template is None else with_random_state(clone(template), rng)
    mixed = is_mixed(X, is_category)
    if input_map is None and not mixed:
        return None
    try:
        if mixed:
            flags = np.zeros(X.shape[1], dtype=bool) if is_category is None else is_category
            is_robust = isinstance(template, RobustMap | PiecewiseLinearMap)
            size = INDICATOR if is_robust else 1.0
            input_map = MixedMap(input_map, flags, indicator_size=size)
            return input_map.fit(X, y, sample_weight, targets, folds)
        fit_weighted(input_map, X, y, sample_weight=sample_weight)
    except Exception as error:
        error.add_note(
            f"input_map={shown(template)} was given the validated rows: an array of floats "
            "without column names. A transformer that selects columns by name or takes other "
            "kinds of data belongs before this estimator, in a pipeline."
        )
        raise
    return input_map


def is_mixed(X, is_category: np.ndarray | None) -> bool:
    """Return whether rows have categories or missing values."""
    if sparse.issparse(X):
        return False
    return bool((is_category is not None and is_category.any()) or np.isnan(np.min(X)))
