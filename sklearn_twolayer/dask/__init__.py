"""The estimators on Dask's arrays and data frames: more rows than one machine holds.

They take the parameters of the local ones, and `client`. The cost is a sum over rows: each
partition gives its sum, and these are added in the order of the partitions. What is chosen
(columns, input maps, scales, centres, a metric, the factors of a blend) is learned from a
random sample of 50,000 rows, or of all where there are fewer; the networks are trained on all.
"""

from ._estimators import DaskRBFNetwork, DaskTwoLayerClassifier, DaskTwoLayerRegressor

__all__ = ["DaskRBFNetwork", "DaskTwoLayerClassifier", "DaskTwoLayerRegressor"]
