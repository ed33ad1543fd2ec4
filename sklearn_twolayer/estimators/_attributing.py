"""What columns do to predictions, from the fitted function and a few training rows."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from .._linalg import Matrix, dense
from .._sample import Sample
from ..attribution import Attribution, Explanation, importances
from ..links import IdentityLink

#: Training rows that are kept to compare others with.
N_BACKGROUND = 100
#: Numbers that they hold at most, if that leaves some.
MOST_NUMBERS, FEWEST_ROWS = 2**17, 10


class AttributionMixin:
    """Importances, gradients with respect to the input, and explanations of predictions."""

    n_jobs: int | None
    n_features_in_: int
    _model: Any
    _targets: Any
    _validate_rows: Callable
    _background: Matrix | None = None

    def _keep_background(self, sample: Sample, rng: np.random.RandomState) -> None:
        """Keep a few training rows, drawn by their weights, without a change to `rng`."""
        n_rows, n_columns = sample.X.shape
        most = min(N_BACKGROUND, max(MOST_NUMBERS // n_columns, FEWEST_ROWS))
        p = sample.weights / sample.weights.sum()
        index = copy.deepcopy(rng).choice(n_rows, min(most, n_rows), replace=False, p=p)
        self._background = sample.X[index]

    def _attribution(self, link, background=None) -> Attribution:
        rows = self._background if background is None else self._validate_rows(background)
        return Attribution(self._model, link, dense(rows), self.n_jobs)

    @property
    def feature_importances_(self) -> np.ndarray:
        """How much each input column matters to the predictions; the sum is one.

        The mean square of the change of a prediction where a row takes the value of the column
        from another row, over up to 100 training rows that are kept; for classes, of the
        probabilities. It needs no targets, and ranks columns as permutation importance does.
        A category is one column, and so are a date and a number with missing values.
        """
        check_is_fitted(self)
        rows = dense(self._background)
        found = importances(self._model, self._targets.link, rows, self.n_jobs)
        return self._summed_by_column(found, axis=0)

    def input_gradients(self, X):
        """Return the derivatives of predictions with respect to the input.

        They are exact, through the input maps: of `predict` for real targets (zero where a
        prediction is held by the range of the targets), of `decision_function` for classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
            Derivatives, in the units of y for each unit of X; NaN where there is no number
            to change: at categories, dates and missing values.
        """
        check_is_fitted(self)
        X = self._validate_rows(X)
        gradients = self._model.input_gradients(X, self.n_jobs)
        if is_regressor(self):
            slopes = self._targets.slopes(self._model.raw_outputs(X, self.n_jobs))
            gradients = gradients * slopes[:, None, :]
        if self._reads_columns:
            columns = self._columns
            gradients = gradients[:, columns.starts]
            gradients[:, [each.kind == "date" for each in columns.columns]] = np.nan
        return self._without_single(gradients).astype(X.dtype, copy=False)

    def explain(self, X, background=None):
        """Share predictions out among the columns.

        Expected gradients (Erion et al., 2021), between rows after the input map: what a
        column contributes is the derivative times the difference to a background row, on the
        average over the line between both and over the background rows. It is the prediction
        for real targets (before it is held by their range, and before several quantiles are
        put in order), `decision_function` for classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        background : {array-like, sparse matrix}, optional
            Rows to compare with; up to 100 training rows, if None.

        Returns
        -------
        Explanation
            With `values`, of shape (n_samples, n_features) or (n_samples, n_features,
            n_outputs), and `base_values`, the mean over the background: both add up to the
            predictions. `sklearn_twolayer.shap.to_shap` prepares it for the plots of shap.

        Raises
        ------
        AttributeError
            If an input map of the user's mixes columns.
        """
        check_is_fitted(self)
        is_numbers = is_regressor(self)
        link = self._targets.link if is_numbers else IdentityLink()
        attribution = self._attribution(link, background)
        rows = dense(self._validate_rows(X))
        values, base = attribution.explained(rows)
        values = self._summed_by_column(values, axis=1)
        if is_numbers:
            values, base = values * self._targets.scale, self._targets.decode(base[None])[0]
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(self.n_features_in_)])
        base = self._without_single(base)
        data = X.to_numpy() if hasattr(X, "to_numpy") else rows
        return Explanation(self._without_single(values), base, data, list(names))

    def _summed_by_column(self, values, axis):
        """Return sums over what each column of a table has become."""
        if not self._reads_columns:
            return values
        return np.add.reduceat(values, self._columns.starts, axis=axis)

    def _without_single(self, values):
        """Return values without the axis for outputs where predictions have none."""
        if is_regressor(self):
            is_one = self._targets.single and not self._targets.per_target
            return values[..., 0] if is_one else values
        return values[..., 0] if getattr(self._targets, "binary", False) else values
