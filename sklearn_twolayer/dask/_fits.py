"""Fits of the estimators on partitions: choices on a sample, training on all rows.

A fit follows the local one, on the sample, but the cost is replaced by the cost over all rows.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from .._linalg import dense
from .._sample import Folds, Sample
from ..curvature import has_closed_form
from ..estimators import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from ..estimators._base import BaseTwoLayer
from ..estimators._network import BaseNetwork
from ..estimators._targets import as_columns
from ..model import Model
from ..network import Network
from ._objective import PartitionedObjective
from ._output import output_of_all_rows
from ._partition import Partition
from ._partitioned_rows import Encoding, PartitionedRows, drifts, row_weights

#: Number of columns of the sample by which partitions are compared.
MOST_COMPARED = 1000


class OnPartitions(BaseNetwork):
    """What differs from a local estimator if the rows are in partitions."""

    local: type
    soft_targets: str | None
    fit: Any
    _targets: Any
    _params: dict  # as passed by the user
    _all_rows: PartitionedRows
    _given: Partition  # the sample

    @property
    def has_labels(self) -> bool:
        """Whether targets are labels, which have to be counted."""
        is_classifier = self.__sklearn_tags__().estimator_type == "classifier"
        return is_classifier and self.soft_targets is None

    def plain(self) -> Any:
        """Return the local estimator, fitted."""
        names = {*self._params, "_params", "_all_rows", "_given"}
        model = self.local(**self._params)
        vars(model).update({name: v for name, v in vars(self).items() if name not in names})
        return model

    def one_row(self) -> Any:
        """Return a row of the sample, as passed by the user."""
        return self._given.take(slice(0, 1)).X

    def fit_partitions(self, all_rows: PartitionedRows, rng: np.random.RandomState) -> None:
        """Fit on all rows and their sample."""
        self._params = self.get_params(deep=False)
        self._all_rows, self._given = all_rows, all_rows.sample(rng)
        if getattr(self, "class_weight", None) == "balanced":
            self.class_weight = balanced(all_rows.masses, self._given.y)
        self.fit(*self._given)

    def _begin(self, sample, goes_on):
        if sample.y.ndim == 1 and self.has_labels:
            self._all_classes = labels_of(self._all_rows.masses, sample.y)
        sample = super()._begin(sample, goes_on)
        vars(self).pop("_all_classes", None)
        if hasattr(self._targets, "bounds"):
            self._reach_all_targets()
        return sample

    def _reach_all_targets(self):
        """Extend the range of predictions to the targets of all rows."""
        d, survey = as_columns(self._given.y), [s for s in self._all_rows.survey if s.n_rows]
        low = np.atleast_1d(np.min([s.low for s in survey], axis=0)) - d.min(axis=0)
        high = np.atleast_1d(np.max([s.high for s in survey], axis=0)) - d.max(axis=0)
        self._targets.bounds = self._targets.bounds + np.stack([low, high])

    def _prepare(self, sample: Sample) -> None:
        """Prepare all rows, once, for costs that leave out some rows of the sample."""
        rows = self._all_rows
        if rows.blocks:
            return
        everywhere = np.full(len(self._given.y), -1)  # rows that are not used for training
        folds = sample.folds or Folds(np.zeros(sample.n_rows, dtype=int), 0)
        everywhere[sample.origin] = folds.numbers
        class_weight = getattr(self, "class_weight", None)
        sizes = folds.n_left_out, folds.n_folds
        rows.prepare(Encoding(self._shell(), self._targets, class_weight, *sizes), everywhere)
        given = self._given.take(sample.origin)
        rows.sample_weight = row_weights(self._targets, class_weight, given)
        numbers = np.repeat(np.arange(len(rows.index)), [len(index) for index in rows.index])
        some = dense(sample.X[:, :MOST_COMPARED])
        rows.drifts = drifts(np.hstack([sample.targets, some]), numbers[sample.origin])

    def _shell(self) -> Any:
        """Return an estimator that validates rows in the same way."""
        shell = self.local(**self._params)
        names = ("n_features_in_", "feature_names_in_", "_columns", "_fill")
        vars(shell).update({name: value for name, value in vars(self).items() if name in names})
        return shell


def balanced(masses: dict, y: np.ndarray) -> dict:
    """Return weights that give all labels the same total weight."""
    if y.ndim > 1:
        raise ValueError(
            "class_weight='balanced' is for one label per row: pass a list of dicts of weights."
        )
    total = sum(masses.values())
    return {label: total / (len(masses) * mass) for label, mass in masses.items()}


def labels_of(masses: dict, y: np.ndarray) -> np.ndarray:
    """Return all labels, sorted, with the type of those in the sample."""
    return np.unique(np.asarray(list(masses), dtype=None if y.dtype.kind == "U" else y.dtype))


class NetworksOnPartitions(OnPartitions, BaseTwoLayer):
    """Networks that are trained by a solver."""

    def _n_rows(self, sample):
        return self._all_rows.n_rows

    def _objective(self, sample, input_map, embedding, dtype, *, by_bins=False):
        local = super()._objective(sample, input_map, embedding, dtype, by_bins=by_bins)
        self._prepare(sample)
        return PartitionedObjective.of(local, self._all_rows)


class RegressorOnPartitions(NetworksOnPartitions, TwoLayerRegressor):
    """`TwoLayerRegressor` on partitions."""

    local = TwoLayerRegressor


class ClassifierOnPartitions(NetworksOnPartitions, TwoLayerClassifier):
    """`TwoLayerClassifier` on partitions."""

    local = TwoLayerClassifier


class RBFOnPartitions(OnPartitions, RBFNetwork):
    """`RBFNetwork` on partitions: the least-squares output layer is fitted on all rows."""

    local = RBFNetwork

    def _learn(self, sample, rng, **going_on):
        fit = super()._learn(sample, rng, **going_on)
        part, objective = self._model.parts[0], fit.layer.objective
        is_linear = has_closed_form(self._resolve_loss(), self._targets.link)
        if fit.interrupted or not is_linear or self._all_rows.n_rows <= part.width:
            return fit
        self._prepare(sample)
        on_sample = fit.layer.solved(fit.alpha)
        cost = PartitionedObjective.of(objective, self._all_rows)
        # The same penalty on the sum of the losses: the effect of noise decreases with the rows.
        share = len(sample.y) / cost.n_rows if isinstance(self.alpha, str) else 1.0
        weights, bias = output_of_all_rows(cost, on_sample, share * fit.alpha)
        # The shrinkage of the layer on the sample is also applied to that of all rows.
        factor, constant = shrinkage(part.network, on_sample, part.params[0])
        views = part.network.views(on_sample)
        views.weights[...], views.bias[...] = factor * weights, factor * bias + constant
        params = on_sample[None].astype(part.params.dtype)
        self._model = Model.of(replace(part, params=params))
        return fit


def shrinkage(network: Network, solved: np.ndarray, final: np.ndarray) -> tuple:
    """Return the factor and the constant that relate one output layer to another."""
    before, after = network.views(solved), network.views(final.astype(solved.dtype))
    size = np.sum(before.weights**2)
    factor = np.sum(before.weights * after.weights) / size if size else 1.0
    return factor, after.bias - factor * before.bias
