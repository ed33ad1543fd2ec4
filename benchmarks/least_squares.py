"""How soon Gauss-Newton is where L-BFGS gets to."""

import warnings

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.exceptions import ConvergenceWarning

from sklearn_twolayer import LBFGS, LeastSquares, TwoLayerRegressor

from .measuring import Row, at_least, seconds

TITLE = "Least squares"
NOTE = (
    "Friedman's first function, 10 inputs, 30 tanh units, one network, all cores: the time of "
    "the shortest `LeastSquares` fit whose cost (penalty included) is not above that of `LBFGS` "
    "after 2,000 iterations, beside the time of L-BFGS."
)


def run(quick: bool) -> list[Row]:
    """Measure both solvers."""
    n_rows, n_iter, n_units = (300, 30, 4) if quick else (5000, 2000, 30)
    X, y = make_friedman1(n_rows, noise=1.0, random_state=0)
    lbfgs, slow = _fit(X, y, LBFGS(), n_iter, n_units)
    goal = cost(lbfgs)
    steps = 1
    while True:
        model, fast = _fit(X, y, LeastSquares(), steps, n_units)
        if cost(model) <= goal or model.n_iter_ < steps or steps > 1000:
            break
        steps += max(1, steps // 4)
    case = f"{n_rows:,} × 10, {n_units} units"
    rows = [
        Row(case, f"L-BFGS, {lbfgs.n_iter_} iterations", slow, "s"),
        Row(case, "L-BFGS, cost × 1000", 1e3 * goal, ""),
        Row(case, f"LeastSquares, {model.n_iter_} iterations", fast, "s"),
        Row(case, "LeastSquares, cost × 1000", 1e3 * cost(model), ""),
    ]
    if cost(model) <= goal:
        rows.append(Row(case, "L-BFGS: time / ours", slow / fast, "×", target=at_least(20)))
    return rows


def cost(model: TwoLayerRegressor) -> float:
    """Return E of a fitted network: the data term and the penalty."""
    network = model.network_
    squares = sum(np.sum(part**2) for part in network.penalized(network.views(model.params_)))
    return model.loss_curve_[-1] + 0.5 * model.alpha * squares


def _fit(X, y, solver, max_iter, n_units):
    model = TwoLayerRegressor(
        "dense",
        n_units=n_units,
        activation="tanh",
        input_map="standard",
        n_estimators=1,
        solver=solver,
        max_iter=max_iter,
        tol=0.0,
        n_jobs=-1,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        taken = seconds(lambda: model.fit(X, y))
    return model, taken
