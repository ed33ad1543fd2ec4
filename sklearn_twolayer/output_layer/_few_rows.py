"""Ridge regression and its leave-one-out residuals by the inner products of the rows."""

import numpy as np
from scipy.linalg.lapack import dtrtri

from ._leave_one_out import LeaveOneOut, decomposed


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
        inner = Y @ Y.T
        self._of_intercept = 2 * np.trace(inner) or 1.0  # an eigenvalue
        return inner

    def _weighted(self):
        return (self.activations.block(slice(None)) - self.center) * self._root

    def _with_intercept(self, out=None):
        """Return the matrix with the direction of the intercept, the one of largest eigenvalue."""
        return np.add(self._matrix, self._of_intercept * self._root @ self._root.T, out=out)

    def _decomposed(self):
        # The direction of the intercept becomes the last one, and is dropped.
        values, U = decomposed(self._with_intercept(out=self._matrix))
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

    def centered(self, part):
        self.decompose()
        return self._P[part]

    def rotated(self, part, kept):
        return self.centered(part)[:, kept]

    def _all_inverses(self, alphas):
        total = self._values[:, None] + alphas
        floor = len(total) * np.finfo(float).eps * self.values[-1]
        return 1 / np.maximum(total, floor if floor >= np.finfo(float).tiny else 1.0)

    def rough_errors(self, alphas):
        self.decompose()
        inverse = self._all_inverses(alphas)
        squares = np.square(self._targets).sum(axis=1)
        return squares @ inverse**2 / np.maximum(inverse.sum(axis=0), 1e-300) ** 2

    def _residuals(self, part, alphas):
        inverse, U = self._all_inverses(alphas), self._U[part]
        solutions = inverse[:, :, None] * self._targets[:, None, :]
        errors = (U @ solutions.reshape(len(solutions), -1)).reshape(len(U), *solutions.shape[1:])
        return errors / ((U * U) @ inverse * self._root[part])[:, :, None]

    def _positive_definite(self):
        return self._with_intercept()

    def _solve_by_factor(self, factor):
        return self._weighted().T @ factor.solve(self._right)

    def _by_factor(self, factor):
        solutions, (inverse, _) = factor.solve(self._right), dtrtri(factor.lower, lower=1)
        diagonal = np.einsum("ij,ij->j", inverse, inverse)
        diagonal -= self._root[:, 0] ** 2 / (self._of_intercept + factor.alpha)
        return lambda part: solutions[part] / (diagonal[part, None] * self._root[part])


def _are_known(values):
    """Return which eigenvalues, ascending, are not mere rounding."""
    largest = values[-1] if len(values) else 0.0
    return values > (len(values) + 1) * np.finfo(float).eps * largest
