"""Recipes: partitions that each task reads where it runs, so that rows are not moved or kept."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import dask
from dask.highlevelgraph import HighLevelGraph
from dask.optimization import cull

from .._blas import single_threaded_blas
from ._malloc import reuse_freed_memory

#: Pickled size in bytes from which a graph contains rows, rather than how to read them.
MOST_BYTES = 2**17
#: Average number of partitions that need a task; more than in a shift of their boundaries.
MOST_SHARED = 2


class Recipe:
    """A function and its arguments, for a result that is computed where it is used.

    Recipes among the arguments are replaced by their results.
    """

    def __init__(self, function: Callable, *args: Any):
        self.function = function
        self.args = args

    def result(self) -> Any:  # not __call__: Dask calls the first of a tuple if it can
        """Return the result."""
        return self.function(*map(ready, self.args))


def ready(value: Any) -> Any:
    """Return the result of a recipe, or any other value as it is."""
    return value.result() if isinstance(value, Recipe) else value


def task(function: Callable) -> Callable:
    """Decorate the function of a task: recipes are followed; BLAS uses one thread."""

    @wraps(function)
    def wrapped(*args):
        reuse_freed_memory()
        with single_threaded_blas():
            return function(*map(ready, args))

    return wrapped


def readings(partitions: list[tuple]) -> list[Recipe] | None:
    """Return recipes that read the arrays of each partition, given as Delayed objects.

    None is returned if partitions cannot be read separately: they are in workers already, their
    graphs contain rows, or they share tasks, as after a shuffle.
    """
    from distributed.client import futures_of
    from distributed.protocol.pickle import dumps

    given = [[each for each in arrays if each is not None] for arrays in partitions]
    graph = dict(HighLevelGraph.merge(*(each.dask for arrays in given for each in arrays)))
    graphs = [_needed(graph, [each.key for each in arrays]) for arrays in given]
    used = {key: graph[key] for own in graphs for key in own}
    if not all(graphs) or futures_of(list(used.values())):
        return None
    if sum(map(len, graphs)) > MOST_SHARED * len(used):
        return None
    recipes = [
        Recipe(read, own, [None if each is None else each.key for each in arrays])
        for own, arrays in zip(graphs, partitions, strict=True)
    ]
    return recipes if all(len(dumps(each)) < MOST_BYTES for each in recipes) else None


def _needed(graph: dict, keys: list) -> dict:
    """Return the tasks that keys need; none if some are results in workers."""
    if not graph.keys() >= set(keys):
        return {}
    own = cull(graph, keys)[0]
    needed = (getattr(node, "dependencies", ()) for node in own.values())
    return own if own.keys() >= set().union(*needed) else {}


def read(graph: dict, keys: list) -> list:
    """Return the arrays of a partition, with None for missing weights."""
    found = iter(dask.get(graph, [key for key in keys if key is not None]))
    return [None if key is None else next(found) for key in keys]
