"""Radial units: kernels around centres, with a width and a shape."""

from typing import Any

import numpy as np

from .._checks import check_choice, check_number
from .._sizes import UNITS
from .._warnings import warn_user
from ..activations import softmax, softmax_average
from ..kernels import as_kernel
from ..radial import (
    SHAPES,
    check_centers,
    check_width,
    cluster_shapes,
    find_centers,
    find_widths,
    make_geometry,
)
from ._base import Embedding, Parameter


class Radial(Embedding):
    """Radial-basis functions K(‖x - μ‖, h) (pages TWO.31 to TWO.34, TWO.52 to TWO.54).

    Centres, widths and shapes are initialised from the inputs alone, and then learned like any
    other parameter, without a penalty. Widths stay positive, because their logarithms are learned.

    Parameters
    ----------
    n_units : int, default=100
        Number of units.
    kernel : str, Kernel or pair of callables, default="gaussian"
        "gaussian", "multiquadric", "inverse_multiquadric", "laplace", "matern32",
        "matern52", "cauchy", "thin_plate", "wendland", or the function of s = r²/h² and
        its derivative.
    centers : str, clusterer or array, default="kmeans"
        Initial centres: "kmeans", "random" rows, "all" rows (`n_units` of them), the
        ``cluster_centers_`` of a clusterer, or an array in units of mapped inputs.
    widths : str, WidthRule, float or array, default="dmax"
        Initial widths: "dmax" (h = d_max / √N_E), "dmax_dimension" (d_max / N_E^(1/d)), "nearest"
        centres, "cluster" (the spread of each cluster's rows), or numbers.
    shape : {"spherical", "diagonal", "full"}, default="spherical"
        The matrix A of r² = (x - μ)ᵀ A Aᵀ (x - μ), initialised from the covariances of the
        clusters.
    shared : bool, default=True
        Whether all units have the same shape.
    normalize : bool, default=False
        Whether the activations of a row are divided by their sum.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_twolayer import Dense, TwoLayerClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TwoLayerClassifier(
    ...     Radial(20, widths="nearest") | Dense(3), input_map="standard", random_state=0
    ... )
    >>> bool(model.fit(X, y).score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        n_units: int = UNITS,
        kernel: Any = "gaussian",
        *,
        centers: Any = "kmeans",
        widths: Any = "dmax",
        shape: str = "spherical",
        shared: bool = True,
        normalize: bool = False,
    ):
        self.n_units = n_units
        self.kernel = kernel
        self.centers = centers
        self.widths = widths
        self.shape = shape
        self.shared = shared
        self.normalize = normalize

    @property
    def n_parameters(self):
        return 2 + (self.shape != "spherical")

    def width(self, n_features):
        check_number("n_units", self.n_units, "[1, inf)", integer=True)
        return self.n_units

    def parameters(self, n_features):
        self._check()
        shape = self._geometry().shape_parameters(self.n_units, n_features)
        own = (
            Parameter("centers", (self.n_units, n_features), False),
            Parameter("log_widths", (self.n_units,), False),
        )
        return own if shape is None else (*own, Parameter("shapes", shape, False))

    def initialize(self, rows, rng):
        clusters, _ = find_centers(rows, self.n_units, self.centers, rng)
        clusters = clusters._replace(centers=self._as_many(clusters.centers))
        own = [clusters.centers, np.log(find_widths(clusters, self.widths))]
        if self.shape != "spherical":
            own.append(cluster_shapes(clusters, self.shape, self.shared))
        return np.empty((rows.n_features + 1, 0), dtype=rows.dtype), tuple(own)

    @property
    def needs_coordinates(self):
        return self.shape != "spherical"

    def predictor(self, own, weights, n_features, bins):
        squared = self._distances(own, n_features, bins)
        if self.normalize:
            return lambda V, X: softmax_average(self._logs(own, squared(X))[0], weights)
        return lambda V, X: np.matmul(self._units(own, squared(X))[0], weights)

    def _distances(self, own, n_features, bins):
        """Return the function of rows that gives their squared distances from the centres."""
        if bins is None:
            distances = self._geometry().distances(own[0], *self._shapes(own))
            return lambda X: distances(X[:, :-1])
        table = bins.distances(own[0].reshape(-1, n_features))

        def squared(X):
            r2 = X.squared_distances(table).reshape(-1, *own[1].shape)
            return np.moveaxis(r2, 0, -2)

        return squared

    def forward(self, own, V, X):
        r2, geometry = self._geometry().squared(X[:, :-1], own[0], *self._shapes(own))
        y, saved = self._units(own, r2)
        return y, (*saved, geometry)

    # What is too far for floats is infinitely far.
    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def _units(self, own, r2):
        """Return y_E, and of what the way back needs s, k and h."""
        if self.normalize:
            logs, s, h = self._logs(own, r2)
            y = softmax(logs, out=logs)
            return y, (s, y, h)
        kernel = as_kernel(self.kernel)
        s, h = self._scaled(own, r2)
        k = kernel.value(s)
        y = k if kernel.power == 0 else k * h**kernel.power
        return y, (s, k, h)

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def _logs(self, own, r2):
        """Return log K, s and h."""
        kernel = as_kernel(self.kernel)
        s, h = self._scaled(own, r2)
        s.clip(0, np.finfo(s.dtype).max, out=s)  # the nearest unit, if all are too far
        logs = kernel.log(s)
        if kernel.power:
            logs += kernel.power * own[1][..., None, :]
        return logs, s, h

    def _scaled(self, own, r2):
        """Return s = r²/h², in place of r², and h."""
        h = np.exp(own[1])[..., None, :]
        return np.multiply(r2, 1 / (h * h), out=r2), h

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def pullback(self, own, saved, delta, X):
        kernel = as_kernel(self.kernel)
        s, k, h, geometry = saved
        G, delta, level = self._slopes(saved, delta)
        # TWO.53, TWO.54, for log h
        widths = -2 * np.einsum("...ij,...ij->...j", s, G)  # no array of products
        if kernel.power:
            widths += kernel.power * (delta * level).sum(axis=-2)
        G *= 1 / (h * h)
        centers, shapes = self._geometry().pullback(geometry, G)
        own = (centers, widths) if shapes is None else (centers, widths, shapes)
        return delta[..., :0], own

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def input_pullback(self, own, saved, delta, X):
        _, _, h, geometry = saved
        G = self._slopes(saved, delta)[0] / (h * h)
        return delta[..., :0], self._geometry().input_pullback(geometry, G)

    def _slopes(self, saved, delta):
        """Return ∂L/∂s, and for the widths ∂L/∂k and k, or their equivalents."""
        kernel = as_kernel(self.kernel)
        s, k, h, _ = saved
        if self.normalize:
            # ∂y/∂log K is that of a softmax, TWO.51.
            delta = k * (delta - (delta * k).sum(axis=-1, keepdims=True))
            slope, level = kernel.log_slope(s), 1.0
        else:
            slope, level = kernel.slope(s, k), k
            delta = delta if kernel.power == 0 else delta * h**kernel.power
        return delta * slope, delta, level

    def _geometry(self):
        return make_geometry(self.shape, self.shared)

    def _shapes(self, own):
        return own[2:] or (None,)

    def _check(self):
        check_choice("shape", self.shape, SHAPES)
        check_choice("shared", self.shared, (True, False))
        check_choice("normalize", self.normalize, (True, False))
        check_centers(self.centers)
        check_width(self.widths)
        kernel = as_kernel(self.kernel)
        if self.normalize and not kernel.positive:
            raise ValueError(
                f"normalize=True needs a positive kernel; {self.kernel!r} is not positive "
                "everywhere."
            )

    def _as_many(self, centers):
        """Return one centre per unit, with copies if fewer were found."""
        if len(centers) > self.n_units:
            raise ValueError(
                f"centers={self.centers!r} gives {len(centers)} centres for n_units="
                f"{self.n_units}: set n_units to {len(centers)}."
            )
        if len(centers) < self.n_units:
            warn_user(
                f"Only {len(centers)} distinct centres were found for n_units={self.n_units}; "
                f"the other units are copies of them. Set n_units to {len(centers)} or less."
            )
        return np.resize(centers, (self.n_units, centers.shape[1]))
