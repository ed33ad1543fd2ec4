"""Explanations for shap's plots."""

from typing import Any

import numpy as np

from .attribution import Explanation


def to_shap(explanation: Explanation) -> Any:
    """Convert the result of `explain` to an object of shap.

    Parameters
    ----------
    explanation : Explanation
        The contributions of columns to predictions.

    Returns
    -------
    shap.Explanation
        The same explanation, for `shap.plots`.
    """
    import shap

    values = explanation.values
    base = np.broadcast_to(explanation.base_values, (len(values), *values.shape[2:]))
    return shap.Explanation(
        values, base, explanation.data, feature_names=explanation.feature_names
    )
