"""Estimators passed by users: clusterers, and transformers as input maps."""

from typing import Any

import numpy as np
from sklearn.utils.validation import has_fit_parameter


def with_random_state(estimator: Any, rng: np.random.RandomState) -> Any:
    """Set `random_state` of an estimator, and of those nested in it, where it is None; return it.

    It must be a copy of the user's. Nothing is drawn if no seed is needed.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> with_random_state(KMeans(), np.random.RandomState(0)).random_state
    209652396
    """
    seeds = {
        name: rng.randint(np.iinfo(np.int32).max)
        for name, value in sorted(estimator.get_params(deep=True).items())
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    }
    return estimator.set_params(**seeds) if seeds else estimator


def fit_weighted(estimator: Any, *data: Any, sample_weight: np.ndarray) -> Any:
    """Fit an estimator, with weights if its `fit` accepts them, and return it."""
    if has_fit_parameter(estimator, "sample_weight"):
        return estimator.fit(*data, sample_weight=sample_weight)
    return estimator.fit(*data)
