"""Plots of the parts of a blend."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from ..links import LogLink
from ..rows import Rows
from ._display import BLUE, DARK, Display
from ._fitted import fitted_network


class PartEffectDisplay(Display):
    """The effect of each part of a model on its outputs.

    A model is a sum of parts, each multiplied by a factor. The effect of a part is its factor
    times the spread of its outputs over rows: the standard deviation of the raw outputs, in units
    of the target for regression, in log-odds for classification, and in logarithms of the mean for
    losses with a log link. Pale bars show the spreads without factors. If all parts agree, their
    effects add up to the spread of the sum.

    Use `from_estimator` to create a display.

    Parameters
    ----------
    names : list of str
        The parts.
    factors : array-like of shape (n_parts,)
        Their factors.
    spreads : array-like of shape (n_parts,)
        The standard deviation of the outputs of each part, without the factor.
    together : float
        The standard deviation of the sum.
    unit : str
        The unit of the outputs.

    Attributes
    ----------
    effects : ndarray of shape (n_parts,)
        Factors times spreads.
    bars_, pale_bars_ : matplotlib BarContainer
        The effects, with that of the sum last; and the spreads.
    ax_, figure_ : matplotlib Axes and Figure
        The axes and the figure of the plot.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_twolayer import TwoLayerClassifier
    >>> from sklearn_twolayer.inspection import PartEffectDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> model = TwoLayerClassifier(random_state=0).fit(X, y)
    >>> display = PartEffectDisplay.from_estimator(model, X)
    >>> display.names
    ['networks', 'rectified networks', 'radial-basis network']
    """

    def __init__(
        self,
        names: Sequence[str],
        factors: Sequence[float],
        spreads: Sequence[float],
        together: float,
        *,
        unit: str = "outputs",
    ):
        self.names = list(names)
        self.factors = np.asarray(factors)
        self.spreads = np.asarray(spreads)
        self.together = together
        self.unit = unit

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, *, ax: Any = None, **kwargs: Any):
        """Draw the effects of the parts for some rows.

        Parameters
        ----------
        estimator : TwoLayerRegressor, TwoLayerClassifier, RBFNetwork or pipeline
            Fitted.
        X : {array-like, sparse matrix, data frame} of shape (n_rows, n_columns)
            Rows.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `barh` for the bars of the effects.

        Returns
        -------
        PartEffectDisplay
            The display.
        """
        estimator, X = fitted_network(estimator, X)
        X, model = estimator._validate_rows(X), estimator._model
        scale = np.asarray(getattr(estimator._targets, "scale", 1.0))
        outputs = [
            part.raw_outputs(Rows(X, part.input_map, X.dtype, estimator.n_jobs))
            for part in model.parts
        ]
        together = _spread(model.raw_outputs(X, estimator.n_jobs), scale)
        display = cls(
            [part.name for part in model.parts],
            model.factors,
            [_spread(z, scale) for z in outputs],
            together,
            unit=_unit(estimator),
        )
        return display.plot(ax, **kwargs)

    @property
    def effects(self) -> np.ndarray:
        """Factors times spreads."""
        return self.factors * self.spreads

    def plot(self, ax: Any = None, **kwargs: Any):
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.
        **kwargs : dict
            Passed to matplotlib's `barh` for the bars of the effects.

        Returns
        -------
        PartEffectDisplay
            The display.
        """
        ax, n_parts = self._axes(ax), len(self.names)
        lengths = [*self.effects, self.together]
        self.pale_bars_ = ax.barh(range(n_parts), self.spreads, height=0.6, color="#d5e1f0")
        style = {"color": [BLUE] * n_parts + [DARK], "height": 0.6} | kwargs
        self.bars_ = ax.barh(range(n_parts + 1), lengths, **style)
        labels = [
            f"{factor:.2f} × {spread:.3g} = {factor * spread:.3g}"
            for factor, spread in zip(self.factors, self.spreads, strict=True)
        ]
        ends = np.maximum(lengths, [*self.spreads, 0.0])
        for row, label in enumerate([*labels, f"{self.together:.3g}"]):
            ax.annotate(
                label, (ends[row], row), (5, 0), textcoords="offset points", va="center",
                fontsize="small", color=DARK,
            )  # fmt: skip
        ax.set_yticks(range(n_parts + 1), [*self.names, "all together"])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set(xlabel=f"spread of the {self.unit}", xlim=(0, 1.6 * (ends.max() or 1)))
        return self


def _spread(z, scale):
    """Return the standard deviation over rows; for several outputs, the quadratic mean."""
    spreads = np.std(z.astype(np.float64), axis=0) * scale
    largest = np.max(spreads) or 1.0  # its square may overflow
    return float(largest * np.sqrt(np.mean((spreads / largest) ** 2)))


def _unit(estimator):
    if is_classifier(estimator):
        return "log-odds"
    is_log = isinstance(estimator._targets.link, LogLink)
    return "logarithm of the mean" if is_log else "outputs, in units of y"
