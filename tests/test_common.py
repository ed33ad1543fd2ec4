"""The common tests of scikit-learn, for the kinds of first layers, solvers and refinements."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.embeddings import PRESETS
from sklearn_twolayer.solvers import SOLVERS, Adam, GradientDescent, LeastSquares, as_solver

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
few_centers = pytest.mark.filterwarnings("ignore:Only .* distinct centres")

#: Small networks with a penalty: rounding stays rounding in the few iterations they get.
SMALL = {"embedding": "dense", "n_units": 6, "alpha": 0.01, "max_iter": 15, "n_estimators": 1}
#: Solvers whose defaults need more iterations than that.
FAST = {
    "adam": Adam(0.1, batch_size=16, dtype=None),
    "gradient_descent": GradientDescent(0.5, momentum=0.9),
    "least_squares": LeastSquares(0.001),
}
CHOICES = [
    *({"embedding": name, "solver": "lbfgs"} for name in PRESETS if name != "dense"),
    *(
        {"solver": FAST.get(name, name), "input_map": "standard"}
        for name in SOLVERS
        if name != "adam"
    ),
    {"solver": Adam(0.1, batch_size=None, dtype=None, dropout=0), "max_iter": 50},
    {"solver": "lbfgs", "n_estimators": 3, "blend": "mean"},
]
#: What each run of the tests goes through: both ways of training, factors, validation rows.
QUICK_CHOICES = [
    {"solver": FAST["adam"], "input_map": "standard"},
    {"solver": "lbfgs", "n_estimators": 3, "blend": "scale"},
    {"solver": "lbfgs", "early_stopping": True, "validation_fraction": 0.3},
]
KINDS = (TwoLayerRegressor, TwoLayerClassifier)
QUICK = [kind(**{**SMALL, **choice}) for kind in KINDS for choice in QUICK_CHOICES]
SMALL_ONES = [kind(**{**SMALL, **choice}) for kind in KINDS for choice in CHOICES]
DEFAULTS = [kind() for kind in KINDS]


def radial(*settings):
    return [RBFNetwork(8, random_state=0, **choice) for choice in settings]


CLASSES, REALS = {"task": "classification"}, {"task": "regression"}
PLAIN = {"input_map": "standard", "linear_tail": True}
QUICK_RADIAL = radial(
    {**CLASSES, "refine": None, "kernel": "multiquadric", **PLAIN},
    {**REALS, "refine": None, "width": "nearest", "centers": "random", **PLAIN},
)
RADIAL = radial(
    CLASSES,
    REALS,
    {**CLASSES, "refine": "width+metric", "kernel": "laplace", **PLAIN},
    {**REALS, "refine": "width+metric", "shape": "full", "alpha": 0.01, **PLAIN},
    {**CLASSES, "refine": "gradient", "width": "cluster", "max_iter": 5, **PLAIN},
    {**REALS, "kernel": "cauchy", "normalize": True, "max_iter": 5, **PLAIN},
    {
        **REALS,
        "refine": None,
        "centers": "all",
        "alpha": 0.01,
        "width": "dmax_dimension",
        **PLAIN,
    },
)

#: The one kind of expected failure.
DRAWN = (
    "each row draws its batch, dropout, fold, cluster or side of a split, and repeated rows "
    "their own"
)


def draws(estimator):
    """Return whether random numbers depend on the number of rows."""
    if isinstance(estimator, RBFNetwork):
        return estimator.centers != "all" or estimator.refine is not None
    return (
        estimator.embedding == "rbf"  # its first centres
        or getattr(as_solver(estimator.solver), "batch_size", None) is not None
        or estimator.early_stopping
        or (estimator.blend != "mean" and estimator.n_estimators > 1)
    )


def expected_failures(estimator):
    names = ("on_dense_data", "on_sparse_data") if draws(estimator) else ()
    return {f"check_sample_weight_equivalence_{name}": DRAWN for name in names}


def common_checks(estimators):
    return parametrize_with_checks(estimators, expected_failed_checks=expected_failures)


@common_checks(QUICK + QUICK_RADIAL)
def test_sklearn_compatible_estimator(estimator, check):
    check(estimator)


@pytest.mark.slow
@few_centers
@common_checks(SMALL_ONES)
def test_each_preset_and_solver_is_compatible(estimator, check):
    check(estimator)


@pytest.mark.slow
@common_checks(RADIAL)
def test_each_refinement_is_compatible(estimator, check):
    check(estimator)


@pytest.mark.slow
@few_centers
@common_checks(DEFAULTS)
def test_the_defaults_are_compatible(estimator, check):
    check(estimator)
