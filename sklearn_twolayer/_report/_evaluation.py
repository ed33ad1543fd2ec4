"""Cross-validation of a model on a table."""

import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from ._table import CLASSIFICATION, Table


class Fold(NamedTuple):
    """What one fold tells of a model."""

    score: float
    loss: float
    fit_time: float


#: Names of a fold's `score` and `loss`, by task.
MEASURES = {"classification": ("accuracy", "log-loss"), "regression": ("R²", "RMSE")}


def cross_validate(model: Any, table: Table, splits: list, n_jobs: int | None) -> np.ndarray:
    """Fit and score clones of a model, one for each fold.

    Parameters
    ----------
    model : estimator
        What to fit.
    table : Table
        The rows.
    splits : list of (ndarray, ndarray)
        Rows to train and to test on, for each fold.
    n_jobs : int or None
        Folds at the same time. Fit times are comparable only one at a time.

    Returns
    -------
    ndarray of shape (n_folds, 3)
        The fields of `Fold`.
    """
    jobs = (delayed(_evaluate)(clone(model), table, train, test) for train, test in splits)
    return np.array(Parallel(n_jobs=n_jobs)(jobs))


def split(table: Table, n_folds: int, seed: int) -> list:
    """Split the rows into folds, the same for every model, of like classes.

    Parameters
    ----------
    table : Table
        The rows.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.

    Returns
    -------
    list of (ndarray, ndarray)
        Rows to train and to test on, for each fold.
    """
    splitter = StratifiedKFold if table.task == CLASSIFICATION else KFold
    folds = splitter(n_folds, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(table.y)), table.y))


def _evaluate(model, table, train, test) -> Fold:
    rows = getattr(table.X, "iloc", table.X)
    X_train, X_test = rows[train], rows[test]
    # The MLP's ConvergenceWarning would stand once for each fold. It is filtered here, since
    # a worker process does not inherit filters.
    # One thread a fit: the same for all, and no waiting for the cores of a busy machine.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        model.fit(X_train, table.y[train])
        fit_time = time.perf_counter() - start
        measure = _classification if table.task == CLASSIFICATION else _regression
        score, loss = measure(model, X_test, table.y[test])
        return Fold(score, loss, fit_time)


def _classification(model, X, y):
    probabilities = model.predict_proba(X)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    return accuracy_score(y, predicted), log_loss(y, probabilities, labels=model.classes_)


def _regression(model, X, y):
    predicted = model.predict(X)
    return r2_score(y, predicted), mean_squared_error(y, predicted) ** 0.5
