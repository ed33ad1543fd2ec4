"""The estimators for Dask arrays and data frames, with more rows than fit on one machine.

They have the parameters of the local estimators, and `client`. The cost is a sum over rows: each
partition computes its sum, and the sums are added in the order of the partitions. Choices
(columns, input maps, scales, centres, a metric, the factors of a blend) are learned from a random
sample of 50,000 rows, or all rows if there are fewer; the networks are trained on all rows.
"""

from ._estimators import DaskRBFNetwork, DaskTwoLayerClassifier, DaskTwoLayerRegressor

__all__ = ["DaskRBFNetwork", "DaskTwoLayerClassifier", "DaskTwoLayerRegressor"]
