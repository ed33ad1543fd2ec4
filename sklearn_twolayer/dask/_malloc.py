"""The memory of workers: freed pages are reused, rather than returned and requested again."""

import ctypes
import os
import sys
from functools import cache

#: Options of malloc.h in the GNU library, M_TRIM_THRESHOLD and M_MMAP_THRESHOLD: the freed bytes
#: that may be kept, and the size up to which arrays are reused: those of batches, not partitions.
OPTIONS = {-1: 2**24, -3: 2**22}


@cache
def reuse_freed_memory() -> None:
    """Let the C library of a worker reuse the memory of arrays, as it does by default.

    Dask's nannies start workers with MALLOC_TRIM_THRESHOLD_=65536, which makes the GNU library
    request the pages of each array from the system again: a batch takes twice the time.
    """
    if sys.platform != "linux" or "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:  # not in other C libraries
        for option in OPTIONS.items():
            set_option(*option)
