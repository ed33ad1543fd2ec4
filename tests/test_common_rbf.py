"""The common tests of scikit-learn, for each task, refinement, kernel and rule of RBFNetwork."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_twolayer import RBFNetwork

DRAWN = "clusters and folds are drawn from the rows, and repeated ones are drawn one by one"

SETTINGS = [
    {},
    {"refine": None, "width": "dmax_dimension"},
    {"refine": "width+metric", "kernel": "laplace", "alpha": 0.01},
    {"refine": "gradient", "kernel": "inverse_multiquadric", "width": "nearest", "max_iter": 5},
    {"refine": None, "kernel": "multiquadric", "centers": "random", "linear_tail": True},
    {"kernel": "cauchy", "centers": "all", "width": "cluster", "input_map": "standard"},
    {"kernel": "matern32", "shape": "full", "shared": False, "normalize": True},
]
ESTIMATORS = [
    RBFNetwork(6, task=task, random_state=0, **settings)
    for task in ("classification", "regression")
    for settings in SETTINGS
]


def expected_failures(estimator):
    drawn = estimator.centers != "all" or estimator.task == "classification"
    checks = ("dense", "sparse") if drawn else ()
    return {f"check_sample_weight_equivalence_on_{kind}_data": DRAWN for kind in checks}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_compatible_estimator(estimator, check):
    check(estimator)
