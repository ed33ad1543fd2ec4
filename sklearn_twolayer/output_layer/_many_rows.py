"""Ridge regression and its leave-one-out residuals by the covariance of the activations."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from ..rows import blocks
from ._activations import BLOCK_LENGTH
from ._leave_one_out import ROUNDING, LeaveOneOut, decomposed, inverses

#: The square of a mean, relative to the variance, above which sums lose too many digits.
FAR = 1e4


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

    _rotated: np.ndarray | None = None

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

    def rough_errors(self, alphas):
        inverse = inverses(self.values, alphas)
        kept = self.values[:, None] * inverse
        explained = (np.square(self.moments).sum(axis=1)[:, None] * inverse * (2 - kept)).sum(0)
        rest = 1 - (1 + kept.sum(axis=0)) / self.rows.n_rows
        residual = np.maximum(self._variance - explained, ROUNDING * self._variance)
        return residual / np.maximum(rest, ROUNDING) ** 2

    def _prepare(self):
        super()._prepare()
        # All of `rotated`, in place of the activations, if these are kept and needed.
        if len(self.judged) < self.rows.n_rows or not self.activations.kept:
            return
        vectors, P = self.vectors, self.activations.release()

        def rotate(part):
            P[part] = (P[part] - self.center) @ vectors
            return (0,)

        self.activations.sum(rotate)
        self._rotated = P

    def centered(self, part):
        if self._rotated is not None:
            return self._rotated[part]
        return self.activations.block(part) - self.center

    def covariances(self):
        if self._rotated is not None:
            return super().covariances()
        values, vectors, moments = self._decomposition
        return (vectors * values) @ vectors.T, vectors @ moments

    def rotated(self, part, kept=slice(None)):
        if self._rotated is not None:
            return self._rotated[part][:, kept]
        rows, vectors = np.arange(self.rows.n_rows)[part], self.vectors[:, kept]
        result = np.empty((len(rows), vectors.shape[1]), dtype=self.activations.dtype)
        for some in blocks(len(rows), BLOCK_LENGTH):
            result[some] = self.centered(rows[some]) @ vectors
        return result

    def _residuals(self, part, alphas):
        P, inverse = self.rotated(part), inverses(self.values, alphas)
        solutions = inverse[:, :, None] * self.moments[:, None, :]
        fitted = (P @ solutions.reshape(len(solutions), -1)).reshape(len(P), *solutions.shape[1:])
        return self._left_out(part, fitted, np.square(P, dtype=np.float64) @ inverse)

    def _positive_definite(self):
        return self._matrix.copy()

    def _solve_by_factor(self, factor):
        return factor.solve(self._with_targets)

    def _by_factor(self, factor):
        weights = self._solve_by_factor(factor)

        def residuals(part):
            fitted, leverage = np.empty((len(part), 1, weights.shape[1])), np.empty((len(part), 1))
            for some in blocks(len(part), BLOCK_LENGTH):
                y = self.activations.block(part[some]) - self.center
                fitted[some, 0] = y @ weights
                z = solve_triangular(factor.lower, y.T, lower=True, check_finite=False)
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
