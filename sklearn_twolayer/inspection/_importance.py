"""Plots of feature importances."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from .._checks import check_number
from ..estimators._rows import column_names
from ._display import BLUE, Display
from ._fitted import last_step


class ImportanceDisplay(Display):
    """The most important columns of a table, as bars.

    Use `from_estimator` or `from_importances` to create a display.

    Parameters
    ----------
    importances : array-like of shape (n_columns,)
        The importance of each column.
    names : array-like of str, shape (n_columns,), optional
        Their names.
    k : int, default=10
        Number of columns to show: the most important ones.

    Attributes
    ----------
    top : ndarray of int, shape (k,)
        Indices of the columns shown, the most important first.
    bars_ : matplotlib BarContainer
        Their bars, in this order.
    ax_, figure_ : matplotlib Axes and Figure
        The axes and the figure of the plot.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.inspection import permutation_importance
    >>> from sklearn_twolayer import TwoLayerRegressor
    >>> from sklearn_twolayer.inspection import ImportanceDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = TwoLayerRegressor(n_estimators=1, random_state=0).fit(X, y)
    >>> losses = permutation_importance(model, X, y, n_repeats=2, random_state=0)
    >>> ImportanceDisplay.from_importances(losses.importances_mean, X.columns, k=5)
    <...>
    """

    def __init__(
        self, importances: Sequence[float], names: Sequence[str] | None = None, *, k: int = 10
    ):
        check_number("k", k, "[1, inf)", integer=True)
        self.importances = np.asarray(importances, dtype=float)
        if self.importances.ndim != 1:
            raise ValueError(
                "importances must have one axis, with one number per column; got shape "
                f"{self.importances.shape}."
            )
        if not len(self.importances):
            raise ValueError("importances must hold at least one number, got none.")
        if names is None:
            names = [f"x{i}" for i in range(len(self.importances))]
        self.names = list(names)
        check_consistent_length(self.importances, self.names)
        self.k = k

    @classmethod
    def from_estimator(cls, estimator: Any, *, k: int = 10, ax: Any = None, **kwargs: Any):
        """Draw `feature_importances_` of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            An estimator with `feature_importances_`, or a pipeline that ends in one.
        k : int, default=10
            How many columns to show: the most important ones.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            For the bars, as matplotlib's `barh` takes them.

        Returns
        -------
        ImportanceDisplay
            The display.
        """
        estimator, _ = last_step(estimator)
        importances, names = estimator.feature_importances_, column_names(estimator)
        return cls.from_importances(importances, names, k=k, ax=ax, **kwargs)

    @classmethod
    def from_importances(
        cls,
        importances: Sequence[float],
        names: Sequence[str] | None = None,
        *,
        k: int = 10,
        ax: Any = None,
        **kwargs: Any,
    ):
        """Draw given importances, such as those of `permutation_importance`.

        Parameters
        ----------
        importances : array-like of shape (n_columns,)
            The importance of each column.
        names : array-like of str, shape (n_columns,), optional
            Their names; by default "x0", "x1" and so on.
        k : int, default=10
            How many columns to show: the most important ones.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            For the bars, as matplotlib's `barh` takes them.

        Returns
        -------
        ImportanceDisplay
            The display.
        """
        return cls(importances, names, k=k).plot(ax, **kwargs)

    @property
    def top(self) -> np.ndarray:
        """Indices of the columns shown, the most important first."""
        return np.argsort(-self.importances, kind="stable")[: self.k]

    def plot(self, ax: Any = None, **kwargs: Any):
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            For the bars, as matplotlib's `barh` takes them.

        Returns
        -------
        ImportanceDisplay
            The display.
        """
        ax, top = self._axes(ax), self.top
        style = {"color": BLUE, "height": 0.7} | kwargs
        self.bars_ = ax.barh(np.arange(len(top)), self.importances[top], **style)
        ax.set_yticks(np.arange(len(top)), [str(self.names[i]) for i in top])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        if self.importances[top].min() < 0:
            ax.axvline(0, color="#cccccc", lw=1)
        n_columns = len(self.importances)
        some = f", the largest {len(top)} of {n_columns}" if len(top) < n_columns else ""
        ax.set_xlabel(f"importance{some}")
        return self
