"""The network at the end of a pipeline or a search."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..estimators._network import BaseNetwork


def last_step(estimator: Any, X: Any = None) -> tuple[Any, Any]:
    """Return the fitted last step of a pipeline or a search, and the rows X that it receives.

    For a search, it is that of its best estimator; without steps, the estimator itself.
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
    if not isinstance(estimator, BaseNetwork):
        raise TypeError(
            "This display needs a fitted TwoLayerClassifier, TwoLayerRegressor, RBFNetwork, or a "
            f"pipeline that ends in one; got {type(estimator).__name__}."
        )
    return estimator, X
