"""Work that is distributed over threads."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ._blas import single_threaded_blas


def map_in_threads(function: Callable[[Any], Any], items: Iterable, n_threads: int) -> list:
    """Return what a function gives for each item, in their order.

    Each thread takes the next item that is left. The calling thread is one of them, so
    that little work is not slower than without threads.

    Parameters
    ----------
    function : callable
        Called once with each item.
    items : iterable
        What is to be done.
    n_threads : int
        Number of threads, the calling one among them.

    Returns
    -------
    list
        The results.

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
            left.clear()  # where one fails, the others need not go on

    n_helpers = min(n_threads, len(left)) - 1
    if n_helpers < 1:
        work()
        return results

    def help_out():
        with single_threaded_blas():  # some libraries have a limit for each thread
            work()

    with ThreadPoolExecutor(n_helpers) as pool:
        helpers = [pool.submit(help_out) for _ in range(n_helpers)]
        work()
    for helper in helpers:
        helper.result()  # raises what it has raised
    return results
