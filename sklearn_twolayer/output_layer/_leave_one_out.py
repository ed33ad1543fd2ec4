"""Ridge regression of all targets on fixed activations, for every α at once.

One eigendecomposition gives the solution and the exact leave-one-out residuals e_i / (1 - lev_i)
(PRESS; Allen, 1974) for any α: of the weighted covariance of the activations or, if there are
fewer rows, of the inner products of the rows. The intercept is not penalised.
"""

import numpy as np
from scipy.linalg import eigh

from ..rows import Index, blocks
from ._activations import BLOCK_LENGTH, NUMBERS_PER_ROW, Activations

#: Candidates for α, as fractions of the largest eigenvalue; the largest leave a constant.
GRID = np.logspace(-13, 3, 33)

#: Maximum number of penalties times targets for which residuals are computed at once.
MAX_COLUMNS = 256

#: A smaller unfitted fraction of a row is due to rounding.
ROUNDING = 1e-8


class LeaveOneOut:
    """The output layer W, b of least ½(y - d)² + (α/2)‖W‖², and its leave-one-out outputs.

    A subclass does the decomposition.

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
    """

    values: np.ndarray
    vectors: np.ndarray
    moments: np.ndarray
    _rotated: np.ndarray | None

    def __init__(self, activations: Activations, judged: np.ndarray):
        self.activations = activations
        self.rows = activations.rows
        self.judged = judged

        def means(part):
            w = self.rows.shares(part)
            return w @ activations.block(part), w @ self.rows.targets[part]

        self.center, self.offset = activations.sum(means)
        self._decompose()

    def _decompose(self):
        raise NotImplementedError

    def rotated(self, part: Index) -> np.ndarray:
        """Return centred activations of some rows along the eigenvectors."""
        raise NotImplementedError

    def _residuals(self, part, alphas):
        """Return leave-one-out residuals, shape (n_rows, n_alphas, n_targets)."""
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

    @property
    def scale(self) -> float:
        """The largest eigenvalue, the unit of the candidates for α."""
        return float(self.values[-1]) or 1.0

    def condition(self, alpha: float) -> float:
        """Return the condition number of the system that is solved."""
        smallest = self.values[0] + alpha
        return float((self.values[-1] + alpha) / smallest) if smallest > 0 else np.inf

    def inverses(self, alphas: np.ndarray) -> np.ndarray:
        """Return 1 / (value + α), shape (n_directions, n_alphas), zero for mere rounding."""
        total = self.values[:, None] + alphas
        info = np.finfo(float)
        floor = max(len(total) * info.eps * self.values[-1], info.tiny)
        return np.divide(1, total, out=np.zeros_like(total), where=total > floor)

    def errors(self, alphas: np.ndarray) -> np.ndarray:
        """Return the leave-one-out error of each α.

        Parameters
        ----------
        alphas : ndarray of shape (n_alphas,)
            Penalties.

        Returns
        -------
        ndarray of shape (n_alphas,)
            The weighted sum over judged rows of the squared residuals, summed over targets,
            with weights that sum to one over all rows.
        """

        at_once = max(MAX_COLUMNS // len(self.offset), 1)

        def block(part):
            w, errors = self.rows.shares(part), []
            for first in range(0, len(alphas), at_once):
                residuals = self._residuals(part, alphas[first : first + at_once])
                errors.append(np.einsum("i,iam,iam->a", w, residuals, residuals, optimize=True))
            return (np.concatenate(errors),)

        self._prepare()
        return self.rows.sum(block, NUMBERS_PER_ROW, over=self.judged)[0]

    def predictions(self, alpha: float) -> np.ndarray:
        """Return, for each judged row, the output of the layer fitted without it."""
        self._prepare()
        targets, alphas = self.rows.targets, np.array([alpha])
        return self.rows.fill(
            lambda part: targets[part] - self._residuals(part, alphas)[:, 0],
            targets.shape[1],
            NUMBERS_PER_ROW,
            over=self.judged,
        )

    def _prepare(self) -> None:
        """Compute what the residuals need, before threads use it."""

    def solve(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return W, shape (n_columns, n_targets), and b."""
        weights = self.vectors @ (self.inverses(np.array([alpha])) * self.moments)
        return weights, self.offset - self.center @ weights


class ManyRows(LeaveOneOut):
    """By the covariance of the activations."""

    def _decompose(self):
        def covariances(part):
            root = np.sqrt(self.rows.shares(part))[:, None]
            y = (self.activations.block(part) - self.center) * root
            d = (self.rows.targets[part] - self.offset) * root
            return y.T @ y, y.T @ d, (d * d).sum()

        covariance, moments, self._variance = self.activations.sum(covariances)
        self.values, self.vectors = decomposed(covariance)
        self.moments = self.vectors.T @ moments
        self._largest = np.abs(self.rows.targets - self.offset).max(axis=0)
        self._rotated = None

    def rough_errors(self, alphas):
        inverses = self.inverses(alphas)
        kept = self.values[:, None] * inverses
        explained = (np.square(self.moments).sum(axis=1)[:, None] * inverses * (2 - kept)).sum(0)
        rest = 1 - (1 + kept.sum(axis=0)) / self.rows.n_rows
        residual = np.maximum(self._variance - explained, ROUNDING * self._variance)
        return residual / np.maximum(rest, ROUNDING) ** 2

    def _prepare(self):
        # All of `rotated`, in place of the activations, if these are kept and needed.
        if len(self.judged) < self.rows.n_rows or not self.activations.kept:
            return
        P = self.activations.release()

        def rotate(part):
            P[part] = (P[part] - self.center) @ self.vectors
            return (0,)

        self.activations.sum(rotate)
        self._rotated = P

    def rotated(self, part):
        if self._rotated is not None:
            return self._rotated[part]
        if isinstance(part, slice):
            return self._rotate(part)
        result = np.empty((len(part), self.vectors.shape[1]))
        for some in blocks(len(part), BLOCK_LENGTH):
            result[some] = self._rotate(part[some])
        return result

    def _rotate(self, part):
        return (self.activations.block(part) - self.center) @ self.vectors

    def _residuals(self, part, alphas):
        P, inverses = self.rotated(part), self.inverses(alphas)
        solutions = inverses[:, :, None] * self.moments[:, None, :]
        fitted = (P @ solutions.reshape(len(solutions), -1)).reshape(len(P), *solutions.shape[1:])
        # Allen's formula, including the leverage of the intercept.
        leverage = self.rows.shares(part)[:, None] * (1 + (P * P) @ inverses)
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

    def _decompose(self):
        self._root = np.sqrt(self.rows.shares(slice(None)))[:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # reported in the decomposition
            Y = (self.activations.block(slice(None)) - self.center) * self._root
            inner = Y @ Y.T
            # The direction of the intercept becomes the last one, and is dropped.
            inner += (2 * np.trace(inner) + 1) * self._root @ self._root.T
        values, U = decomposed(inner)
        self._values, self._U = values[:-1], U[:, :-1]
        self._targets = self._U.T @ ((self.rows.targets - self.offset) * self._root)
        largest = self._values[-1] if len(self._values) else 0.0
        known = self._values > len(values) * np.finfo(float).eps * largest
        if not known.any():  # all activations are equal
            self.values, self.vectors = np.zeros(1), np.zeros((Y.shape[1], 1))
            self.moments, self._P = np.zeros((1, len(self.offset))), np.zeros((len(Y), 1))
            return
        self.values, size = self._values[known], np.sqrt(self._values[known])
        self.vectors = Y.T @ (self._U[:, known] / size)
        self.moments = size[:, None] * self._targets[known]
        self._P = self._U[:, known] * size / self._root

    def rotated(self, part):
        return self._P[part]

    def _all_inverses(self, alphas):
        total = self._values[:, None] + alphas
        floor = len(total) * np.finfo(float).eps * self.values[-1]
        return 1 / np.maximum(total, floor if floor >= np.finfo(float).tiny else 1.0)

    def rough_errors(self, alphas):
        inverses = self._all_inverses(alphas)
        squares = np.square(self._targets).sum(axis=1)
        return squares @ inverses**2 / np.maximum(inverses.sum(axis=0), 1e-300) ** 2

    def _residuals(self, part, alphas):
        inverses, U = self._all_inverses(alphas), self._U[part]
        solutions = inverses[:, :, None] * self._targets[:, None, :]
        errors = (U @ solutions.reshape(len(solutions), -1)).reshape(len(U), *solutions.shape[1:])
        return errors / ((U * U) @ inverses * self._root[part])[:, :, None]


def leave_one_out(activations: Activations, judged: np.ndarray) -> LeaveOneOut:
    """Return the smaller decomposition.

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


def decomposed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues, ascending and none below zero, and eigenvectors."""
    if not np.isfinite(matrix).all():
        raise ValueError(
            "The activations of the radial units overflow: scale the inputs, for example with "
            "input_map='robust', or use widths of the size of the distances."
        )
    # Old releases of scipy do not support the fast driver for a single column.
    driver = "evd" if len(matrix) > 1 else "ev"
    values, vectors = eigh(matrix, driver=driver, check_finite=False)
    return np.maximum(values, 0), vectors
