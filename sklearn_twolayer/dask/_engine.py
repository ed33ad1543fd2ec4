"""Execution of tasks: on the workers of a client, or on this machine in Dask's threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, reduce
from operator import add
from tempfile import TemporaryDirectory
from typing import Any

import dask
from dask.base import get_scheduler
from dask.delayed import Delayed, delayed

#: On threads, larger tables are stored in files in Dask's temporary directory.
KEEP_BYTES = 2**28
#: Number of sums that are added at a time.
FAN_IN = 8


class Engine:
    """Runs graphs of tasks; results do not depend on where they run.

    Parameters
    ----------
    client : distributed.Client or None
        Where to run; None for Dask's configuration, by default threads.
    folder : str
        Folder for the tables of workers that all have it, or those too large for memory.
    """

    def __init__(self, client: Any, folder: str):
        if client is None:  # a client created by the user is Dask's default
            client = getattr(get_scheduler(), "__self__", None)
        self.client = client
        self.folder = folder

    def run(self, tasks: list[Delayed]) -> list:
        """Return the results of some tasks, in their order."""
        with told_of_its_client():
            if self.client is None:
                return list(dask.compute(*tasks))
            return self.client.gather(self.client.compute(tasks))

    def folder_for(self, n_bytes: int) -> str | None:
        """Return where to store tables of this size; None for in memory, or not at all."""
        is_small = self.client is None and n_bytes <= KEEP_BYTES
        return self.folder if self._shares_folder and not is_small else None

    @cached_property
    def _shares_folder(self) -> bool:
        if self.client is None:
            return True
        with told_of_its_client():
            found = self.client.run(os.access, self.folder, os.W_OK).values()
        return bool(found) and all(found)

    def keep(self, tasks: list[Delayed]) -> list[Delayed]:
        """Compute the results of tasks and keep them, in workers or in memory."""
        with told_of_its_client():
            if self.client is not None:
                return self.client.persist(tasks)
            return list(dask.persist(*tasks))

    def total(self, tasks: list[Delayed]) -> tuple:
        """Return the sums of tuples of arrays, added in a fixed order."""
        while len(tasks) > 1:
            groups = [tasks[start : start + FAN_IN] for start in range(0, len(tasks), FAN_IN)]
            tasks = [delayed(added)(group) for group in groups]
        return self.run(tasks)[0]


@contextmanager
def engine_for(client: Any) -> Iterator[Engine]:
    """Context of an engine; its files are deleted at the end."""
    where = dask.config.get("temporary_directory", None)
    with TemporaryDirectory(prefix="sklearn_twolayer-", dir=where) as folder:
        yield Engine(client, folder)


@contextmanager
def told_of_its_client() -> Iterator[None]:
    """Raise an error that says so if a closed client is why results are missing."""
    try:
        yield
    except (TypeError, ValueError):  # of the rows
        raise
    except BaseException as error:
        text = f"{type(error).__name__}: {error}".lower()
        if "closed" in text or "cancelled" in text or "no longer connected" in text:
            raise RuntimeError(
                "Dask's client or scheduler was closed before the fit was complete: connect a "
                f"new client and fit again. ({type(error).__name__}: {error})"
            ) from error
        raise


def added(sums: list[tuple]) -> tuple:
    """Return the sums of tuples of arrays."""
    return tuple(reduce(add, terms) for terms in zip(*sums, strict=True))
