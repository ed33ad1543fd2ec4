"""Explanations for the plots of shap."""

from typing import Any

import numpy as np

from .attribution import Explanation


def to_shap(explanation: Explanation) -> Any:
    """Return what `explain` gave as an object of shap.

    Parameters
    ----------
    explanation : Explanation
        What columns contribute to predictions.

    Returns
    -------
    shap.Explanation
        The same, for `shap.plots`.
    """
    import shap

    values = explanation.values
    base = np.broadcast_to(explanation.base_values, (len(values), *values.shape[2:]))
    return shap.Explanation(
        values, base, explanation.data, feature_names=explanation.feature_names
    )
