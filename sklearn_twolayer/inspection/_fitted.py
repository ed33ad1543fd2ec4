"""The network at the end of a pipeline or a search."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..estimators import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor

NETWORKS = (TwoLayerClassifier, TwoLayerRegressor, RBFNetwork)


def last_step(estimator: Any, X: Any = None) -> tuple[Any, Any]:
    """Return the fitted last step of a pipeline or of a search, and the rows that it receives.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator; for a search, its best estimator is used.
    X : {array-like, sparse matrix, data frame} of shape (n_rows, n_columns), optional
        Rows, as passed to the whole pipeline.

    Returns
    -------
    step : estimator
        The last step, or the estimator itself if there are no steps.
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


def fitted_network(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the same as `last_step`, or raise TypeError if it is not from this package."""
    estimator, X = last_step(estimator, X)
    if not isinstance(estimator, NETWORKS):
        names = ", ".join(owner.__name__ for owner in NETWORKS)
        raise TypeError(
            f"This display needs a fitted {names}, or a pipeline that ends in one; got "
            f"{type(estimator).__name__}."
        )
    return estimator, X
