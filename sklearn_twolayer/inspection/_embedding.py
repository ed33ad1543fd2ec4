"""Plots of the units of an embedding along one or two columns."""

import textwrap
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .._checks import check_number
from .._linalg import product
from ..rows import Rows
from ._display import COLOURS, DARK, GREY, Display
from ._fitted import fitted_network
from ._places import Place, branches, places
from ._slice import Slice, slice_of


class Units(NamedTuple):
    """The outputs of the units of a network over a slice."""

    outputs: np.ndarray  # (n_points, n_units), times the output weights
    total: np.ndarray  # (n_points,), the raw output of the network
    places: list[Place]
    branch: np.ndarray  # (n_units,), the branch of each unit
    labels: list[str]  # one for each branch

    @property
    def effects(self) -> np.ndarray:
        """The effect of each unit along the slice: its standard deviation."""
        return self.outputs.std(axis=0)


class EmbeddingDisplay(Display):
    """The units of a network along one or two columns.

    Along one column, the thin lines are units multiplied by their output weights, minus their
    means: kinks of rectified units, waves of sines, bumps around centres. They add up to the
    output of the network, the dark line. In two columns the output is shaded; a line marks where a
    dense unit has its kink, its step or its zero; a curve marks one width around the centre of a
    radial unit, a dot. All other columns are fixed at their medians, or for categories at the most
    frequent level.

    Use `from_estimator` to create a display.

    Parameters
    ----------
    slice : Slice
        The columns and the rows along them.
    units : Units
        The outputs of the units there.
    max_units : int, default=50
        Maximum number of units to draw: those with the largest effects along these columns.

    Attributes
    ----------
    drawn : ndarray of int
        Indices of the units drawn.
    lines_ : list of matplotlib artists
        A line or a curve for each unit drawn.
    total_ : matplotlib Line2D or AxesImage
        The output of the network.
    centers_ : list of matplotlib Line2D
        In two columns, the centres of radial units.
    ax_, figure_ : matplotlib Axes and Figure
        The axes and the figure of the plot.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_twolayer import Dense, TwoLayerRegressor
    >>> from sklearn_twolayer.inspection import EmbeddingDisplay
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> y = np.sin(X[:, 0])
    >>> model = TwoLayerRegressor(
    ...     Dense(10), input_map="standard", solver="lbfgs", n_estimators=1, random_state=0
    ... ).fit(X, y)
    >>> display = EmbeddingDisplay.from_estimator(model, X)
    >>> len(display.lines_)
    10
    """

    def __init__(self, slice: Slice, units: Units, max_units: int = 50):
        self.slice = slice
        self.units = units
        self.max_units = max_units

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        features: Any = None,
        part: int = 0,
        network: int = 0,
        output: int = 0,
        max_units: int = 50,
        ax: Any = None,
    ):
        """Draw the units of a fitted network.

        Parameters
        ----------
        estimator : TwoLayerRegressor, TwoLayerClassifier, RBFNetwork or pipeline
            Fitted.
        X : {array-like, sparse matrix, data frame} of shape (n_rows, n_columns)
            Rows, which determine the range of the columns and the fixed values of the others.
        features : str, int or sequence of one or two of these, optional
            The columns, by name or position; by default all, if there are at most two.
        part : int, default=0
            Index of the part of the model: usually 0 for networks, 1 for rectified networks, 2 for
            the radial-basis network.
        network : int, default=0
            Index of the network in this part.
        output : int, default=0
            Index of the output or class.
        max_units : int, default=50
            Maximum number of units to draw: those with the largest effects along these columns.
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.

        Returns
        -------
        EmbeddingDisplay
            The display.

        Raises
        ------
        ValueError
            If there are more than two columns and no `features`, or if one of them holds
            categories or a single value.
        """
        estimator, X = fitted_network(estimator, X)
        check_number("max_units", max_units, "[1, inf)", integer=True)
        chosen = _one_of("part", part, estimator._model.parts)
        params = _one_of("network", network, chosen.params)
        output = _one_of("output", output, range(chosen.network.n_outputs))
        where = slice_of(estimator, X, features)
        units = _units(replace(chosen, params=params), where.rows, output)
        return cls(where, units, max_units).plot(ax)

    def plot(self, ax: Any = None):
        """Draw the units.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw into; by default a new figure.

        Returns
        -------
        EmbeddingDisplay
            The display.
        """
        ax = self._axes(ax)
        self.lines_: list[Any] = []
        self.centers_: list[Any] = []
        self._seen: list[int] = []
        if len(self.slice.axes) == 1:
            self._plot_line(ax)
        else:
            self._plot_plane(ax)
        self._label_branches(ax)
        return self

    @property
    def drawn(self) -> np.ndarray:
        """The units to draw, those with the largest effects last, on top of the others."""
        return np.argsort(self.units.effects, kind="stable")[-self.max_units :]

    def _plot_line(self, ax):
        (x,), units = self.slice.axes, self.units
        outputs = units.outputs - units.outputs.mean(axis=0)
        self._seen = list(self.drawn)
        for j in self._seen:
            marks = [i for place in units.places if place.unit == j for i in _marks(place)]
            style = {"color": self._colour(j), "alpha": self._alpha(j), "markevery": marks}
            self.lines_ += ax.plot(x, outputs[:, j], lw=1.2, marker="o", ms=4, mew=0, **style)
        total = units.total - units.total.mean()
        (self.total_,) = ax.plot(x, total, color=DARK, lw=2.5, label="all units together")
        self._plot_rug(ax)
        ax.set(xlabel=self.slice.names[0], ylabel="raw output minus its mean")
        ax.margins(x=0, y=0.1)

    def _plot_rug(self, ax):
        where = ax.get_xaxis_transform()
        x, style = self.slice.points[:, 0], {"color": GREY, "ms": 6, "alpha": 0.3}
        ax.plot(x, np.full(len(x), 0.0), "|", transform=where, **style)

    def _plot_plane(self, ax):
        x, y = self.slice.axes
        total = self.units.total.reshape(len(x), len(y)).T
        extent = [*x[[0, -1]], *y[[0, -1]]]
        style = {"cmap": "RdBu_r", "alpha": 0.5, "interpolation": "bilinear"}
        self.total_ = ax.imshow(total, extent=extent, origin="lower", aspect="auto", **style)
        ax.plot(*self.slice.points.T, "o", ms=2.5, color=GREY, alpha=0.5, mew=0)
        for j in self.drawn:
            for place in self.units.places:
                if place.unit == j:
                    self._plot_place(ax, place)
        ax.set(xlabel=self.slice.names[0], ylabel=self.slice.names[1])
        ax.set(xlim=x[[0, -1]], ylim=y[[0, -1]])

    def _plot_place(self, ax, place):
        x, y = self.slice.axes
        field, style = place.field.reshape(len(x), len(y)), {"alpha": self._alpha(place.unit)}
        colour = self._colour(place.unit)
        if field.min() < 0 < field.max():
            line = ax.contour(x, y, field.T, levels=[0], colors=[colour], linewidths=1, **style)
            self.lines_.append(line)
            self._seen.append(place.unit)
        i, k = np.unravel_index(field.argmin(), field.shape)
        if place.has_center and field.min() < 0 and 0 < i < len(x) - 1 and 0 < k < len(y) - 1:
            self.centers_ += ax.plot(x[i], y[k], "o", ms=4, mew=0, color=colour, **style)

    def _label_branches(self, ax):
        handles = [] if len(self.slice.axes) == 2 else [self.total_]
        for i in np.unique(self.units.branch[self._seen]):
            colour = COLOURS[i % len(COLOURS)]
            handles += ax.plot([], [], color=colour, label=self.units.labels[i])
        if len(self.slice.axes) == 1:  # space for the legend above the lines
            low, high = ax.get_ylim()
            ax.set_ylim(low, high + 0.08 * len(handles) * (high - low))
        if handles:
            ax.legend(handles=handles, fontsize="small", framealpha=0.8, edgecolor="none")

    def _colour(self, unit):
        return COLOURS[self.units.branch[unit] % len(COLOURS)]

    def _alpha(self, unit):
        """Return how dark to draw a unit, by its effect."""
        effects = self.units.effects
        return 0.25 + 0.7 * float(np.sqrt(effects[unit] / (effects.max() or 1)))


def _one_of(name, index, things):
    """Return one of several items, or raise ValueError."""
    if not isinstance(index, int | np.integer) or not 0 <= index < len(things):
        raise ValueError(f"{name} must be an integer from 0 to {len(things) - 1}, got {index!r}.")
    return things[index]


def _units(part, rows, output):
    """Return the outputs of the units of one network, for rows."""
    network, views = part.network, part.network.views(part.params)
    X = Rows(rows, part.input_map, rows.dtype).augmented(slice(None))
    # An embedding may overwrite its product.
    y, _ = network.embedding.forward(views.own, product(X, views.projections), X)
    outputs = y * views.weights[:, output]
    first = branches(network.embedding)
    widths = [each.width(network.n_features) for each in first]
    return Units(
        outputs,
        outputs.sum(axis=1) + views.bias[output],
        places(network.embedding, views.own, product(X, views.projections), X),
        np.repeat(np.arange(len(first)), widths),
        [shortened(each) for each in first],
    )


def _marks(place):
    """Return the positions of a unit along a line."""
    if place.has_center:
        least = int(place.field.argmin())
        return [least] if 0 < least < len(place.field) - 1 else []
    return np.flatnonzero(np.diff(np.sign(place.field))).tolist()


def shortened(embedding: Any) -> str:
    """Return a description of an embedding on one line, for a legend.

    Examples
    --------
    >>> from sklearn_twolayer import Dense
    >>> shortened(Dense(3, "tanh"))
    "Dense(activation='tanh', n_units=3)"
    """
    return textwrap.shorten(repr(embedding), 50, placeholder=" ...")
