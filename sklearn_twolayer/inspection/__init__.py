"""Plots of fitted networks, in the style of scikit-learn's displays.

Each has `from_estimator`, which computes and draws, and `plot`, which draws again, for example
into other axes. They need matplotlib, which is imported when something is drawn.
"""

from ._coverage import CoverageDisplay
from ._embedding import EmbeddingDisplay
from ._importance import ImportanceDisplay
from ._loss_curve import LossCurveDisplay
from ._part_effect import PartEffectDisplay

__all__ = [
    "CoverageDisplay",
    "EmbeddingDisplay",
    "ImportanceDisplay",
    "LossCurveDisplay",
    "PartEffectDisplay",
]
