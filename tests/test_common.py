"""The common tests of scikit-learn: every first layer, every solver, and the defaults."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_twolayer import TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.embeddings import PRESETS
from sklearn_twolayer.solvers import SOLVERS, Adam, GradientDescent, LeastSquares, as_solver

#: Small networks with a penalty: rounding stays rounding in the few iterations they get.
SMALL = {"embedding": "dense", "n_units": 6, "alpha": 0.01, "max_iter": 15, "n_estimators": 1}
#: Solvers whose defaults need more iterations than that.
FAST = {
    "adam": Adam(0.1, batch_size=16, dtype=None),
    "gradient_descent": GradientDescent(0.5, momentum=0.9),
    "least_squares": LeastSquares(0.001),
}
CHOICES = [
    *({"embedding": name, "solver": "lbfgs"} for name in PRESETS),
    *({"solver": FAST.get(name, name), "input_map": "standard"} for name in SOLVERS),
    {"solver": Adam(0.1, batch_size=None, dtype=None, dropout=0), "max_iter": 50},
    {"solver": "lbfgs", "n_estimators": 3},
    {"solver": "lbfgs", "n_estimators": 3, "blend": "mean"},
    {"solver": "lbfgs", "early_stopping": True, "validation_fraction": 0.3},
]
ESTIMATORS = [
    estimator
    for kind in (TwoLayerRegressor, TwoLayerClassifier)
    for estimator in (kind(), *(kind(**{**SMALL, **choice}) for choice in CHOICES))
]


#: The one kind of expected failure.
DRAWN = "each row draws its batch, dropout, fold or side of a split, and repeated rows their own"


def expected_failures(estimator):
    draws = (
        estimator.embedding == "rbf"  # its first centres
        or getattr(as_solver(estimator.solver), "batch_size", None) is not None
        or estimator.early_stopping
        or (estimator.blend != "mean" and estimator.n_estimators > 1)
    )
    names = ("on_dense_data", "on_sparse_data") if draws else ()
    return {f"check_sample_weight_equivalence_{name}": DRAWN for name in names}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:Only .* distinct centres")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_compatible_estimator(estimator, check):
    check(estimator)
