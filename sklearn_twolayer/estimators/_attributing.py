"""Effects of columns on predictions, from the fitted function and a few training rows."""

import copy
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from .._linalg import Matrix, dense, in_range
from .._moments import small_indices
from .._sample import Sample
from ..attribution import Attribution, Explanation, importances
from ..columns import array_of, is_frame
from ..links import IdentityLink
from ._rows import RowsMixin, column_names
from ._validation import prefixed

#: Number of training rows that are kept as a background.
N_BACKGROUND = 100
#: Maximum number of their entries, and the minimum number of rows.
MOST_NUMBERS, FEWEST_ROWS = 2**17, 10


class AttributionMixin(RowsMixin):
    """Importances, gradients with respect to the input, and explanations of predictions."""

    n_jobs: int | None
    _model: Any
    _targets: Any
    _unit: Any
    _background: Matrix | None = None

    def _keep_background(self, sample: Sample, rng: np.random.RandomState) -> None:
        """Keep a few training rows, drawn by their weights, without changing `rng`."""
        n_rows, n_columns = sample.X.shape
        most = min(N_BACKGROUND, max(MOST_NUMBERS // n_columns, FEWEST_ROWS))
        p = sample.weights / sample.weights.sum()
        index = copy.deepcopy(rng).choice(n_rows, min(most, n_rows), replace=False, p=p)
        self._background = sample.X[index]

    @property
    def feature_importances_(self) -> np.ndarray:
        """Importance of each input column; the sum is one, or zero if predictions are constant.

        The mean squared change of the prediction (for classification, of the probabilities) when
        the value of the column is replaced by that of another row, over up to 100 training rows.
        Changes below the resolution of single precision count as none.
        It needs no targets, and ranks columns much as permutation importance does. A category
        counts as one column, together with the parts of its text, and so do dates and numbers
        with missing values.
        """
        check_is_fitted(self)
        rows = dense(self._background)
        starts = self.columns_.starts if self._reads_columns else None
        predict = self._targets.limited if is_regressor(self) else self._targets.link
        return importances(self._model, predict, rows, starts, self.n_jobs)

    def input_gradients(self, X):
        """Return the derivatives of predictions with respect to the input.

        They are exact, through the input maps: derivatives of `predict` for regression (zero where
        the range of the targets limits a prediction), and of `decision_function` for
        classification.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
            Derivatives, in units of y per unit of X; NaN for categories, dates and missing values.
            For codes, the part of their order alone.
        """
        check_is_fitted(self)
        given = small_indices(self._matrix(X, reset=False, fill=False))
        X = self._filled(given)
        gradients = self._model.input_gradients(X, self.n_jobs)
        if is_regressor(self):
            z = self._model.raw_outputs(X, self.n_jobs)
            with np.errstate(over="ignore"):
                gradients = gradients * in_range(self._targets.slopes(z))[:, None, :]
            gradients = self._targets.in_order(gradients, z)
        if X is not given:
            gradients[np.isnan(given)] = np.nan
        if self._reads_columns:
            columns = self._columns
            gradients = gradients[:, columns.starts]
            gradients[:, [each.kind == "date" for each in columns.columns]] = np.nan
        with np.errstate(over="ignore"):
            gradients = in_range(gradients.astype(X.dtype, copy=False))
        return self._without_single(gradients)

    def explain(self, X, background=None):
        """Split predictions into contributions of the columns.

        Expected gradients (Erion et al., 2021) between rows after the input map: the contribution
        of a column is the derivative times the difference to a background row, averaged over the
        line between both rows and over the background rows. The prediction is explained for
        regression (before it is limited to the range of the targets, and before several quantiles
        are sorted), and `decision_function` for classification. The time is proportional to the
        number of rows, of background rows and of outputs, such as classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        background : {array-like, sparse matrix}, optional
            Rows to compare with; if None, up to 100 training rows.

        Returns
        -------
        Explanation
            With `values`, of shape (n_samples, n_features) or (n_samples, n_features, n_outputs),
            and `base_values`, the mean over the background: both add up to the predictions.
            `sklearn_twolayer.shap.to_shap` converts it for shap's plots.

        Raises
        ------
        ValueError
            If the rows or those of `background` are invalid.
        AttributeError
            If the input map mixes columns, such as `PrincipalMap` or a transformer of your own.
        """
        check_is_fitted(self)
        is_numbers = is_regressor(self)
        link = self._targets.link if is_numbers else IdentityLink()
        others = self._background
        if background is not None:
            with prefixed("In the rows of background"):
                others = self._validate_rows(background)
        rows = dense(self._validate_rows(X))
        values, base = Attribution(self._model, link, dense(others), rows, self.n_jobs).explained()
        values = self._summed_by_column(values)
        if is_numbers:
            with np.errstate(over="ignore"):
                values = in_range(values * self._unit)
            base = self._targets.decode(base[None])[0]
        base = self._without_single(base)
        data = array_of(X) if is_frame(X) else rows
        return Explanation(self._without_single(values), base, data, column_names(self))

    def _summed_by_column(self, values):
        """Return sums over the encoded columns of each column of a table."""
        if not self._reads_columns:
            return values
        return np.add.reduceat(values, self._columns.starts, axis=1)

    def _without_single(self, values):
        """Return values without the axis for outputs if predictions have none."""
        if is_regressor(self):
            is_one = self._targets.single and not self._targets.per_target
            return values[..., 0] if is_one else values
        return values[..., 0] if getattr(self._targets, "binary", False) else values
