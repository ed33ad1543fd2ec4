"""Gauss-Newton steps with Levenberg-Marquardt damping, for small networks."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._checks import check_number
from ._base import Outcome, Run, Solver


class LeastSquares(Solver):
    """Gauss-Newton with Levenberg-Marquardt damping; the output layer is kept optimal.

    Each iteration sums the normal equations over blocks of rows and solves them with damping on
    the first layer. With squared loss the output layer then takes its optimum given the first, in
    closed form: variable projection with Kaufman's Jacobian (Golub & Pereyra, 2003; Kaufman,
    1975). Other losses take the full step, weighted by the curvature of the loss (generalised
    Gauss-Newton). The damping is adapted by the ratio of the actual to the predicted decrease of
    the cost (Nielsen, 1999).

    Much faster than `LBFGS` for smooth activations and up to a few thousand parameters: an
    iteration costs about n_rows · n_parameters² · n_outputs.

    Parameters
    ----------
    damping : float, default=1.0
        Initial damping, relative to the diagonal of the normal equations.
    max_parameters : int, default=3000
        Largest number of parameters that is accepted, since the normal equations need memory for
        its square.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn_twolayer import TwoLayerRegressor
    >>> X, y = make_friedman1(300, random_state=0)
    >>> model = TwoLayerRegressor(
    ...     n_units=10, activation="tanh", input_map="standard", n_estimators=1,
    ...     solver=LeastSquares(), random_state=0,
    ... ).fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    """

    requires = ("normal equations",)

    def __init__(self, damping: float = 1.0, *, max_parameters: int = 3000):
        self.damping = damping
        self.max_parameters = max_parameters

    def check_parameters(self):
        check_number("damping", self.damping, "(0, inf)")
        check_number("max_parameters", self.max_parameters, "[1, inf)", integer=True)

    def working_dtype(self, dtype):
        # Normal equations square the condition number: too much for single precision.
        return np.dtype(np.float64)

    def check_cost(self, objective):
        super().check_cost(objective)
        n_parameters = objective.n_parameters
        if n_parameters > self.max_parameters:
            raise ValueError(
                f"LeastSquares solves for all {n_parameters} parameters of the network at once, "
                f"but max_parameters={self.max_parameters}: use solver='lbfgs' or 'adam', fewer "
                "units, or an input_map with fewer columns."
            )

    def minimize(self, objective, params, run: Run, state=None) -> Outcome:
        params = params.astype(np.float64)
        losses = objective.data_term(params)
        descents = {
            k: self._descend(objective.networks(slice(k, k + 1)), params[k], run.tol)
            for k in range(len(params))
        }
        ends = []
        for n_iter in range(1, run.max_iter + 1):
            for k, descent in list(descents.items()):
                try:
                    with np.errstate(over="ignore", invalid="ignore"):
                        losses[k] = next(descent)
                except StopIteration as end:
                    ends.append(end.value)
                    del descents[k]
            if not descents:
                converged = all(converged for converged, _ in ends)
                messages = "; ".join(sorted({message for _, message in ends}))
                return Outcome(params, n_iter - 1, converged, messages)
            with np.errstate(over="ignore"):
                loss = losses.mean()
            if run.on_iteration(params, loss):
                return Outcome(params, n_iter, True, "stopped on request")
        message = "max_iter was reached before the gradient fell below tol"
        return Outcome(params, run.max_iter, False, message)

    def _descend(self, objective, vector, tol):
        """Yield the loss of one network after each step, in place.

        Return whether it has converged, and why it ended.
        """
        overflow = False, "the cost overflowed; the last finite weights are kept"
        trial = objective.with_best_output(vector)
        cost, _ = self._cost(objective, trial)
        if not np.isfinite(cost):
            return overflow
        vector[...] = trial
        damping, damped = self.damping, objective.damped()
        while True:
            matrix, gradient = objective.normal_equations(vector)
            if not np.isfinite(matrix).all():
                return overflow
            if np.abs(gradient).max() <= tol:
                return True, "the gradient is below tol"
            growth = 2.0
            while damping < 1e12:
                step = self._step(matrix, gradient, damping * damped)
                trial = objective.with_best_output(vector - step)
                trial_cost, loss = self._cost(objective, trial)
                if trial_cost < cost:
                    break
                damping, growth = damping * growth, 2 * growth
            else:
                return True, "no step decreases the cost"
            foretold = step @ gradient - 0.5 * step @ matrix @ step
            gain, cost = cost - trial_cost, trial_cost
            ratio = gain / foretold if foretold > 0 else 1.0
            damping = max(damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), 1e-12)
            vector[...] = trial
            yield loss
            if gain <= 64 * np.finfo(np.float64).eps * cost:
                return True, "the cost no longer decreases"

    @staticmethod
    def _cost(objective, vector):
        loss = objective.data_term(vector[None])[0]
        return loss + objective.penalty(vector[None])[0], loss

    @staticmethod
    def _step(matrix, gradient, damping):
        diagonal = np.einsum("ii->i", matrix)
        floor = 1e-10 * diagonal.mean()
        damped = matrix.copy()
        np.einsum("ii->i", damped)[...] += damping * np.maximum(diagonal, floor) + floor
        try:
            return cho_solve(cho_factor(damped, lower=True, overwrite_a=True), gradient)
        except LinAlgError:  # rounding has made it indefinite: more damping helps
            return np.full_like(gradient, np.nan)
