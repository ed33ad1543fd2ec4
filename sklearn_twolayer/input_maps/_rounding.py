"""Differences and ratios at the limits of floats."""

import numpy as np

#: A spread of at most this number of units in the last place is due to rounding.
ROUNDING = 10


def difference(high, low):
    """Return high - low, or the largest float if it overflows."""
    with np.errstate(over="ignore"):  # cut right here
        return np.minimum(high - low, np.finfo(high.dtype).max)


def ratio(values, center, scale):
    """Return (values - center) / scale, with halved values if the difference may overflow."""
    info = np.finfo(center.dtype)
    limit = info.max * info.eps / 4
    size = np.abs(center)
    if size.max(initial=0) <= limit:
        return (values - center) / scale
    is_far = size > limit
    half = np.where(is_far, 0.5, 1).astype(center.dtype)
    return (values * half - center * half) / (scale * half)


def rounding_of(center, dtype=None):
    """Return the largest difference from a value that is due to rounding, in the coarser type."""
    eps = max(np.finfo(kind).eps for kind in (center.dtype, dtype or center.dtype))
    return ROUNDING * eps * np.abs(center)
