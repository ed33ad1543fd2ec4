"""The common tests of scikit-learn, for each task, refinement, kernel and rule of RBFNetwork."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_twolayer import RBFNetwork

DRAWN = "clusters and folds are drawn, and rows left out, for repeated rows one by one"

PLAIN = {"input_map": "standard", "linear_tail": True}
ESTIMATORS = [
    RBFNetwork(8, task=task, random_state=0, **settings)
    for task, settings in [
        ("classification", {}),
        ("regression", {}),
        ("classification", {"refine": None, "kernel": "multiquadric", **PLAIN}),
        ("regression", {"refine": None, "width": "nearest", "centers": "random", **PLAIN}),
        ("classification", {"refine": "width+metric", "kernel": "laplace", **PLAIN}),
        ("regression", {"refine": "width+metric", "shape": "full", "alpha": 0.01, **PLAIN}),
        ("classification", {"refine": "gradient", "width": "cluster", "max_iter": 5, **PLAIN}),
        ("regression", {"kernel": "cauchy", "normalize": True, "max_iter": 5, **PLAIN}),
        (
            "regression",
            {"refine": None, "centers": "all", "alpha": 0.01, "width": "dmax_dimension", **PLAIN},
        ),
    ]
]


def expected_failures(estimator):
    if estimator.centers == "all" and estimator.refine is None:
        return {}
    checks = ("dense", "sparse")
    return {f"check_sample_weight_equivalence_on_{kind}_data": DRAWN for kind in checks}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_compatible_estimator(estimator, check):
    check(estimator)
