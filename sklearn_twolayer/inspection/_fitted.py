"""The network in what a user hands over."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..estimators import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor

NETWORKS = (TwoLayerClassifier, TwoLayerRegressor, RBFNetwork)


def last_step(estimator: Any, X: Any = None) -> tuple[Any, Any]:
    """Return the last step of a pipeline or of a search, fitted, and the rows as it sees them.

    Parameters
    ----------
    estimator : estimator
        Fitted; a search stands for its best estimator.
    X : {array-like, sparse matrix, data frame} of shape (n_rows, n_columns), optional
        Rows as the whole takes them.

    Returns
    -------
    step : estimator
        The last step; the estimator itself, where there are no steps.
    X : object
        The rows, transformed by the other steps.
    """
    check_is_fitted(estimator)
    estimator = getattr(estimator, "best_estimator_", estimator)
    if not hasattr(estimator, "steps"):
        return estimator, X
    if X is not None and len(estimator.steps) > 1:
        X = estimator[:-1].transform(X)
    return last_step(estimator[-1], X)


def fitted_network(estimator: Any, X: Any = None) -> tuple[Any, Any]:
    """Return what `last_step` does, or raise TypeError if it is no network of this package."""
    estimator, X = last_step(estimator, X)
    if not isinstance(estimator, NETWORKS):
        names = ", ".join(owner.__name__ for owner in NETWORKS)
        raise TypeError(
            f"This display needs a fitted {names}, or a pipeline that ends in one; got "
            f"{type(estimator).__name__}."
        )
    return estimator, X
