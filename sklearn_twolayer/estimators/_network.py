"""The base of all estimators."""

from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_X_y
from sklearn.utils.validation import check_is_fitted

from .._checks import check_choice
from .._documented import Documented
from .._linalg import dense
from .._moments import small_indices
from .._sample import Codes, Folds, Sample
from .._sizes import default_n_folds
from .._warnings import warn_user
from ..blending import deal_folds
from ..codes import find_codes
from ..input_maps import INPUT_MAPS, InputMap
from ..model import Model
from ..network import Network
from ..rows import Transformer
from ..solvers import as_solver
from ._attributing import AttributionMixin
from ._html import FittedHTMLMixin
from ._out_of_fold import OutOfFoldMixin
from ._pairs import keep_pairs
from ._rows import RowsMixin
from ._target_checks import check_given, exact
from ._targets_by_task import TargetsMixin
from ._validation import check_weights, prefixed

#: Minimum number of folds for target statistics, if no network leaves one out.
N_FOLDS = 4


class BaseNetwork(
    TargetsMixin,
    AttributionMixin,
    OutOfFoldMixin,
    RowsMixin,
    FittedHTMLMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    Documented,
):
    """The steps that all fits share, and what a fitted network offers.

    A subclass stores the parameters, and fits `_model`.
    """

    _codes: Codes | None = None  # which columns are codes, alone or in pairs, if any

    # Steps of fit.

    def _validate(self, X, y, sample_weight, *, reset) -> Sample:
        check_given(y)
        table, X = X, self._matrix(X, y, sample_weight, reset=reset)
        with np.errstate(invalid="ignore", over="ignore"):  # infinities may add up
            X, y = check_X_y(X, exact(y), multi_output=True, estimator=self, **self._checks(X))
        y = y.toarray() if sparse.issparse(y) else y
        y, weights = self._validate_y(y), check_weights(sample_weight, X)
        is_table = hasattr(self, "feature_names_in_") or self._reads_columns
        return Sample(
            small_indices(X),
            y,
            weights,
            np.arange(X.shape[0]),
            self._is_category,
            table=table if is_table else None,
        )

    def _begin(self, sample: Sample, goes_on: bool) -> Sample:
        """Learn the form of the targets, encode them, and compute the weights of the rows."""
        self._out_of_fold, self._has_one_row = None, False
        self._learn_targets(sample, goes_on)
        sample = self._encoded(sample)
        if not goes_on:
            self._codes = None
            self._fill = None if sample.is_mixed else _means(sample)
        return sample

    def _with_codes(self, sample: Sample, *, goes_on: bool = False) -> Sample:
        """Return the rows with the columns that are codes, alone or in pairs."""
        if not goes_on:
            self._find_codes(sample)
        if self._codes is None:
            return sample
        # The number of flags is that of the columns, without the one for folds.
        return replace(sample, is_category=sample.category_flags, codes=self._codes)

    def _find_codes(self, sample: Sample) -> None:
        is_own = isinstance(self.input_map, str | InputMap)  # a user's map gets all columns
        if sparse.issparse(sample.X) or self.categorical_features is None or not is_own:
            return
        columns, n_inputs = self._columns, sample.X.shape[1]
        is_number = np.ones(n_inputs, dtype=bool) if columns is None else columns.is_number
        codes = find_codes(sample, is_number, self.n_jobs)
        codes = keep_pairs(sample, codes, self._resolve_loss(), self._targets.link, self.n_jobs)
        if not codes.is_used.any():
            return
        self._codes = codes
        if columns is not None:
            self._columns = columns.with_codes(codes)
        if self._fill is not None:  # a mean may be the code of something
            self._fill = np.where(codes.is_used, np.nan, self._fill)

    def _with_statistics(self, sample: Sample, rng: np.random.RandomState) -> Sample:
        """Return rows with codes and folds, unless a warm start may have other rows."""
        return sample if self.warm_start else self._with_folds(self._with_codes(sample), rng)

    def _with_folds(self, sample: Sample, rng: np.random.RandomState) -> Sample:
        """Return rows with folds, for target statistics that exclude a row's own target."""
        if sample.is_category is None:
            return sample
        n_folds = default_n_folds(sample.n_rows, N_FOLDS)
        return sample.dealt(Folds(deal_folds(sample.targets, n_folds, rng), n_left_out=0))

    def _encoded(self, sample: Sample) -> Sample:
        """Return the rows with a positive weight, multiplied by class weights, and targets."""
        sample = self._weighted(sample)
        if not sample.weights.all():
            # The others are as if they were not there, also for what is missing.
            sample = replace(sample.take(np.flatnonzero(sample.weights)), has_missing=None)
        return replace(sample, targets=self._targets.encode(sample.y))

    def _held_out(self, X_val, y_val) -> Sample | None:
        """Return the validation rows, validated and encoded, if there are any."""
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("X_val and y_val must be passed together.")
        with prefixed("In the validation rows X_val, y_val"):
            return self._encoded(self._validate(X_val, y_val, None, reset=False))

    def _check_input_map(self):
        if isinstance(self.input_map, str):
            check_choice("input_map", self.input_map, ("auto", *INPUT_MAPS))

    def _warn_unless_converged(self, outcome):
        if outcome.converged:
            return
        remedy = "Increase max_iter, raise tol, or scale the inputs (input_map)."
        if "overflow" in outcome.message:
            remedy = (
                "Scale the inputs (input_map), lower the learning rate, or choose another loss."
            )
        elif "learning rate" in outcome.message:
            remedy = "Increase max_iter, or use solver=Adam(schedule='constant')."
        warn_user(
            f"The solver {self.solver!r} stopped after {outcome.n_iter} iterations: "
            f"{outcome.message}. {remedy}",
            ConvergenceWarning,
        )

    def set_params(self, **params):
        """Set parameters, including nested ones such as ``solver__learning_rate``.

        Parameters
        ----------
        **params : dict
            Names and values. A solver given by name becomes an instance if its parameters are set.

        Returns
        -------
        self
            The estimator.
        """
        for name in {key.partition("__")[0] for key in params if "__" in key}:
            value = params.get(name, getattr(self, name, None))
            if not isinstance(value, str):
                continue
            if name != "solver":
                others = ", or set n_units and activation" if name == "embedding" else ""
                raise ValueError(
                    f"{name}={value!r} is a name without parameters of its own: pass an instance "
                    f"to set them{others}."
                )
            params[name] = as_solver(value)
        return super().set_params(**params)

    # After fit.

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_model")

    @property
    def _fitted(self) -> Model:
        check_is_fitted(self)
        return self._model

    @property
    def params_(self) -> np.ndarray:
        """The fitted parameters of the networks."""
        return self._fitted.parts[0].params

    @property
    def network_(self) -> Network:
        """The two layers as functions of `params_`."""
        return self._fitted.parts[0].network

    @property
    def input_map_(self) -> Transformer | None:
        """The fitted input map of the networks."""
        return self._fitted.parts[0].input_map

    def _raw_outputs(self, X) -> np.ndarray:
        """Return z, of shape (n_rows, n_outputs)."""
        X = self._validate_rows(X)
        return self._model.raw_outputs(X, self.n_jobs)

    def transform(self, X):
        """Map rows to the embedding y_E.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, N_E)
            The outputs of the first layers of all networks side by side. Those of a blend are
            in the order of its parts: networks, rectified networks, radial-basis network, local
            average, as far as these exist.
        """
        X = self._validate_rows(X)
        return self._model.embeddings(X, self.n_jobs)

    @property
    def _n_features_out(self):
        return self._model.width

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@np.errstate(over="ignore", invalid="ignore")
def _means(sample: Sample) -> np.ndarray:
    """Return the mean of each column; its first value if the sum overflows."""
    X, shares = sample.X, sample.weights / sample.weights.sum()
    means = X.T @ shares if sparse.issparse(X) else np.einsum("i,ij->j", shares, X)
    return np.where(np.isfinite(means), means, dense(X[:1])[0])
