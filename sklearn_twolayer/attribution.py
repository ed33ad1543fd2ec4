"""Contributions of columns to predictions: gradients along lines from other rows.

A prediction minus the mean prediction of some background rows is split into contributions of the
columns: the gradient times the difference to a background row, averaged over the line between both
and over the background rows (expected gradients: Erion et al., 2021; with one background row,
integrated gradients: Sundararajan et al., 2017). The lines are drawn between mapped rows, so that
categories, missing values and bins are inputs like any other; the terms are then summed for each
original column.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs

from ._blas import single_threaded_blas
from ._checks import shown
from ._linalg import Matrix, augmented, dense, summed_by
from ._threads import map_in_threads
from .input_maps import MixedMap, ScaledMap, map_rows, pairs_of, sources_of
from .links import IdentityLink, Link
from .model import Model, Part, finite_in_precision
from .rows import blocks

#: Number of lines that are processed at a time, to stay in the cache of a core.
BLOCK = 256
#: Number of terms that are kept in memory at a time.
CHUNK_NUMBERS = 2**22
#: Pairs of rows in which the values of a column are swapped: this number per row, unless the
#: changed rows have more entries than this in total.
PAIRS_OF_ROW, SWAPPED_NUMBERS = 3, 2**23
#: Larger outputs and terms count as this large: their sums stay in range.
LARGEST = 1e300
#: Larger changes count as this large: sums of their squares stay in range.
LARGEST_CHANGE = 1e140
#: Points on a line and their weights: Gauss-Legendre quadrature, exact for polynomials of degree
#: 5.
PLACES = 0.5 + np.array([-0.5, 0.0, 0.5]) * 0.6**0.5
SHARES = np.array([5, 8, 5]) / 18


class Explanation(NamedTuple):
    """Predictions as sums of contributions: `base_values` plus the sum of `values`.

    The names are those of `shap.Explanation`; `sklearn_twolayer.shap.to_shap` converts it.
    """

    #: Contributions, of shape (n_samples, n_features) or (n_samples, n_features, n_outputs).
    values: np.ndarray
    #: The mean over the background rows, a number or of shape (n_outputs,).
    base_values: np.ndarray
    #: The rows, of shape (n_samples, n_features).
    data: np.ndarray
    #: Names of the columns.
    feature_names: list[str]


class Lines(NamedTuple):
    """Lines from background rows to rows, and a point on each."""

    rows: np.ndarray  # (n_lines,), indices
    background: np.ndarray  # (n_lines,), indices
    places: np.ndarray  # (n_lines,), in [0, 1]

    @classmethod
    def between(cls, n_rows: int, n_background: int) -> "Lines":
        """Return lines from each background row to each row, with all `PLACES` on each."""
        rows, background, places = np.meshgrid(
            np.arange(n_rows), np.arange(n_background), PLACES, indexing="ij"
        )
        return cls(rows.ravel(), background.ravel(), places.ravel())

    def take(self, part: slice) -> "Lines":
        """Return some of the lines."""
        return Lines(*(each[part] for each in self))


class UsedPart(NamedTuple):
    """A part of a model that counts."""

    part: Part
    factor: float
    sources: tuple[np.ndarray, ...]  # the columns that share each mapped input in equal parts

    @classmethod
    def of(cls, part: Part, factor: float, values: np.ndarray) -> "UsedPart":
        """Return a part with its sources, as far as the values of some rows tell."""
        sources = sources_of(part.input_map, values.shape[1], values)
        if sources is None:
            raise AttributeError(
                f"input_map={shown(_of_numbers(part.input_map))} mixes columns, so single columns "
                "cannot be explained: put it in front of this estimator in a pipeline and explain "
                "its outputs, or fit with another map, such as input_map='standard'."
            )
        pairs = pairs_of(part.input_map)
        if not pairs:
            return cls(part, factor, (sources,))
        columns = np.arange(values.shape[1])
        both = (np.concatenate([columns, each])[sources] for each in zip(*pairs, strict=True))
        return cls(part, factor, tuple(both))

    def by_column(self, terms: np.ndarray, n_columns: int) -> np.ndarray:
        """Return sums of terms of mapped inputs, shape (n_rows, n_columns)."""
        sums = [summed_by(sources, terms, n_columns) for sources in self.sources]
        return self.factor * np.mean(sums, axis=0)

    def mapped(self, X: Matrix) -> np.ndarray:
        """Return rows under the input map, dense."""
        return dense(map_rows(self.part.input_map, X))


@dataclass(frozen=True, eq=False)
class Attribution:
    """Attributes y = g(z) of a model to the columns of rows.

    Parameters
    ----------
    model : Model
        The fitted function.
    link : Link
        Gives the explained outputs from raw outputs.
    background : ndarray of shape (n_background, n_features)
        Validated rows that lines start from, dense.
    rows : ndarray of shape (n_rows, n_features)
        Validated rows to explain, dense.
    n_jobs : int or None
        Number of threads, as in joblib.
    """

    model: Model
    link: Link
    background: np.ndarray
    rows: np.ndarray
    n_jobs: int | None = None

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return y, shape (n_rows, n_outputs)."""
        y = self.link(self.model.raw_outputs(X.astype(np.float64), self.n_jobs))
        return np.clip(y, -LARGEST, LARGEST)

    def explained(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the contribution of each column to y.

        The error of the quadrature is distributed in proportion to the size of the terms, so that
        the sum is exact.

        Returns
        -------
        values : ndarray of shape (n_rows, n_features, n_outputs)
            Contributions.
        base : ndarray of shape (n_outputs,)
            The mean output of the background rows.

        Raises
        ------
        AttributeError
            If an input map mixes columns.
        """
        X = self.rows
        base = self.outputs(self.background).mean(axis=0)
        n_lines = len(self.background) * len(PLACES)
        step = max(CHUNK_NUMBERS // (n_lines * X.shape[1] * len(base)), 1)
        parts = [self._shared_out(X[part], base) for part in blocks(len(X), step)]
        return np.concatenate(parts), base

    def _shared_out(self, X, base):
        lines = Lines.between(len(X), len(self.background))
        each_output = np.eye(len(base))[:, None]

        def in_precision(X):
            dtype = np.result_type(X, self.background)
            return self.terms(X, lines, each_output.astype(dtype))

        dtypes = [each.part.precision for each in self._used]
        terms = self.terms(X, lines, each_output, dtypes)
        if not np.isfinite(terms).all():
            terms = finite_in_precision(in_precision, X).astype(np.float64, copy=False)
        np.clip(terms, -LARGEST, LARGEST, out=terms)
        terms = terms.reshape(len(base), len(X), -1, len(PLACES), X.shape[1])
        values, sizes = (
            np.einsum("mibtj,t->mij", each, SHARES) / len(self.background)
            for each in (terms, np.abs(terms))
        )
        rest = (self.outputs(X) - base).T - values.sum(axis=-1)
        total = sizes.sum(axis=-1, keepdims=True)
        shares = np.divide(sizes, total, out=np.zeros_like(sizes), where=total > 0)
        return np.moveaxis(values + rest[..., None] * shares, 0, -1)

    def terms(
        self,
        X: np.ndarray,
        lines: Lines,
        directions: np.ndarray,
        dtypes: list[np.dtype] | None = None,
    ) -> np.ndarray:
        """Return the gradient times the difference, for each line and column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Validated rows, dense.
        lines : Lines
            From background rows to these.
        directions : ndarray of shape (n_directions, n_lines or 1, n_outputs)
            Weights of the outputs y in the explained sums.
        dtypes : list of dtype, optional
            Those of the lines in each part that counts, if not that of `directions`.

        Returns
        -------
        ndarray of shape (n_directions, n_lines, n_features)
            The terms.
        """
        n_lines = len(lines.rows)
        found = np.empty((len(directions), n_lines, X.shape[1]))
        dtypes = dtypes or [directions.dtype] * len(self._used)
        ends = [
            tuple(each.mapped(rows).astype(dtype) for rows in (self.background, X))
            for each, dtype in zip(self._used, dtypes, strict=True)
        ]

        def fill(part):
            own = directions if directions.shape[1] == 1 else directions[:, part]
            with np.errstate(over="ignore", invalid="ignore"):
                found[:, part] = self._block_terms(ends, lines.take(part), own)

        with single_threaded_blas():
            map_in_threads(fill, blocks(n_lines, BLOCK), effective_n_jobs(self.n_jobs))
        return found

    def _block_terms(self, ends, lines, directions):
        starts = [start[lines.background] for start, _ in ends]
        steps = [end[lines.rows] - start for (_, end), start in zip(ends, starts, strict=True)]
        points = [
            augmented(start + lines.places[:, None].astype(start.dtype) * step, start.dtype)
            for start, step in zip(starts, steps, strict=True)
        ]
        passes = [
            each.part.forward(rows, rows.dtype)
            for each, rows in zip(self._used, points, strict=True)
        ]
        slopes = self._slopes_of_link([z for z, _ in passes], directions)
        shape = (len(directions), len(lines.rows), self.background.shape[1])
        total = np.zeros(shape)
        for each, (_, pull), step in zip(self._used, passes, steps, strict=True):
            for row, direction in zip(total, slopes.astype(step.dtype), strict=True):
                row += each.by_column(pull(direction) * step, shape[-1])
        return total

    @cached_property
    def _used(self) -> list[UsedPart]:
        parts = zip(self.model.parts, self.model.factors, strict=True)
        values = np.concatenate([self.background, self.rows])
        return [UsedPart.of(part, factor, values) for part, factor in parts if factor]

    def _slopes_of_link(self, outputs, directions):
        """Convert directions with respect to y to directions with respect to z."""
        if isinstance(self.link, IdentityLink):
            return directions
        z = self.model.constant.astype(directions.dtype)
        for each, of_part in zip(self._used, outputs, strict=True):
            z = z + directions.dtype.type(each.factor) * of_part
        y = self.link(z)
        return np.stack([self.link.pullback(y, np.broadcast_to(d, y.shape)) for d in directions])


def importances(
    model: Model,
    predict: Callable[[np.ndarray], np.ndarray],
    rows: np.ndarray,
    starts: np.ndarray | None = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Return how much predictions change with each column, if rows swap their values of it.

    This is the mean square of the change, summed over outputs: for the squared error, the expected
    permutation importance (Breiman, 2001) of a model whose errors are pure noise. Half of it is
    the total effect of the column (Jansen, 1999). Networks are trained in single precision, so
    changes below its resolution are rounding, and count as none.

    Parameters
    ----------
    model : Model
        The fitted function.
    predict : callable
        Gives predictions from raw outputs, finite.
    rows : ndarray of shape (n_rows, n_features)
        Validated rows in random order, dense.
    starts : ndarray of int, shape (n_columns,), optional
        Where the values of each column begin, if a column has several, which are swapped together.
    n_jobs : int or None
        Number of threads, as in joblib.

    Returns
    -------
    ndarray of shape (n_columns,)
        Their sum is one; all zero if no column matters.
    """
    n_rows, n_features = rows.shape
    starts = np.arange(n_features) if starts is None else starts
    ends, n_columns = np.append(starts[1:], n_features), len(starts)
    most = SWAPPED_NUMBERS // (n_features * n_columns)
    n_pairs = int(np.clip(most, 2, PAIRS_OF_ROW * n_rows))
    pair = np.arange(n_pairs)
    own, other = pair % n_rows, (pair + pair // n_rows + 1) % n_rows
    before = predict(model.raw_outputs(rows, n_jobs))[own]
    rounding = np.finfo(np.float32).eps * np.abs(before).max()
    sizes = np.zeros(n_columns)
    for part in blocks(n_columns, max(CHUNK_NUMBERS // (n_pairs * n_features), 1)):
        columns = np.arange(n_columns)[part]
        swapped = np.tile(rows[own], (len(columns), 1, 1))
        for place, j in enumerate(columns):
            values = slice(starts[j], ends[j])
            swapped[place, :, values] = rows[other, values]
        after = predict(model.raw_outputs(swapped.reshape(-1, n_features), n_jobs))
        changes = np.abs(after.reshape(len(columns), n_pairs, -1).astype(np.float64) - before)
        changes = np.where(changes > rounding, changes.clip(max=LARGEST_CHANGE), 0)
        sizes[part] = np.square(changes).sum(axis=(1, 2))
    total = sizes.sum()
    return sizes / total if total > 0 else sizes


def _of_numbers(input_map: Any) -> Any:
    """Return the map of the numbers without those around it, which the user did not pass."""
    while isinstance(input_map, MixedMap | ScaledMap):
        is_mixed = isinstance(input_map, MixedMap)
        input_map = input_map.numbers if is_mixed else input_map.input_map
    return input_map
