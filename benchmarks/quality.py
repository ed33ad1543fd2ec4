"""Time to reach the held-out loss of scikit-learn's default network."""

import os
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.metrics import log_loss, mean_squared_error

from sklearn_twolayer._report._models import models_for
from sklearn_twolayer._report._table import CLASSIFICATION, TASKS

from .accuracy.evaluation import split_rows
from .accuracy.models import NAMES
from .accuracy.tables import find_tables
from .measuring import Row, at_most, quietly, seconds

TITLE = "Time to quality"
NOTE = (
    "The shortest fit, of 1, 2, 3, 5, ... epochs, that reaches the loss on held-out rows of "
    "scikit-learn's MLP with default parameters, for the default model and for "
    "one network. The tables are the four largest of each kind that ``benchmarks/accuracy`` "
    "finds in the folder named by the environment variable TABLES, otherwise those that "
    "scikit-learn ships, with at most 3,000 training rows. If the loss is not reached within 50 "
    "epochs, the ratio is infinite."
)
EPOCHS = (1, 2, 3, 5, 8, 12, 20, 30, 50)
OURS = {"default": {}, "one network": {"n_estimators": 1}}


def run(quick: bool) -> list[Row]:
    """Measure on each table."""
    rows, ratios = [], {name: [] for name in OURS}
    for table in _largest(quick):
        found = _on_table(table, EPOCHS[:1] if quick else EPOCHS)
        for name, ratio in found.items():
            ratios[name].append(ratio)
            rows.append(Row(table.name, f"{name}: time / MLP's", ratio, "×"))
    case = f"{len(rows) // len(OURS)} tables"
    for name, values in ratios.items():
        # Quartiles are not interpolated, since values may be infinite.
        low, high = np.quantile(values, [0.25, 0.75], method="nearest").tolist()
        middle = float(np.median(values))
        rows.append(Row(case, f"{name}: time / MLP's", middle, "×", low, high, at_most(0.1)))
    return rows


def _largest(quick):
    folder = os.environ.get("TABLES")
    tables = list(find_tables(None if quick or folder is None else Path(folder)))
    if quick:
        return tables[:1]
    largest = []
    for task in TASKS:
        some = [table for table in tables if table.task == task]
        largest += sorted(some, key=lambda table: table.X.size)[-4:]
    return largest


def _on_table(table, epochs):
    train, test = split_rows(table, 0)
    X, y = getattr(table.X, "iloc", table.X), table.y
    models = {NAMES.get(name, name): model for name, model in models_for(table.task, 0).items()}

    def fit(model):
        taken = seconds(quietly(lambda: model.fit(X[train], y[train])))
        return taken, quietly(lambda: _loss(model, X[test], y[test], table.task))()

    clock, goal = fit(models["MLP"])
    found = {}
    for name, parameters in OURS.items():
        found[name] = np.inf
        for n_epochs in epochs:
            model = clone(models["TwoLayer"])
            network = getattr(model, "steps", [(None, model)])[-1][1]
            network.set_params(max_iter=n_epochs, **parameters)
            taken, loss = fit(model)
            if loss <= goal:
                found[name] = taken / clock
                break
    return found


def _loss(model, X, y, task):
    if task == CLASSIFICATION:
        return log_loss(y, model.predict_proba(X), labels=model.classes_)
    return mean_squared_error(y, model.predict(X))
