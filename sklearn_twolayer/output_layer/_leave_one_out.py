"""Ridge regression of all targets on fixed activations, and its leave-one-out residuals.

The solution and the exact residuals e_i / (1 - lev_i) (PRESS; Allen, 1974) come from the weighted
covariance of the activations or, if there are fewer rows, from the inner products of the rows: for
all α from one eigendecomposition, or for a few from a Cholesky factor each, which takes a fraction
of the time. The intercept is not penalised.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from .._random_rows import random_part
from ..rows import Index
from ._activations import NUMBERS_PER_ROW, Activations

#: Candidates for α, as fractions of the largest eigenvalue; the largest leave a constant.
GRID = np.logspace(-13, 3, 33)

#: Smaller matrices are decomposed at once, and others if α is a smaller fraction of the largest
#: eigenvalue, for which factors are not accurate.
MIN_FACTORED, MIN_FRACTION = 100, 1e-9

#: Accuracy of the largest eigenvalue, the unit of α.
ACCURACY = 1e-3

#: Maximum number of rows on which penalties are compared; of more, a random part.
MAX_EVALUATED = 10_000

#: Maximum number of penalties times targets for which residuals are computed at once.
MAX_COLUMNS = 256

#: A smaller unfitted fraction of a row is due to rounding.
ROUNDING = 1e-8


class Factor(NamedTuple):
    """The Cholesky factor of a matrix with α added to its diagonal."""

    alpha: float
    lower: np.ndarray

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return the product of the inverse with a matrix."""
        return cho_solve((self.lower, True), right, check_finite=False)

    def largest_of_inverse(self) -> float:
        """Return the largest eigenvalue of the inverse."""
        n = len(self.lower)
        inverse = LinearOperator((n, n), self.solve, dtype=float)
        start = np.random.RandomState(0).normal(size=n)  # no eigenvector, as ones may be
        return eigsh(inverse, 1, v0=start, tol=ACCURACY, return_eigenvectors=False)[0]


class LeaveOneOut:
    """The output layer W, b of least ½(y - d)² + (α/2)‖W‖², and its leave-one-out outputs.

    A subclass sets up the matrix, and decomposes it when `values`, `vectors` or `moments` are
    first needed. Before that, residuals come from Cholesky factors.

    Parameters
    ----------
    activations : Activations
        Activations of all rows, with targets and weights.
    judged : ndarray of int
        The rows to leave out, one at a time.

    Attributes
    ----------
    values : ndarray of shape (n_directions,)
        Eigenvalues of the covariance of the activations, ascending.
    vectors : ndarray of shape (n_columns, n_directions)
        Eigenvectors, as columns.
    moments : ndarray of shape (n_directions, n_targets)
        Covariances of the activations along the eigenvectors with the targets.
    center, offset : ndarray
        Weighted means of the activations and of the targets.
    evaluated : ndarray of int
        The rows of which `errors` are, the judged ones or a random part of them.
    """

    center: np.ndarray
    offset: np.ndarray

    def __init__(self, activations: Activations, judged: np.ndarray):
        self.activations = activations
        self.rows = activations.rows
        self.judged = judged
        some = random_part(len(judged), MAX_EVALUATED, np.random.RandomState(0))
        self.evaluated = np.sort(judged[some])
        with np.errstate(over="ignore", invalid="ignore"):
            self._matrix: np.ndarray | None = self._products()  # None once it is decomposed
            self._largest_diagonal = self._matrix.diagonal().max()
        if not np.isfinite(self._matrix).all():
            raise ValueError(
                "The activations of the radial units overflow: scale the inputs, for example with "
                "input_map='robust', or use widths of the size of the distances."
            )
        self._last: Factor | None = None
        self._best: tuple[float, float, np.ndarray] | None = None  # α, its error and residuals

    def _products(self) -> np.ndarray:
        """Set the means; return covariances of activations, or inner products of rows."""
        raise NotImplementedError

    @cached_property
    def _decomposition(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The values, vectors and moments."""
        result = self._decomposed()
        self._matrix = self._last = None
        return result

    def _decomposed(self):
        raise NotImplementedError

    @property
    def values(self) -> np.ndarray:
        return self._decomposition[0]

    @property
    def vectors(self) -> np.ndarray:
        return self._decomposition[1]

    @property
    def moments(self) -> np.ndarray:
        return self._decomposition[2]

    def centered(self, part: Index) -> np.ndarray:
        """Return centred activations of some rows, or their coordinates in rotated axes."""
        raise NotImplementedError

    def covariances(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the covariances of `centered` rows with each other and with the targets."""
        return np.diag(self.values), self.moments

    def rotated(self, part: Index, kept: np.ndarray) -> np.ndarray:
        """Return centred activations of some rows along some of the eigenvectors."""
        raise NotImplementedError

    def _residuals(self, part, alphas):
        """Return residuals by the eigenvectors, shape (n_rows, n_alphas, n_targets)."""
        raise NotImplementedError

    def _positive_definite(self) -> np.ndarray:
        """Return the matrix to which α is added before it is factored."""
        raise NotImplementedError

    def _by_factor(self, factor: Factor) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function that gives the residuals of some rows."""
        raise NotImplementedError

    def _solve_by_factor(self, factor: Factor) -> np.ndarray:
        """Return W."""
        raise NotImplementedError

    def rough_errors(self, alphas: np.ndarray) -> np.ndarray:
        """Return an approximation of `errors`, up to a factor, from the eigenvalues alone.

        Every row has the average leverage: generalised cross-validation (Golub, Heath &
        Wahba, 1979).
        """
        raise NotImplementedError

    @cached_property
    def scale(self) -> float:
        """The largest eigenvalue, approximately, the unit of the candidates for α."""
        matrix = self._matrix
        if matrix is None or not self.can_be_factored:
            return float(self.values[-1]) or 1.0
        relative = matrix / self._largest_diagonal  # its products do not overflow
        start = relative[int(matrix.diagonal().argmax())]
        found = eigsh(relative, 1, v0=start, tol=ACCURACY, return_eigenvectors=False)
        return float(found[0] * self._largest_diagonal)

    @property
    def can_be_factored(self) -> bool:
        """Whether the matrix is large, and far from underflow."""
        matrix = self._matrix
        if matrix is None or len(matrix) < MIN_FACTORED:
            return False
        return bool(self._largest_diagonal > np.sqrt(np.finfo(float).tiny))

    def _factor(self, alpha: float) -> Factor | None:
        """Return the Cholesky factor from which residuals come, or None if they do not."""
        if not (self.can_be_factored and alpha >= MIN_FRACTION * self.scale):
            return None
        if self._last is None or self._last.alpha != alpha:
            total = self._positive_definite()
            total[np.diag_indices(len(total))] += alpha
            try:
                # The transposed matrix is the same, and in the order of LAPACK.
                lower = cholesky(total.T, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:  # of activations that are nearly dependent
                self.decompose()
                return None
            self._last = Factor(alpha, lower)
        return self._last

    def decompose(self) -> None:
        """Compute the eigenvalues and eigenvectors now."""
        _ = self._decomposition

    def condition(self, alpha: float) -> float:
        """Return the condition number of the system that is solved."""
        factor = self._factor(alpha)
        if factor is not None:
            return float((self.scale + alpha) * factor.largest_of_inverse())
        values = self.values
        smallest = values[0] + alpha
        return float((values[-1] + alpha) / smallest) if smallest > 0 else np.inf

    def errors(self, alphas: np.ndarray) -> np.ndarray:
        """Return the leave-one-out error of each α.

        It is the weighted sum over evaluated rows of the squared residuals, summed over targets,
        with weights that sum to one over all rows.
        """
        if self._factor(alphas.min()) is not None:
            return np.array([self._error(self._factor(alpha)) for alpha in alphas])
        at_once = max(MAX_COLUMNS // len(self.offset), 1)

        def block(part):
            w, errors = self.rows.shares(part), []
            for first in range(0, len(alphas), at_once):
                residuals = self._residuals(part, alphas[first : first + at_once])
                errors.append(np.einsum("i,iam,iam->a", w, residuals, residuals, optimize=True))
            return (np.concatenate(errors),)

        self._prepare()
        return self.rows.sum(block, NUMBERS_PER_ROW, over=self.evaluated)[0]

    def _error(self, factor):
        """Return the error by a factor, and keep the residuals of the smallest one."""
        residuals = self._fill(self._by_factor(factor), self.evaluated)
        error = float(self.rows.shares(self.evaluated) @ np.square(residuals).sum(axis=1))
        if self._best is None or error < self._best[1]:
            self._best = factor.alpha, error, residuals
        return error

    def predictions(self, alpha: float) -> np.ndarray:
        """Return, for each judged row, the output of the layer fitted without it."""
        all_evaluated = len(self.evaluated) == len(self.judged)
        if all_evaluated and self._best is not None and self._best[0] == alpha:
            residuals = self._best[2]
        elif (factor := self._factor(alpha)) is not None:
            residuals = self._fill(self._by_factor(factor), self.judged)
        else:
            self._prepare()
            one = np.array([alpha])
            residuals = self._fill(lambda part: self._residuals(part, one)[:, 0], self.judged)
        return self.rows.targets[self.judged] - residuals

    def _fill(self, residuals, rows):
        """Return the residuals of rows, by a function of some of them."""
        return self.rows.fill(residuals, len(self.offset), NUMBERS_PER_ROW, over=rows)

    def _prepare(self) -> None:
        """Compute what the residuals need, before threads use it."""
        self.decompose()

    def solve(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return W, shape (n_columns, n_targets), and b."""
        factor = self._factor(alpha)
        if factor is not None:
            weights = self._solve_by_factor(factor)
        else:
            weights = self.vectors @ (inverses(self.values, np.array([alpha])) * self.moments)
        return weights, self.offset - self.center @ weights


def inverses(values: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return 1 / (value + α), shape (n_directions, n_alphas), zero for mere rounding."""
    total = values[:, None] + alphas
    info = np.finfo(float)
    floor = max(len(total) * info.eps * values[-1], info.tiny)
    return np.divide(1, total, out=np.zeros_like(total), where=total > floor)


def decomposed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues, ascending and none below zero, and eigenvectors."""
    # Old releases of scipy do not support the fast driver for a single column.
    driver = "evd" if len(matrix) > 1 else "ev"
    values, vectors = eigh(matrix, driver=driver, check_finite=False)
    return np.maximum(values, 0), vectors
