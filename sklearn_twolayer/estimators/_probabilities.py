"""Predictions for classification."""

import numpy as np
from sklearn.utils.metaestimators import available_if


def _classifies(estimator) -> bool:
    task = getattr(estimator, "task", "classification")
    if task != "classification":
        raise AttributeError(
            f"{type(estimator).__name__} has this method only for task='classification', not for "
            f"task={task!r}."
        )
    return True


classification_only = available_if(_classifies)


class ProbabilityMixin:
    """Probabilities and raw outputs; not available for regression."""

    @classification_only
    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The probability of each class; rows sum to one, except for several labels
            per row, where entries are independent.
        """
        z = self._raw_outputs(X)
        return self._targets.probabilities(z)

    @classification_only
    def predict_log_proba(self, X):
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The logarithm of `predict_proba`: always finite, since no probability is zero.
        """
        return np.log(self.predict_proba(X))

    @classification_only
    def decision_function(self, X):
        """Return the raw outputs z.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            z, one-dimensional for two classes.
        """
        z = self._raw_outputs(X)
        return self._targets.decision(z)
