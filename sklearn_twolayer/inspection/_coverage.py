"""Nominal and measured coverage of intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from ._display import BLUE, DARK, Display
from ._fitted import last_step

#: The usual coverages.
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: Normal numbers lie within this number of standard deviations in 95 % of cases.
DEVIATIONS = 1.96


class CoverageDisplay(Display):
    """Measured against nominal coverage of prediction intervals.

    On the diagonal, 90 % intervals contain 90 % of the targets. The band around it contains the
    measured coverage in 95 % of cases if the intervals are correct. The numbers are the mean
    widths. The rows must not be those used in `fit`.

    Use `from_estimator` or `from_predictions` to create a display.

    Parameters
    ----------
    coverages : array-like of shape (n_coverages,)
        Nominal coverages, ascending.
    measured : array-like of shape (n_coverages,)
        Fraction of the targets inside the intervals.
    widths : array-like of shape (n_coverages,)
        Their mean widths.
    n_rows : int
        Number of rows used.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The measured coverages.
    diagonal_ : matplotlib Line2D
        The diagonal.
    band_ : matplotlib collection
        The range expected by chance.
    labels_ : list of matplotlib Annotation
        The mean widths.
    ax_, figure_ : matplotlib Axes and Figure
        The axes and the figure of the plot.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_twolayer.inspection import CoverageDisplay
    >>> y = np.linspace(-1, 1, 200)
    >>> too_narrow = {
    ...     0.5: np.tile([-0.4, 0.4], (200, 1)),
    ...     0.9: np.tile([-0.8, 0.8], (200, 1)),
    ... }
    >>> display = CoverageDisplay.from_predictions(y, too_narrow)
    >>> display.measured
    array([0.4, 0.8])
    """

    def __init__(
        self,
        coverages: Sequence[float],
        measured: Sequence[float],
        widths: Sequence[float],
        n_rows: int,
    ):
        self.coverages = np.asarray(coverages)
        self.measured = np.asarray(measured)
        self.widths = np.asarray(widths)
        self.n_rows = n_rows

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        coverages: Sequence[float] = COVERAGES,
        ax: Any = None,
        **kwargs: Any,
    ):
        """Predict intervals for rows, and draw their coverage.

        Parameters
        ----------
        estimator : estimator
            An estimator with `predict_interval(X, coverage)`, or a pipeline that ends in one.
        X : {array-like, sparse matrix, data frame} of shape (n_rows, n_columns)
            Rows that were not used in `fit`.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Their targets.
        coverages : array-like of float, default=(0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
            The requested coverages, between zero and one.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `plot` for the line.

        Returns
        -------
        CoverageDisplay
            The display.
        """
        estimator, X = last_step(estimator, X)
        if not hasattr(estimator, "predict_interval"):
            raise TypeError(
                f"{type(estimator).__name__} predicts no intervals: pass a regressor with "
                "predict_interval."
            )
        intervals = {c: estimator.predict_interval(X, coverage=c) for c in coverages}
        return cls.from_predictions(y, intervals, ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls, y: Any, intervals: dict[float, Any], *, ax: Any = None, **kwargs: Any
    ):
        """Draw the coverage of given intervals.

        Parameters
        ----------
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        intervals : dict of float to array-like, or list of such pairs
            For each coverage lower and upper ends, of shape (n_rows, 2) or
            (n_rows, 2, n_outputs). Several outputs are averaged.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `plot` for the line.

        Returns
        -------
        CoverageDisplay
            The display.
        """
        targets = check_array(y, ensure_2d=False, dtype=float, input_name="y")
        by_coverage = dict(sorted(dict(intervals).items()))
        if not by_coverage:
            raise ValueError("intervals must hold at least one coverage, got none.")
        measured, widths = zip(
            *(_held(targets, c, ends) for c, ends in by_coverage.items()), strict=True
        )
        display = cls(list(by_coverage), measured, widths, len(targets))
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any):
        """Draw measured against nominal coverages.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `plot` for the line.

        Returns
        -------
        CoverageDisplay
            The display.
        """
        ax = self._axes(ax)
        low = max(0.0, min(self.coverages.min(), self.measured.min()) - 0.1)
        c = np.linspace(low, 1, 100)
        chance = DEVIATIONS * np.sqrt(c * (1 - c) / self.n_rows)
        self.band_ = ax.fill_between(c, c - chance, c + chance, color="#ececec", lw=0)
        self.band_.set_label(f"expected by chance, {self.n_rows} rows")
        (self.diagonal_,) = ax.plot([low, 1], [low, 1], color="#bbbbbb", lw=1)
        style = {"color": BLUE, "lw": 2, "marker": "o", "label": "measured"} | kwargs
        (self.line_,) = ax.plot(self.coverages, self.measured, **style)
        points = zip(self.coverages, self.measured, self.widths, strict=True)
        self.labels_ = [
            ax.annotate(
                f"{width:.3g}", point, (7, -4), textcoords="offset points",
                va="top", fontsize="small", color=DARK,
            )
            for *point, width in points
        ]  # fmt: skip
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, position: f"{value:.0%}")
        ax.set(xlabel="nominal coverage", ylabel="measured coverage", xlim=(low, 1))
        ax.set_ylim(low, 1)
        ax.legend(frameon=False, loc="upper left", title="mean widths beside the points")
        return self


def _held(y, coverage, ends):
    """Return the fraction of the targets inside intervals, and their mean width."""
    if not 0 < coverage < 1:
        raise ValueError(f"Coverages must be between zero and one, got {coverage!r}.")
    name = f"intervals[{coverage}]"
    ends = check_array(ends, ensure_2d=False, allow_nd=True, dtype=float, input_name=name)
    if ends.ndim not in (2, 3) or ends.shape[1] != 2 or ends.shape[2:] != y.shape[1:]:
        expected = ", ".join(["n_rows", "2", *map(str, y.shape[1:])])
        raise ValueError(
            f"The intervals of coverage {coverage} must have shape ({expected}) for targets of "
            f"shape {y.shape}, got {ends.shape}: pass both for the same outputs, each in a column "
            "of y."
        )
    check_consistent_length(y, ends)
    lower, upper = ends[:, 0], ends[:, 1]
    return np.mean((lower <= y) & (y <= upper)), np.mean(upper - lower)
