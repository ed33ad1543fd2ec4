"""Work that is distributed over threads."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ._blas import single_threaded_blas


def map_in_threads(function: Callable[[Any], Any], items: Iterable, n_threads: int) -> list:
    """Return the results of a function for each item, in their order.

    Each thread takes the next remaining item. The calling thread is one of them, so that small
    tasks are not slower than without threads.

    Examples
    --------
    >>> map_in_threads(abs, [-1, 2, -3], n_threads=2)
    [1, 2, 3]
    """
    left = deque(enumerate(items))
    results = [None] * len(left)

    def work():
        try:
            while left:
                try:
                    i, item = left.popleft()
                except IndexError:  # another thread was faster
                    return
                results[i] = function(item)
        finally:
            left.clear()  # if one fails, the others stop

    n_helpers = min(n_threads, len(left)) - 1
    if n_helpers < 1:
        work()
        return results

    def help_out():
        with single_threaded_blas():  # some libraries have one limit per thread
            work()

    with ThreadPoolExecutor(n_helpers) as pool:
        helpers = [pool.submit(help_out) for _ in range(n_helpers)]
        work()
    for helper in helpers:
        helper.result()  # raises its exception
    return results
