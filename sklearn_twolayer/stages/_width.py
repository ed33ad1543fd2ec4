"""One factor on all widths, by leave-one-out."""

import numpy as np

from ..radial import make_geometry
from ._trial import Trial

#: Ratio of neighbouring factors, and how far they may go.
STEP = 1.6
RANGE = 64.0
#: The typical width that the search starts from, in typical distances between centres.
TYPICAL_WIDTH = 0.8
#: Centres that the typical distance is taken from.
N_CENTERS = 300
#: Rows that a width is tried on; of more, a random part of that size.
N_ROWS = 20_000


def refine_width(trial: Trial, radial, start: float = TYPICAL_WIDTH) -> Trial:
    """Return the trial of the best factor, found by climbing from `start`.

    Parameters
    ----------
    trial : Trial
        Where to start.
    radial : Radial
        Its radial units.
    start : float
        The typical width to begin with, in typical distances; the next smaller one follows.

    Returns
    -------
    Trial
        That of the least leave-one-out error among those tried.
    """
    few = trial.thinned(N_ROWS)
    log_widths = trial.own[1].copy()
    # From here on log factors are relative to the typical distance.
    log_widths += np.log(typical_distance(trial, radial)) - log_widths.mean()
    best, errors = None, {}

    def attempt(log_factor):
        nonlocal best
        other = few.at(few.moved(log_widths=log_widths + log_factor))
        errors[log_factor] = other.error
        if best is None or other.error < best.error:
            best = other  # the activations of the others are let go

    for typical in (start / STEP, start):
        attempt(float(np.log(typical)))
    step, limit = np.log(STEP), np.log(RANGE)
    while True:
        least = min(errors, key=errors.get)
        if least not in (min(errors), max(errors)):
            break
        further = least - step if least == min(errors) else least + step
        if abs(further) > limit:
            break
        attempt(further)
    return best if few is trial else trial.at(best.vector)


def relative_width(trial: Trial, radial) -> float:
    """Return the typical width, in typical distances between centres."""
    return float(np.exp(trial.own[1].mean()) / typical_distance(trial, radial))


def typical_distance(trial: Trial, radial) -> float:
    """Return the median distance between centres, in the metric of their shapes."""
    centers, _, *shapes = trial.own
    some = centers[:: max(1, len(centers) // N_CENTERS)]
    shared = radial.shared or radial.shape == "spherical"
    geometry = make_geometry(radial.shape if shared else "spherical", True)
    r2, _ = geometry.squared(some, some, shapes[0] if shapes and shared else None)
    apart = r2[np.triu_indices(len(some), 1)]  # a centre's distance to itself is rounding
    distance = np.sqrt(np.median(apart)) if len(apart) else 0.0
    return float(distance or np.exp(trial.own[1].mean()))
