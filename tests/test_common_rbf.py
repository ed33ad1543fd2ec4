"""The common tests of scikit-learn, for each task, refinement, kernel and rule of RBFNetwork."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_twolayer import RBFNetwork

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DRAWN = "clusters and folds are drawn, and rows left out, for repeated rows one by one"

PLAIN = {"input_map": "standard", "linear_tail": True}


def networks(*settings):
    return [RBFNetwork(8, random_state=0, **choice) for choice in settings]


CLASSES, REALS = {"task": "classification"}, {"task": "regression"}
QUICK = networks(
    {**CLASSES, "refine": None, "kernel": "multiquadric", **PLAIN},
    {**REALS, "refine": None, "width": "nearest", "centers": "random", **PLAIN},
)
THOROUGH = networks(
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


def expected_failures(estimator):
    if estimator.centers == "all" and estimator.refine is None:
        return {}
    checks = ("dense", "sparse")
    return {f"check_sample_weight_equivalence_on_{kind}_data": DRAWN for kind in checks}


def common_checks(estimators):
    return parametrize_with_checks(estimators, expected_failed_checks=expected_failures)


@common_checks(QUICK)
def test_sklearn_compatible_estimator(estimator, check):
    check(estimator)


@pytest.mark.slow
@common_checks(THOROUGH)
def test_each_refinement_is_compatible(estimator, check):
    check(estimator)
