"""Rules for the widths h of radial units, from the centres and the rows around them."""

from numbers import Real
from typing import Any

import numpy as np

from .._checks import as_array, check_number, shown
from .._documented import Documented
from .._registry import resolve
from ._centers import Clusters, nearest, squared_distances

#: Widths below this fraction of the distances are treated as zero.
ROUNDING = 1e-6


class WidthRule(Documented):
    """Base of the rules for widths."""

    def widths(self, clusters: Clusters) -> np.ndarray:
        """Return a width for each centre; zero if the rule has no answer."""
        raise NotImplementedError


class MaxDistance(WidthRule):
    """h = d_max / √N_E, with d_max the largest distance between centres (page TWO.34).

    It fails in many dimensions: d_max / √N_E decreases with the number of units, however far apart
    they are.
    """

    def widths(self, clusters):
        n = len(clusters.centers)
        return np.full(n, largest_distance(clusters.centers) / np.sqrt(n))


class MaxDistancePerDimension(WidthRule):
    """h = d_max / N_E^(1/d): the spacing of N_E units that fill d dimensions."""

    def widths(self, clusters):
        n, d = clusters.centers.shape
        return np.full(n, largest_distance(clusters.centers) / n ** (1 / d))


class NearestCenters(WidthRule):
    """The root mean squared distance to the nearest other centres, for each centre.

    Parameters
    ----------
    n_neighbors : int, default=2
        Number of neighbours (Moody & Darken, 1989).
    """

    def __init__(self, n_neighbors: int = 2):
        self.n_neighbors = n_neighbors

    def widths(self, clusters):
        check_number("n_neighbors", self.n_neighbors, "[1, inf)", integer=True)
        n = len(clusters.centers)
        p = min(self.n_neighbors, n - 1)
        widths = np.zeros(n)
        for part, r2 in squared_distances(clusters.centers.astype(np.float64), clusters.centers):
            r2[np.arange(len(r2)), np.arange(n)[part]] = 0
            widths[part] = np.sqrt(np.partition(r2, p, axis=1)[:, : p + 1].sum(axis=1) / max(p, 1))
        return widths


class ClusterSpread(WidthRule):
    """The root mean squared distance of each cluster's rows to their centre."""

    def widths(self, clusters):
        n = len(clusters.centers)
        labels, r2 = nearest(clusters.X, clusters.centers)
        mass = np.bincount(labels, clusters.weights, minlength=n)
        total = np.bincount(labels, clusters.weights * r2, minlength=n)
        return np.sqrt(np.divide(total, mass, out=np.zeros(n), where=mass > 0))


WIDTHS: dict[str, type[WidthRule]] = {
    "cluster": ClusterSpread,
    "dmax": MaxDistance,
    "dmax_dimension": MaxDistancePerDimension,
    "nearest": NearestCenters,
}


def check_width(width: Any) -> None:
    """Raise TypeError or ValueError if `width` is not a rule, a number or an array."""
    if isinstance(width, str | WidthRule):
        resolve(width, WIDTHS, WidthRule, "width")
    elif isinstance(width, Real):
        check_number("width", width, "(0, inf)")
    else:
        widths = as_array("width", width)
        if widths.ndim != 1 or not len(widths) or widths.min() <= 0:
            raise ValueError(
                "width must be a rule, a positive number or an array with one positive number "
                f"per centre, got {shown(width)}."
            )


def find_widths(clusters: Clusters, width: Any) -> np.ndarray:
    """Return the widths of the units, shape (n_centers,), by a rule, or those given.

    If the rule has no answer (one centre, one row in a cluster), the distance to the other centres
    or the spread of the rows is used.
    """
    check_width(width)
    n = len(clusters.centers)
    is_given = not isinstance(width, str | WidthRule)
    if is_given:
        widths = np.asarray(width, dtype=np.float64)
        if widths.ndim and len(widths) != n:
            raise ValueError(f"width has {len(widths)} numbers for {n} centres.")
        widths = np.broadcast_to(widths, n).copy()
    else:
        with np.errstate(over="ignore", invalid="ignore"):  # reported below
            widths = _by_rule(clusters, resolve(width, WIDTHS, WidthRule, "width"))
    check_squares(widths, clusters.centers.dtype, width if is_given else None)
    return widths


def check_squares(
    widths: np.ndarray, dtype: Any, given: Any = None, *, learned: bool = False
) -> None:
    """Raise ValueError if a floating type cannot represent the squares of widths.

    `given` is the parameter, if the user passed numbers; `learned` tells if they are a solver's.
    """
    info = np.finfo(dtype)
    low, high = info.tiny**0.5, info.max**0.5
    if not np.all(widths < high) or np.any(widths < low):  # NaN too
        what = "underflow" if np.all(widths < high) else "overflow"
        if given is not None:
            raise ValueError(
                f"width={shown(given)} has squares that {what} in {np.dtype(dtype)}: use widths "
                "of the size of the distances between rows."
            )
        if learned:
            raise ValueError(
                f"The squares of the learned widths {what} in {np.dtype(dtype)}: lower the "
                "learning rate, use another solver or kernel, or omit refine='gradient'."
            )
        raise ValueError(
            f"The distances between rows {what} in {np.dtype(dtype)}: scale the inputs, for "
            "example with input_map='robust'."
        )


def _by_rule(clusters, rule):
    """Return the widths of a rule, and replacements where it has no answer."""
    n = len(clusters.centers)
    widths = rule.widths(clusters)
    widths[widths < ROUNDING * max(largest_distance(clusters.centers), clusters.spread())] = 0
    if not widths.all() and n > 1:
        widths = np.where(widths > 0, widths, NearestCenters().widths(clusters))
    if not widths.all():
        widths = np.where(widths > 0, widths, clusters.spread() or 1.0)
    return widths


def largest_distance(centers: np.ndarray) -> float:
    """Return d_max, the largest distance between two centres.

    Examples
    --------
    >>> largest_distance(np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]))
    5.0
    """
    return float(
        np.sqrt(max(r2.max() for _, r2 in squared_distances(centers.astype(np.float64), centers)))
    )
