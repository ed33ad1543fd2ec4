"""Names and instances as input maps, and how they are fitted."""

from typing import Any

import numpy as np
from sklearn.base import clone

from .._checks import shown
from .._given import fit_weighted, with_random_state
from .._registry import resolve
from .._sample import Sample
from ._base import InputMap
from ._mixed import MixedMap
from ._piecewise import PiecewiseLinearMap
from ._scaling import RobustMap, StandardMap

INPUT_MAPS: dict[str, type[InputMap]] = {
    "piecewise_linear": PiecewiseLinearMap,
    "robust": RobustMap,
    "standard": StandardMap,
}

#: The value of an indicator after the robust map, so that levels count alike in distances.
INDICATOR = 1.66


def as_input_map(value: Any) -> Any:
    """Return the transformer given by name or instance, or None.

    Parameters
    ----------
    value : str, transformer or None
        The value of the parameter.

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
    if isinstance(value, str):
        return resolve(value, INPUT_MAPS, InputMap, "input_map")
    raise TypeError(
        f"input_map must be one of the names {sorted(INPUT_MAPS)}, a transformer with fit and "
        f"transform, or None, got {shown(value)}."
    )


def fit_input_map(value: Any, sample: Sample, rng: np.random.RandomState) -> Any:
    """Return a fitted copy of the input map given by name or instance, or None.

    Where there are categories, missing values or codes, it maps the numbers, and a `MixedMap` the
    rest; of rows that have folds, target statistics of the categories and codes too.

    Parameters
    ----------
    value : str, transformer or None
        The value of the parameter.
    sample : Sample
        The training rows; weights are passed to maps that accept them.
    rng : RandomState
        For maps that draw random numbers and have no `random_state`.

    Returns
    -------
    transformer or None
        The fitted map.
    """
    template = as_input_map(value)
    input_map = None if template is None else with_random_state(clone(template), rng)
    has_levels = sample.is_mixed or sample.codes is not None
    if input_map is None and not has_levels:
        return None
    X, y, weights = sample.X, sample.y, sample.weights
    try:
        if has_levels:
            flags, codes = sample.category_flags, sample.codes
            is_robust = isinstance(template, RobustMap | PiecewiseLinearMap)
            size = INDICATOR if is_robust else 1.0
            input_map = MixedMap(input_map, flags, indicator_size=size, codes=codes)
            return input_map.fit(X, y, weights, sample.targets, sample.fold_numbers)
        fit_weighted(input_map, X, y, sample_weight=weights)
    except Exception as error:
        error.add_note(
            f"input_map={shown(template)} receives the validated rows: an array of floats "
            "without column names. Put a transformer that selects columns by name, or accepts "
            "other kinds of data, in front of this estimator in a pipeline."
        )
        raise
    return input_map
