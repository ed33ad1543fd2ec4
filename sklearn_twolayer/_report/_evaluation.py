"""Cross-validation of a model on a table."""

import multiprocessing
import signal
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from ._table import CLASSIFICATION, Table, TableError


class OutOfTime(Exception):
    """A model exceeded the time limit."""


class Workers:
    """Processes that fit and score, since only processes can be stopped during a fit."""

    def __init__(self, n_jobs: int, limit: float):
        self.n_jobs = n_jobs
        self.limit = limit  # time limit in seconds for all folds of a model
        self._pool: Any = None

    def cross_validate(self, model: Any, table: Table, splits: list, metrics: list) -> Iterator:
        """Yield the number of each completed fold, with its scores and the seconds of its fit."""
        self._pool = self._pool or start_workers(self.n_jobs)
        rows = getattr(table.X, "iloc", table.X)
        parts = ((rows[some], table.targets[some]) for fold in splits for some in fold)
        jobs = ((i, clone(model), next(parts), next(parts), metrics) for i in range(len(splits)))
        end = time.monotonic() + self.limit
        done = self._pool.imap_unordered(_evaluate, jobs)
        try:
            for _ in splits:
                yield done.next(timeout=max(0, end - time.monotonic()))
        except BaseException as error:  # Ctrl-C too
            self.stop()
            if isinstance(error, multiprocessing.TimeoutError):
                raise OutOfTime from None
            raise

    def stop(self) -> None:
        """Stop the processes; new ones are started when needed."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None


def start_workers(n_jobs: int) -> Any:
    """Return a pool of processes that leave Ctrl-C to their parent."""
    pool = multiprocessing.get_context("spawn").Pool
    # Inherited from the start if possible; otherwise set by an initializer.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return pool(n_jobs, signal.signal, (signal.SIGINT, signal.SIG_IGN))
    finally:
        signal.signal(signal.SIGINT, before)


def split(table: Table, n_folds: int, seed: int) -> list:
    """Return training and test rows of each fold, the same for all models."""
    has_classes, groups = table.task == CLASSIFICATION, table.groups
    splitter = StratifiedKFold if has_classes else KFold
    if groups is not None:
        splitter = StratifiedGroupKFold if has_classes else GroupKFold
        if (n_groups := len(np.unique(groups))) < n_folds:
            raise TableError(f"{n_folds} folds need as many groups, but there are {n_groups}")
    shuffled = splitter(n_folds, shuffle=True, random_state=seed)
    folds = list(shuffled.split(np.zeros(len(table.y)), table.targets, groups))
    parts = [set(table.targets[rows]) for fold in folds for rows in fold]
    if has_classes and min(map(len, parts)) < len(table.classes):
        label = table.classes[min(set(table.targets) - min(parts, key=len))]
        raise TableError(
            f"the class {label} is in too few groups for one in each fold; try fewer --folds"
        )
    return folds


def _evaluate(job):
    fold, model, train, test, metrics = job
    # The MLP's ConvergenceWarning would appear once per fold. One thread per fit: the same for
    # all, and no waiting for busy cores.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        model.fit(*train)
        seconds = time.process_time() - start
        scores = check_scoring(model, scoring=metrics)(model, *test)
    return fold, [*(scores[metric] for metric in metrics), seconds]
