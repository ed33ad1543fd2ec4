"""One factor on all widths, by leave-one-out."""

from collections.abc import Callable

import numpy as np

from ..embeddings import Radial
from ..output_layer import FixedLayer, JudgedLayer
from ..radial import make_geometry

#: Ratio of neighbouring factors, and their bounds.
STEP = 1.6
RANGE = 64.0
#: Typical width at the start of the search, in typical distances between centres.
TYPICAL_WIDTH = 0.8
#: Number of centres used for the typical distance.
N_CENTERS = 300
#: Rows on which a width is tried: the minimum, and per centre; of more, a random subset.
N_ROWS, ROWS_PER_CENTER = 3000, 3
#: Number of rows that is enough to evaluate a width, if several layers share the task.
N_JUDGED = 300


@np.errstate(divide="ignore", invalid="ignore")  # overflowing distances are reported elsewhere
def refine_width(
    judged: JudgedLayer,
    radial: Radial,
    rng: np.random.RandomState,
    start: float = TYPICAL_WIDTH,
    place: int | None = None,
) -> JudgedLayer:
    """Return the layer with the best factor on its widths, found by climbing from `start`.

    `start` is a typical width, in typical distances between centres; the next smaller one is tried
    first. `place` is that of the penalty of a similar layer, from which the first is searched. The
    smallest leave-one-out error decides.
    """
    n_rows = max(N_ROWS, ROWS_PER_CENTER * len(judged.layer.own[0]))
    few = judged.thinned(n_rows, rng).by(N_JUDGED)
    best = few
    errors: dict[float, float] = {}

    def attempt(log_factor):
        nonlocal best, place
        other = few.mapped(widened(radial, log_factor)).searching_from(place)
        errors[log_factor] = other.error
        if len(errors) == 1 or other.error < best.error:
            best, place = other, other.place  # the activations of the others are released

    for typical in (start / STEP, start):
        attempt(float(np.log(typical)))
    step, limit = np.log(STEP), np.log(RANGE)
    while True:
        least = min(errors, key=errors.__getitem__)
        if least not in (min(errors), max(errors)):
            break
        further = least - step if least == min(errors) else least + step
        if not abs(further) <= limit:  # also if the start is NaN
            break
        attempt(further)
    # With all its judges it keeps its activations.
    if few is judged:
        return best
    return judged.mapped(widened(radial, least)).searching_from(place)


def widened(radial: Radial, log_factor: float) -> Callable[[FixedLayer], FixedLayer]:
    """Return the function that sets the log of the typical width, in typical distances."""

    def change(layer):
        log_widths = layer.own[1]
        typical = np.log(typical_distance(layer, radial)) - log_widths.mean()
        return layer.moved(log_widths=log_widths + typical + log_factor)

    return change


def relative_width(layer: FixedLayer, radial: Radial) -> float:
    """Return the typical width, in typical distances between centres."""
    return float(np.exp(layer.own[1].mean()) / typical_distance(layer, radial))


def typical_distance(layer: FixedLayer, radial: Radial) -> float:
    """Return the median distance between centres, in the metric of their shapes."""
    centers, _, *shapes = layer.own
    some = centers[:: max(1, len(centers) // N_CENTERS)]
    shared = radial.shared or radial.shape == "spherical"
    geometry = make_geometry(radial.shape if shared else "spherical", True)
    r2, _ = geometry.squared(some, some, shapes[0] if shapes and shared else None)
    apart = r2[np.triu_indices(len(some), 1)]  # the distance of a centre to itself is rounding
    distance = np.sqrt(np.median(apart)) if len(apart) else 0.0
    return float(distance or np.exp(layer.own[1].mean()))
