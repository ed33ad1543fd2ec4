"""The public estimators for Dask."""

import inspect
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..estimators._validation import FitInterrupted
from ._collections import check_collection, each_partition, form_of, partitions
from ._engine import engine_for
from ._fits import ClassifierOnPartitions, OnPartitions, RBFOnPartitions, RegressorOnPartitions
from ._partitioned_rows import PartitionedRows
from ._score import score_of_partitions


def constructor_of(local: type) -> Callable:
    """Return a constructor with the parameters of a local estimator, and a client."""
    signature = inspect.signature(local)
    client = inspect.Parameter("client", inspect.Parameter.KEYWORD_ONLY, default=None)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    full = signature.replace(parameters=[own, *signature.parameters.values(), client])

    def __init__(self, *args, **kwargs):
        bound = full.bind(self, *args, **kwargs)
        bound.apply_defaults()
        vars(self).update({name: v for name, v in bound.arguments.items() if name != "self"})

    __init__.__signature__ = full  # type: ignore[attr-defined]
    return __init__


def _predicts_probabilities(estimator) -> bool:
    return estimator.__sklearn_tags__().estimator_type == "classifier"


def _predicts_numbers(estimator) -> bool:
    return not _predicts_probabilities(estimator)


class DaskEstimator(BaseEstimator):
    """Base of the estimators for Dask collections."""

    client: Any
    on_partitions: type[OnPartitions]

    def fit(self, X, y, sample_weight=None):
        """Fit on all rows of a collection.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.
        y : dask array, series or data frame
            Targets, with the same partitions as X.
        sample_weight : dask array or series, optional
            Weights of the rows, with the same partitions.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are invalid, with the number of the partition; the estimator
            is then left unchanged.
        RuntimeError
            If the client is closed.
        """
        local = self._on_partitions()
        check_collection(X, local.local.__name__)
        if getattr(self, "warm_start", False):
            raise ValueError(
                "warm_start=True is supported by the local estimators only: set it to False."
            )
        local._check_parameters()
        rng = check_random_state(self.random_state)
        with engine_for(self.client) as engine:
            parts = partitions(X, y, sample_weight)
            try:
                local.fit_partitions(PartitionedRows.read(engine, parts, form_of(X), local), rng)
            except FitInterrupted:  # the weights so far are kept, unless there are better ones
                if self.__sklearn_is_fitted__():
                    raise KeyboardInterrupt from None
                self._keep(local)
                raise
        return self._keep(local)

    def _keep(self, local):
        """Keep the local estimator, and a row, with which Dask learns the form of predictions."""
        self._local, self._row = local.plain(), local.one_row()
        return self

    def predict(self, X):
        """Predict labels or real targets.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        dask array of shape (n_samples,) or (n_samples, n_outputs)
            The result of `to_local().predict`, computed lazily.
        """
        return self._lazily("predict", X)

    @available_if(_predicts_probabilities)
    def predict_proba(self, X):
        """Predict the probabilities of classes or labels.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        dask array of shape (n_samples, n_classes)
            The result of `to_local().predict_proba`, computed lazily.
        """
        return self._lazily("predict_proba", X)

    @available_if(_predicts_numbers)
    def predict_interval(self, X, coverage=0.9):
        """Predict intervals with a given coverage.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.
        coverage : float, default=0.9
            The fraction of new rows with the target inside the interval.

        Returns
        -------
        dask array of shape (n_samples, 2) or (n_samples, 2, n_outputs)
            The result of `to_local().predict_interval`, computed lazily.
        """
        return self._lazily("predict_interval", X, coverage=coverage)

    @available_if(_predicts_probabilities)
    def predict_set(self, X, coverage=0.9):
        """Predict sets of classes with a given coverage.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.
        coverage : float, default=0.9
            The fraction of new rows with the class inside the set.

        Returns
        -------
        dask array of bool, shape (n_samples, n_classes)
            The result of `to_local().predict_set`, computed lazily.
        """
        return self._lazily("predict_set", X, coverage=coverage)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy, or R² for regression, from sums over the partitions.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.
        y : dask array, series or data frame
            Targets, with the same partitions as X.
        sample_weight : dask array or series, optional
            Weights of the rows, with the same partitions.

        Returns
        -------
        float
            The result of `to_local().score`, computed at once.

        Raises
        ------
        ValueError
            If the data are invalid, with the number of the partition, or the estimator predicts
            several quantiles.
        """
        check_is_fitted(self)
        check_collection(X, type(self._local).__name__)
        with engine_for(self.client) as engine:
            given = partitions(X, y, sample_weight)
            return score_of_partitions(engine, self._local, given, form_of(X))

    def transform(self, X):
        """Map rows to the embedding y_E.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        dask array of shape (n_samples, N_E)
            The result of `to_local().transform`, computed lazily.
        """
        return self._lazily("transform", X)

    def to_local(self):
        """Return the fitted local estimator, for data in memory, which does not need Dask.

        Returns
        -------
        TwoLayerRegressor, TwoLayerClassifier or RBFNetwork
            The fitted estimator, with identical predictions.
        """
        check_is_fitted(self)
        return copy(self._local)  # which may be trained further

    def _on_partitions(self) -> Any:
        return self.on_partitions(**self._params_without_client())

    def _params_without_client(self) -> dict:
        params = self.get_params(deep=False)
        del params["client"]
        return {name: clone(value, safe=False) for name, value in params.items()}

    def _lazily(self, method, X, **settings):
        check_is_fitted(self)
        check_collection(X, type(self._local).__name__)
        if not hasattr(X, "_meta_nonempty"):
            few = np.zeros((1, X.shape[1]), dtype=X.dtype)
        elif hasattr(self._row, "columns") and self._row.columns.equals(X.columns):
            few = self._row  # Dask would invent levels and objects
        else:
            few = X._meta_nonempty
        function = partial(getattr(self._local, method), **settings)
        return each_partition(X, function, np.asarray(function(few))[:0])

    def __getattr__(self, name):
        if name.endswith("_") and not name.startswith("_") and "_local" in vars(self):
            return getattr(self._local, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_is_fitted__(self):
        return "_local" in vars(self)

    def __sklearn_clone__(self):
        return type(self)(**self._params_without_client(), client=self.client)

    def __getstate__(self):
        return super().__getstate__() | {"client": None}  # a connection cannot be saved

    def __sklearn_tags__(self):
        return self._on_partitions().__sklearn_tags__()


class DaskTwoLayerRegressor(DaskEstimator):
    """`TwoLayerRegressor` for Dask arrays and data frames.

    The parameters are those of the local estimator, and `client`.

    Parameters
    ----------
    client : distributed.Client, optional
        Where to run; None for Dask's configuration: the last client that was created, or the
        threads of this process, which read one partition after the other.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(100, -1)), da.from_array(y, chunks=100)
    >>> model = DaskTwoLayerRegressor(n_estimators=1, max_iter=20, random_state=0).fit(X, y)
    >>> model.predict(X)[:2].compute().shape
    (2,)
    """

    on_partitions = RegressorOnPartitions
    __init__ = constructor_of(RegressorOnPartitions.local)


class DaskTwoLayerClassifier(DaskEstimator):
    """`TwoLayerClassifier` for Dask arrays and data frames.

    The parameters are those of the local estimator, and `client`.

    Parameters
    ----------
    client : distributed.Client, optional
        Where to run; None for Dask's configuration: the last client that was created, or the
        threads of this process, which read one partition after the other.
    """

    on_partitions = ClassifierOnPartitions
    __init__ = constructor_of(ClassifierOnPartitions.local)


class DaskRBFNetwork(DaskEstimator):
    """`RBFNetwork` for Dask arrays and data frames.

    The parameters are those of the local estimator, and `client`. Centres, widths, the metric and
    the penalty are learned from the sample. In regression, the output layer is fitted by least
    squares on all rows. The output layer of a classifier, for which the local estimator uses at
    most 20,000 rows, is fitted on the sample.

    Parameters
    ----------
    client : distributed.Client, optional
        Where to run; None for Dask's configuration: the last client that was created, or the
        threads of this process, which read one partition after the other.
    """

    on_partitions = RBFOnPartitions
    __init__ = constructor_of(RBFOnPartitions.local)
