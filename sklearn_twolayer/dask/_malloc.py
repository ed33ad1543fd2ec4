"""The memory of workers: freed pages are reused, rather than returned and requested again."""

import ctypes
import os
import sys
from functools import cache

#: Names of options in malloc.h of the GNU library.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
#: Bytes that may be kept, and arrays up to which memory is reused: the largest that it allows.
KEPT_BYTES = 2**25


@cache
def reuse_freed_memory() -> None:
    """Set the thresholds of a worker back to what the C library reaches by itself.

    Dask's nannies start workers with MALLOC_TRIM_THRESHOLD_=65536, which makes the GNU library
    request the pages of each array from the system again: a batch takes twice the time.
    """
    if sys.platform != "linux" or "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:  # not in other C libraries
        for option in (TRIM_THRESHOLD, MMAP_THRESHOLD):
            set_option(option, KEPT_BYTES)
