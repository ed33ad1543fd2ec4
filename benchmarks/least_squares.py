"""The time in which Gauss-Newton reaches the cost of L-BFGS."""

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from sklearn_twolayer import LBFGS, LeastSquares, TwoLayerRegressor

from .measuring import Row, at_least, quietly, seconds

TITLE = "Least squares"
NOTE = (
    "Friedman's first function, 10 inputs, 30 tanh units, one network, alpha 1e-6, all cores: "
    "the time of the shortest `LeastSquares` fit with a cost (including the penalty) not above "
    "that of `LBFGS` after 2,000 iterations, compared with the time of these iterations, and of "
    "the same number of iterations of scikit-learn's MLPRegressor. If the cost is not reached, "
    "the fit has ended in another local minimum, and there is no ratio."
)
ALPHA = 1e-6


def run(quick: bool) -> list[Row]:
    """Measure both solvers, without and with noise."""
    return [row for noise in (0.0, 1.0) for row in _with_noise(noise, quick)]


def _with_noise(noise, quick):
    n_rows, n_iter, n_units = (300, 30, 4) if quick else (5000, 2000, 30)
    X, y = make_friedman1(n_rows, noise=noise, random_state=0)
    lbfgs, slow = _fit(X, y, LBFGS(), n_iter, n_units)
    model, fast = _shortest(X, y, cost(lbfgs), n_units)
    case = f"{n_rows:,} × 10, {n_units} units, noise {noise:.0f}"
    rows = [
        Row(case, f"L-BFGS, {lbfgs.n_iter_} iterations", slow, "s"),
        Row(case, "L-BFGS, cost × 1000", 1e3 * cost(lbfgs), ""),
        Row(case, f"LeastSquares, {model.n_iter_} iterations", fast, "s"),
        Row(case, "LeastSquares, cost × 1000", 1e3 * cost(model), ""),
    ]
    if cost(model) <= cost(lbfgs):
        mlp = _mlp_seconds(X, y, n_iter, n_units)
        rows.append(Row(case, "L-BFGS: time / ours", slow / fast, "×", target=at_least(20)))
        rows.append(Row(case, "scikit-learn's L-BFGS: time / ours", mlp / fast, "×"))
    return rows


def _shortest(X, y, goal, n_units):
    """Return the shortest fit that reaches a cost, or the longest, and its time."""
    steps = 1
    while True:
        model, taken = _fit(X, y, LeastSquares(), steps, n_units)
        if cost(model) <= goal or model.n_iter_ < steps or steps > 200:
            return model, taken
        steps += max(1, steps // 4)


def _mlp_seconds(X, y, n_iter, n_units):
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    # Its alpha is divided by the number of rows.
    options = {"alpha": ALPHA * len(X), "solver": "lbfgs", "activation": "tanh", "tol": 0.0}
    options |= {"hidden_layer_sizes": (n_units,), "max_fun": 10**6, "random_state": 0}
    mlp = MLPRegressor(max_iter=n_iter, **options)
    return seconds(quietly(lambda: mlp.fit(X, y)))


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
        alpha=ALPHA,
        max_iter=max_iter,
        tol=0.0,
        n_jobs=-1,
        random_state=0,
    )
    return model, seconds(quietly(lambda: model.fit(X, y)))
