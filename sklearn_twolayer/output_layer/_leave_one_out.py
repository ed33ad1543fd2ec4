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
from scipy.linalg import LinAlgError, cho_solve, cholesky, eigh, eigvalsh, solve_triangular
from scipy.linalg.lapack import dtrtri
from scipy.sparse.linalg import eigsh

from ..rows import Index, blocks, random_part
from ._activations import BLOCK_LENGTH, NUMBERS_PER_ROW, Activations

#: Candidates for α, as fractions of the largest eigenvalue; the largest leave a constant.
GRID = np.logspace(-13, 3, 33)

#: Smaller matrices are decomposed at once, and others if α is a smaller fraction of the largest
#: eigenvalue, for which factors are not accurate.
MIN_FACTORED, MIN_FRACTION = 100, 1e-9

#: Accuracy of the largest eigenvalue, the unit of α.
ACCURACY = 1e-3

#: Maximum number of rows on which penalties are compared; of more, a random part.
MAX_EVALUATED = 10_000

#: The square of a mean, relative to the variance, above which sums lose too many digits.
FAR = 1e4

#: Maximum number of penalties times targets for which residuals are computed at once.
MAX_COLUMNS = 256

#: A smaller unfitted fraction of a row is due to rounding.
ROUNDING = 1e-8


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
    _rotated: np.ndarray | None = None

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
        self._factor: tuple[float, np.ndarray] | None = None  # the last α and its factor
        self._best: tuple[float, float, np.ndarray] | None = None  # α, its error and residuals

    def _products(self) -> np.ndarray:
        """Set the means; return covariances of activations, or inner products of rows."""
        raise NotImplementedError

    @cached_property
    def _decomposition(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The values, vectors and moments."""
        result = self._decomposed()
        self._matrix = self._factor = None
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

    def _positive(self, values):
        """Return the eigenvalues of the covariance among those of the matrix."""
        raise NotImplementedError

    def rotated(self, part: Index) -> np.ndarray:
        """Return centred activations of some rows along the eigenvectors."""
        raise NotImplementedError

    def _residuals(self, part, alphas):
        """Return residuals by the eigenvectors, shape (n_rows, n_alphas, n_targets)."""
        raise NotImplementedError

    def _positive_definite(self) -> np.ndarray:
        """Return the matrix to which α is added before it is factored."""
        raise NotImplementedError

    def _by_factor(self) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function that gives the residuals of some rows, by the last factor."""
        raise NotImplementedError

    def _solve_by_factor(self) -> np.ndarray:
        """Return W by the last factor."""
        raise NotImplementedError

    def rough_errors(self, alphas: np.ndarray) -> np.ndarray:
        """Return an approximation of `errors`, from the eigenvalues alone.

        Every row has the average leverage: generalised cross-validation (Golub, Heath &
        Wahba, 1979).

        Parameters
        ----------
        alphas : ndarray of shape (n_alphas,)
            Penalties.

        Returns
        -------
        ndarray of shape (n_alphas,)
            Approximations, up to a factor.
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

    def _is_factored(self, alpha: float) -> bool:
        """Return whether residuals come from a Cholesky factor, which is computed."""
        if not (self.can_be_factored and alpha >= MIN_FRACTION * self.scale):
            return False
        if self._factor is None or self._factor[0] != alpha:
            total = self._positive_definite()
            total[np.diag_indices(len(total))] += alpha
            try:
                # The transposed matrix is the same, and in the order of LAPACK.
                factor = cholesky(total.T, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:  # of activations that are nearly dependent
                self.decompose()
                return False
            self._factor = alpha, factor
        return True

    def decompose(self) -> None:
        """Compute eigenvalues and eigenvectors now; threads may use them afterwards."""
        _ = self._decomposition

    def _solved(self, right):
        """Return the product of the inverse of the last factored matrix with a matrix."""
        assert self._factor is not None
        return cho_solve((self._factor[1], True), right, check_finite=False)

    def condition(self, alpha: float) -> float:
        """Return the condition number of the system that is solved."""
        if self._matrix is None:
            values = self.values
        else:
            values = self._positive(eigvalsh(self._matrix, check_finite=False))
        smallest = values[0] + alpha
        return float((values[-1] + alpha) / smallest) if smallest > 0 else np.inf

    def errors(self, alphas: np.ndarray) -> np.ndarray:
        """Return the leave-one-out error of each α.

        Parameters
        ----------
        alphas : ndarray of shape (n_alphas,)
            Penalties.

        Returns
        -------
        ndarray of shape (n_alphas,)
            The weighted sum over evaluated rows of the squared residuals, summed over targets,
            with weights that sum to one over all rows.
        """
        if self._is_factored(alphas.min()):
            return np.array([self._error(alpha) for alpha in alphas])
        at_once = max(MAX_COLUMNS // len(self.offset), 1)

        def block(part):
            w, errors = self.rows.shares(part), []
            for first in range(0, len(alphas), at_once):
                residuals = self._residuals(part, alphas[first : first + at_once])
                errors.append(np.einsum("i,iam,iam->a", w, residuals, residuals, optimize=True))
            return (np.concatenate(errors),)

        self._prepare()
        return self.rows.sum(block, NUMBERS_PER_ROW, over=self.evaluated)[0]

    def _error(self, alpha):
        """Return the error by a factor, and keep the residuals of the smallest one."""
        assert self._is_factored(alpha)
        residuals = self._fill(self._by_factor(), self.evaluated)
        error = float(self.rows.shares(self.evaluated) @ np.square(residuals).sum(axis=1))
        if self._best is None or error < self._best[1]:
            self._best = alpha, error, residuals
        return error

    def predictions(self, alpha: float) -> np.ndarray:
        """Return, for each judged row, the output of the layer fitted without it."""
        all_evaluated = len(self.evaluated) == len(self.judged)
        if all_evaluated and self._best is not None and self._best[0] == alpha:
            residuals = self._best[2]
        elif self._is_factored(alpha):
            residuals = self._fill(self._by_factor(), self.judged)
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

    def solve(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return W, shape (n_columns, n_targets), and b."""
        if self._is_factored(alpha):
            weights = self._solve_by_factor()
        else:
            weights = self.vectors @ (inverses(self.values, np.array([alpha])) * self.moments)
        return weights, self.offset - self.center @ weights


class Sums(NamedTuple):
    """Covariances of activations and targets."""

    covariance: np.ndarray
    with_targets: np.ndarray
    variance: float  # of all targets
    center: np.ndarray  # means of the activations
    offset: np.ndarray  # means of the targets
    are_far: bool  # whether these are so far from where sums were taken that digits were lost


class ManyRows(LeaveOneOut):
    """By the covariance of the activations."""

    def _products(self):
        # Sums about a typical point become those about the means, which usually saves a pass.
        some = slice(0, BLOCK_LENGTH)
        origin = self.activations.block(some).mean(axis=0, dtype=np.float64)
        level = self.rows.targets[some].mean(axis=0)
        sums = self._sums_about(origin, level)
        if sums.are_far:
            sums = self._sums_about(sums.center, sums.offset)
        self.center, self.offset = sums.center, sums.offset
        self._with_targets, self._variance = sums.with_targets, sums.variance
        self._largest = np.abs(self.rows.targets - self.offset).max(axis=0)
        return sums.covariance

    def _sums_about(self, origin, level):
        def sums(part):
            shares = self.rows.shares(part)
            root = np.sqrt(shares)[:, None]
            y = self.activations.block(part) - origin
            means = shares @ y
            y *= root
            d = self.rows.targets[part] - level
            d_means = shares @ d
            d *= root
            return y.T @ y, y.T @ d, (d * d).sum(), means, d_means

        covariance, with_targets, variance, means, d_means = self.activations.sum(sums)
        covariance -= np.outer(means, means)
        variance = variance - d_means @ d_means
        are_far = (means**2 > FAR * covariance.diagonal()).any() or d_means @ d_means > (
            FAR * variance
        )
        with_targets -= np.outer(means, d_means)
        return Sums(
            covariance, with_targets, variance, origin + means, level + d_means, bool(are_far)
        )

    def _decomposed(self):
        values, vectors = decomposed(self._matrix)
        return values, vectors, vectors.T @ self._with_targets

    def _positive(self, values):
        return np.maximum(values, 0)

    def rough_errors(self, alphas):
        inverse = inverses(self.values, alphas)
        kept = self.values[:, None] * inverse
        explained = (np.square(self.moments).sum(axis=1)[:, None] * inverse * (2 - kept)).sum(0)
        rest = 1 - (1 + kept.sum(axis=0)) / self.rows.n_rows
        residual = np.maximum(self._variance - explained, ROUNDING * self._variance)
        return residual / np.maximum(rest, ROUNDING) ** 2

    def _prepare(self):
        self.decompose()
        # All of `rotated`, in place of the activations, if these are kept and needed.
        if len(self.judged) < self.rows.n_rows or not self.activations.kept:
            return
        vectors, P = self.vectors, self.activations.release()

        def rotate(part):
            P[part] = (P[part] - self.center) @ vectors
            return (0,)

        self.activations.sum(rotate)
        self._rotated = P

    def rotated(self, part):
        if self._rotated is not None:
            return self._rotated[part]
        if isinstance(part, slice):
            return self._rotate(part)
        result = np.empty((len(part), self.vectors.shape[1]), dtype=self.activations.dtype)
        for some in blocks(len(part), BLOCK_LENGTH):
            result[some] = self._rotate(part[some])
        return result

    def _rotate(self, part):
        return (self.activations.block(part) - self.center) @ self.vectors

    def _residuals(self, part, alphas):
        P, inverse = self.rotated(part), inverses(self.values, alphas)
        solutions = inverse[:, :, None] * self.moments[:, None, :]
        fitted = (P @ solutions.reshape(len(solutions), -1)).reshape(len(P), *solutions.shape[1:])
        return self._left_out(part, fitted, np.square(P, dtype=np.float64) @ inverse)

    def _positive_definite(self):
        return self._matrix.copy()

    def _solve_by_factor(self):
        return self._solved(self._with_targets)

    def _by_factor(self):
        weights, factor = self._solve_by_factor(), self._factor[1]

        def residuals(part):
            fitted, leverage = np.empty((len(part), 1, weights.shape[1])), np.empty((len(part), 1))
            for some in blocks(len(part), BLOCK_LENGTH):
                y = self.activations.block(part[some]) - self.center
                fitted[some, 0] = y @ weights
                z = solve_triangular(factor, y.T, lower=True, check_finite=False)
                leverage[some, 0] = np.einsum("ij,ij->j", z, z)
            return self._left_out(part, fitted, leverage)[:, 0]

        return residuals

    def _left_out(self, part, fitted, leverage):
        """Return residuals by Allen's formula, including the leverage of the intercept."""
        leverage = self.rows.shares(part)[:, None] * (1 + leverage)
        targets = (self.rows.targets[part] - self.offset)[:, None, :]
        residuals = np.subtract(targets, fitted, out=fitted)
        rest = 1 - leverage
        residuals /= np.maximum(rest, ROUNDING)[:, :, None]
        # If a single row determines an output, there is no prediction without the row.
        residuals[rest <= ROUNDING] = self._largest
        return residuals


class FewRows(LeaveOneOut):
    """By the inner products of the rows, of which there are fewer than activations.

    As α decreases, the rows are fitted exactly, and the differences in Allen's formula are lost in
    rounding. With U the eigenvectors and λ the eigenvalues of the inner products, its quotient is
    that of U (λ + α)⁻¹ Uᵀ d and of the diagonal of U (λ + α)⁻¹ Uᵀ, and nothing cancels.
    """

    def _products(self):
        shares = self.rows.shares(slice(None))
        self._root = np.sqrt(shares)[:, None]
        self.center = shares @ self.activations.block(slice(None))
        self.offset = shares @ self.rows.targets
        Y = self._weighted()
        self._right = (self.rows.targets - self.offset) * self._root
        return Y @ Y.T

    def _weighted(self):
        return (self.activations.block(slice(None)) - self.center) * self._root

    def _with_intercept(self, out=None):
        """Return the matrix with the direction of the intercept, and its eigenvalue."""
        matrix = self._matrix
        size = 2 * np.trace(matrix) or 1.0
        return np.add(matrix, size * self._root @ self._root.T, out=out), size

    def _decomposed(self):
        # The direction of the intercept becomes the last one, and is dropped.
        values, U = decomposed(self._with_intercept(out=self._matrix)[0])
        self._values, self._U = values[:-1], U[:, :-1]
        self._targets = self._U.T @ self._right
        known = _are_known(self._values)
        Y = self._weighted()
        if not known.any():  # all activations are equal
            self._P = np.zeros((len(Y), 1))
            return np.zeros(1), np.zeros((Y.shape[1], 1)), np.zeros((1, len(self.offset)))
        values, size = self._values[known], np.sqrt(self._values[known])
        self._P = self._U[:, known] * size / self._root
        vectors = Y.T @ (self._U[:, known] / size)
        return values, vectors, size[:, None] * self._targets[known]

    def _positive(self, values):
        known = values[_are_known(values)]
        return known if len(known) else np.zeros(1)

    def rotated(self, part):
        self.decompose()
        return self._P[part]

    def _prepare(self):
        self.decompose()

    def _all_inverses(self, alphas):
        total = self._values[:, None] + alphas
        floor = len(total) * np.finfo(float).eps * self.values[-1]
        return 1 / np.maximum(total, floor if floor >= np.finfo(float).tiny else 1.0)

    def rough_errors(self, alphas):
        self._prepare()
        inverse = self._all_inverses(alphas)
        squares = np.square(self._targets).sum(axis=1)
        return squares @ inverse**2 / np.maximum(inverse.sum(axis=0), 1e-300) ** 2

    def _residuals(self, part, alphas):
        inverse, U = self._all_inverses(alphas), self._U[part]
        solutions = inverse[:, :, None] * self._targets[:, None, :]
        errors = (U @ solutions.reshape(len(solutions), -1)).reshape(len(U), *solutions.shape[1:])
        return errors / ((U * U) @ inverse * self._root[part])[:, :, None]

    def _positive_definite(self):
        return self._with_intercept()[0]

    def _solve_by_factor(self):
        return self._weighted().T @ self._solved(self._right)

    def _by_factor(self):
        alpha, factor = self._factor
        solutions, (inverse, _) = self._solved(self._right), dtrtri(factor, lower=1)
        of_intercept = self._root[:, 0] ** 2 / (2 * np.trace(self._matrix) + alpha)
        diagonal = np.einsum("ij,ij->j", inverse, inverse) - of_intercept
        return lambda part: solutions[part] / (diagonal[part, None] * self._root[part])


def leave_one_out(activations: Activations, judged: np.ndarray) -> LeaveOneOut:
    """Return the output layers by the smaller matrix.

    Parameters
    ----------
    activations : Activations
        Activations of all rows, with targets and weights.
    judged : ndarray of int
        The rows to leave out, one at a time.

    Returns
    -------
    LeaveOneOut
        Of rows or of activations.
    """
    few = 1 < activations.rows.n_rows <= activations.width and activations.kept
    return FewRows(activations, judged) if few else ManyRows(activations, judged)


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


def _are_known(values):
    """Return which eigenvalues, ascending, are not mere rounding."""
    largest = values[-1] if len(values) else 0.0
    return values > (len(values) + 1) * np.finfo(float).eps * largest
