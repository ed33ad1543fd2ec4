"""Limited-memory BFGS by scipy."""

import numpy as np
from scipy.optimize import minimize

from .._checks import check_number
from ._base import Outcome, Run, Solver


class LBFGS(Solver):
    """Limited-memory BFGS on all rows at once, by `scipy.optimize.minimize`.

    Suitable if exact optima matter, for smooth activations and small data. `max_iter` counts its
    iterations and `tol` bounds the largest component of the gradient.

    Parameters
    ----------
    memory : int, default=10
        Number of past steps from which the curvature is estimated, at most 1000.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_twolayer import TwoLayerRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> solver = LBFGS(memory=20)
    >>> model = TwoLayerRegressor("linear", n_units=3, input_map="standard", solver=solver)
    >>> model = model.set_params(random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.5)
    True
    """

    def __init__(self, memory: int = 10):
        self.memory = memory

    def check_parameters(self):
        check_number("memory", self.memory, "[1, 1000]", integer=True)

    def default_max_iter(self, n_rows):
        return 1000

    def minimize(self, objective, params, run: Run, state=None) -> Outcome:
        shape = params.shape
        last = params.astype(np.float64)

        def cost_and_gradient(x):
            stack = x.reshape(shape)
            loss, gradient = objective.loss_and_gradient(stack)
            cost = np.sum(loss + objective.penalty(stack))
            return cost, gradient.ravel().astype(np.float64)

        def callback(intermediate_result):
            x, cost = intermediate_result.x, intermediate_result.fun
            if not (np.isfinite(cost) and np.isfinite(x).all()):
                raise StopIteration
            last[...] = x.reshape(shape)
            loss = (cost - np.sum(objective.penalty(last))) / shape[0]
            if run.on_iteration(last.astype(params.dtype), loss):
                raise StopIteration

        with np.errstate(over="ignore", invalid="ignore"):
            result = minimize(
                cost_and_gradient,
                last.ravel(),
                jac=True,
                method="L-BFGS-B",
                callback=callback,
                options={
                    "maxiter": run.max_iter,
                    "maxfun": 20 * run.max_iter + 100,
                    "gtol": run.tol,
                    "ftol": 64 * np.finfo(objective.dtype).eps,
                    "maxls": 50,
                    "maxcor": min(self.memory, run.max_iter),  # scipy allocates space for all
                },
            )
        if not (np.isfinite(result.fun) and np.isfinite(result.x).all()):
            message = "the cost overflowed; the last finite weights are kept"
            return Outcome(last.astype(params.dtype), result.nit, False, message)
        # 0: converged, 99: stopped by the callback; 2: the line search finds no descent, which is
        # convergence up to rounding.
        final = result.x.reshape(shape).astype(params.dtype)
        return Outcome(final, result.nit, result.status != 1, str(result.message))
