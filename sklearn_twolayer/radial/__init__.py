"""What radial units are made of: centres, widths, shapes, and distances to them."""

from ._centers import Clusters, check_centers, distinct, find_centers, nearest
from ._geometry import SHAPES, Geometry, make_geometry
from ._shapes import cluster_shapes
from ._widths import (
    WIDTHS,
    WidthRule,
    check_squares,
    check_width,
    find_widths,
    largest_distance,
)

__all__ = [
    "SHAPES",
    "WIDTHS",
    "Clusters",
    "Geometry",
    "WidthRule",
    "check_centers",
    "check_squares",
    "check_width",
    "cluster_shapes",
    "distinct",
    "find_centers",
    "find_widths",
    "largest_distance",
    "make_geometry",
    "nearest",
]
