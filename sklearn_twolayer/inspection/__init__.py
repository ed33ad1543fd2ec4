"""Pictures of fitted networks, in the manner of scikit-learn's displays.

Each has `from_estimator`, which computes what there is to see and draws it, and `plot`, which
draws it again, into given axes too. They need matplotlib, which is imported when something is
drawn: ``pip install "sklearn-twolayer[plot]"``.
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
