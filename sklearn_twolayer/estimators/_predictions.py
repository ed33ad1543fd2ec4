"""Predictions for both tasks, and their score."""


class PredictionMixin:
    """Predictions and their score, which stand before those of scikit-learn's mixins."""

    def predict(self, X):
        """Predict labels or real targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, n_quantiles)
            The most probable class, the labels with a probability above one half, or
            numbers in the units of y, within the range of the training targets, extended by
            half their interquartile range at both ends.
        """
        z = self._raw_outputs(X)
        return self._targets.predict(z)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy; for regression R², or the mean of D² for several quantiles.

        Soft targets count as their most probable labels. With several labels per row, all of
        them must be correct. D² is the counterpart of R² for the pinball loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as in fit.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        float
            The score, at most one.
        """
        predicted = self.predict(X)
        return self._targets.score(y, predicted, sample_weight)
