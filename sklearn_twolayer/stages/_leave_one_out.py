"""Ridge regression of all targets on fixed activations, for every α at once.

One eigendecomposition of the weighted covariance of the activations gives the solution
and the exact leave-one-out residuals e_i / (1 - lev_i) (PRESS; Allen, 1974) for any α.
The intercept is not penalised.
"""

from functools import cached_property

import numpy as np
from scipy.linalg import eigh

from ._design import Design

#: The values of α to choose from, as parts of the largest eigenvalue.
GRID = np.logspace(-13, 0, 27)


class LeaveOneOut:
    """The output layer W, b of least ½(y - d)² + (α/2)‖W‖², and what it does to rows left out.

    Parameters
    ----------
    design : Design
        Activations, targets and weights.

    Attributes
    ----------
    values : ndarray of shape (n_columns,)
        Eigenvalues of the covariance of the activations, ascending.
    vectors : ndarray of shape (n_columns, n_columns)
        Eigenvectors, as columns.
    center, offset : ndarray
        Weighted means of the activations and of the targets.
    """

    def __init__(self, design: Design):
        self.design = design

        def means(part):
            w = design.weights(part)
            return w @ design.block(part), w @ design.targets(part)

        self.center, self.offset = design.sum(means)

        def covariances(part):
            y = design.block(part) - self.center
            weighted = y * design.weights(part)[:, None]
            return weighted.T @ y, weighted.T @ (design.targets(part) - self.offset)

        covariance, moments = design.sum(covariances)
        # Old releases of scipy cannot do the fast one for a single column.
        driver = "evd" if len(covariance) > 1 else "ev"
        self.values, self.vectors = eigh(covariance, driver=driver, check_finite=False)
        self.values = np.maximum(self.values, 0)
        self.moments = self.vectors.T @ moments

    def grid(self, floor: float) -> np.ndarray:
        """Return values of α to choose from, above a part of the largest eigenvalue."""
        return GRID[GRID >= floor] * (self.values[-1] or 1.0)

    def condition(self, alpha: float) -> float:
        """Return the condition number of the system that is solved."""
        smallest = self.values[0] + alpha
        return float((self.values[-1] + alpha) / smallest) if smallest > 0 else np.inf

    def inverses(self, alphas: np.ndarray) -> np.ndarray:
        """Return 1 / (value + α), shape (n_columns, n_alphas), zero for no more than rounding."""
        total = self.values[:, None] + alphas
        floor = len(total) * np.finfo(float).eps * self.values[-1]
        return np.divide(1, total, out=np.zeros_like(total), where=total > floor)

    @cached_property
    def _rotated(self) -> np.ndarray | None:
        """All of `rotated`, in the place of the activations, where these are kept."""
        P = self.design.release()
        if P is not None:

            def rotate(part):
                P[part] = (P[part] - self.center) @ self.vectors
                return (0,)

            self.design.sum(rotate)
        return P

    def rotated(self, part) -> np.ndarray:
        """Return centred activations of some rows along the eigenvectors."""
        if self._rotated is not None:
            return self._rotated[part]
        return (self.design.block(part) - self.center) @ self.vectors

    def errors(self, alphas: np.ndarray) -> np.ndarray:
        """Return the leave-one-out error of each α.

        Parameters
        ----------
        alphas : ndarray of shape (n_alphas,)
            Penalties.

        Returns
        -------
        ndarray of shape (n_alphas,)
            The weighted mean over rows of the squared residuals, summed over targets.
        """
        inverses = self.inverses(alphas)
        return self.design.sum(lambda part: (self._block_errors(part, inverses),))[0]

    def _block_errors(self, part, inverses):
        w = self.design.weights(part)
        residuals = self._residuals(part, inverses)
        return np.einsum("i,iam,iam->a", w, residuals, residuals, optimize=True)

    def _residuals(self, part, inverses):
        """Return leave-one-out residuals, shape (n_rows, n_alphas, n_targets)."""
        P = self.rotated(part)
        solutions = inverses[:, :, None] * self.moments[:, None, :]
        fitted = (P @ solutions.reshape(len(solutions), -1)).reshape(len(P), *solutions.shape[1:])
        # Allen's formula, with the intercept's part of the leverage.
        leverage = self.design.weights(part)[:, None] * (1 + (P * P) @ inverses)
        residuals = (self.design.targets(part) - self.offset)[:, None, :] - fitted
        return residuals / np.maximum(1 - leverage, 1e-10)[:, :, None]

    def predictions(self, alpha: float) -> np.ndarray:
        """Return for each row the output of the layer that is fitted without it."""
        targets = self.design.objective.rows.targets
        result = np.empty(targets.shape)
        inverses = self.inverses(np.array([alpha]))

        def fill(part):
            result[part] = targets[part] - self._residuals(part, inverses)[:, 0]
            return (0,)

        self.design.sum(fill)
        return result

    def solve(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return W, shape (n_columns, n_targets), and b."""
        weights = self.vectors @ (self.inverses(np.array([alpha])) * self.moments)
        return weights, self.offset - self.center @ weights
