"""RBFNetwork without refinement, compared with kernel machines and boosting."""

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, SVR

from sklearn_twolayer import RBFNetwork

from .measuring import Row, at_least, faster, interleaved, spread
from .problems import Size, amounts, classes

TITLE = "Kernels"
NOTE = (
    'Fits of `RBFNetwork(200, width="dmax_dimension", refine=None)` on 20 inputs, single '
    "precision, all cores. Accuracy or R² on the same number of new rows, at most 20,000, is in "
    "separate rows. Nystroem has 200 components. KernelRidge needs memory for the square of the "
    "number of rows, and gets fewer rows."
)
CLASSIFICATION = {
    "Nystroem + LogisticRegression": lambda: make_pipeline(
        Nystroem(n_components=200, random_state=0), LogisticRegression()
    ),
    "HistGradientBoosting": lambda: HistGradientBoostingClassifier(random_state=0),
    "SVC": SVC,
}
REGRESSION = {
    "Nystroem + RidgeCV": lambda: make_pipeline(
        Nystroem(n_components=200, random_state=0), RidgeCV()
    ),
    "HistGradientBoosting": lambda: HistGradientBoostingRegressor(random_state=0),
    "SVR": SVR,
    "KernelRidge": lambda: KernelRidge(kernel="rbf", alpha=0.1),
}
#: Rows, peers and targets.
CASES = (
    (
        "classification",
        100_000,
        {"Nystroem + LogisticRegression": 2, "HistGradientBoosting": None},
    ),
    ("classification", 20_000, {"SVC": 20}),
    ("regression", 100_000, {"Nystroem + RidgeCV": 2, "HistGradientBoosting": None}),
    ("regression", 20_000, {"SVR": 20}),
    ("regression", 5000, {"KernelRidge": None}),
)


def run(quick: bool) -> list[Row]:
    """Measure fits and scores."""
    rows = []
    for task, n_rows, targets in CASES:
        rows += _case(task, 300 if quick else n_rows, targets, quick)
    return rows


def _case(task, n_rows, targets, quick):
    makers = CLASSIFICATION if task == "classification" else REGRESSION
    models = {"RBFNetwork": _ours(task, quick)}
    models |= {name: makers[name]() for name in targets}
    n_test = min(n_rows, 20_000)
    if task == "classification":
        X, y = classes(Size(n_rows + n_test, 20, 200, 2))
    else:
        X, y = amounts(n_rows + n_test, 20)
    functions = {
        name: (lambda model=model: model.fit(X[:n_rows], y[:n_rows]))
        for name, model in models.items()
    }
    times = interleaved(functions, 1 if quick else 3)
    case = f"{task}, {n_rows:,} rows"
    rows = [spread(case, "RBFNetwork", times["RBFNetwork"], "s")]
    for name, bound in targets.items():
        target = None if bound is None else at_least(bound)
        rows.append(faster(case, times, "RBFNetwork", name, target))
    for name, model in models.items():
        rows.append(Row(case, f"{name}: score", model.score(X[n_rows:], y[n_rows:]), ""))
    return rows


def _ours(task, quick):
    n_centers = 20 if quick else 200
    options = {"width": "dmax_dimension", "refine": None, "random_state": 0, "n_jobs": -1}
    return RBFNetwork(n_centers, task=task, **options)
