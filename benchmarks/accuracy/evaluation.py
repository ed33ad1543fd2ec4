"""Fits of all models on all tables, with results written immediately."""

import json
import time
import warnings
from collections.abc import Container, Iterable
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from sklearn_twolayer._report._table import CLASSIFICATION, Table

from .. import machine
from .models import OURS, all_models

MAX_TRAIN, MAX_TEST = 3000, 10_000


def run(
    tables: Iterable[Table],
    output: Path,
    n_splits: int,
    again: Iterable[str] = (),
    only: Container[str] = (),
) -> dict:
    """Fit and score everything that is not in the results yet, and return the results.

    `output` is a JSON file to continue, or to create. Models named in `again` are fitted again;
    with `only`, others are left out.
    """
    results = {"machine": machine.describe(), "rows": []}
    if output.exists():
        results["rows"] = json.loads(output.read_text())["rows"]
    results["rows"] = [row for row in results["rows"] if row["model"] not in again]
    done = {(row["table"], row["model"], row["split"]) for row in results["rows"]}
    # The smallest first, and all once before any again, so that an unfinished run has most tables.
    tables = sorted(tables, key=lambda table: table.X.size)
    for split, table in product(range(n_splits), tables):
        start = time.perf_counter()
        for name, model in all_models(table, split).items():
            if (table.name, name, split) in done or (only and name not in only):
                continue
            try:
                results["rows"].append(_row(table, name, split, model))
            except Exception as error:
                if name in OURS:
                    raise
                print(f"{name} failed on {table.title}: {error}", flush=True)
        write(output, results)
        print(f"{table.title}, split {split}: {time.perf_counter() - start:.0f} s", flush=True)
    return results


def write(output: Path, results: dict) -> None:
    """Write results as JSON; an interruption leaves the earlier file."""
    new = output.with_suffix(".new")
    new.write_text(json.dumps(results, indent=0))
    new.replace(output)


def _row(table, name, split, model):
    rows = {"table": table.name, "task": table.task, "model": name, "split": split}
    rows["size"] = list(table.X.shape)
    return rows | evaluate(model, table, *split_rows(table, split))


def evaluate(model, table: Table, train: np.ndarray, test: np.ndarray) -> dict:
    """Return score, log-loss and seconds of a model fitted on some rows, on one thread."""
    X, y = getattr(table.X, "iloc", table.X), table.y
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # On one thread, processor time does not depend on other processes.
        start = time.process_time()
        model.fit(X[train], y[train])
        middle = time.process_time()
        predicted = model.predict(X[test])
        times = {"fit": middle - start, "predict": time.process_time() - middle}
        if table.task != CLASSIFICATION:
            return {"score": r2_score(y[test], predicted)} | times
        result = {"score": accuracy_score(y[test], predicted)} | times
        if hasattr(model, "predict_proba"):
            probabilities = np.clip(model.predict_proba(X[test]), 1e-7, 1)
            probabilities /= probabilities.sum(axis=1, keepdims=True)
            result["log_loss"] = log_loss(y[test], probabilities, labels=model.classes_)
        return result


def split_rows(table: Table, seed: int):
    """Return the training and the test rows of a stratified split."""
    n_rows = len(table.y)
    n_train = min(int(0.75 * n_rows), MAX_TRAIN)
    return train_test_split(
        np.arange(n_rows),
        train_size=n_train,
        test_size=min(n_rows - n_train, MAX_TEST),
        random_state=seed,
        stratify=table.y if table.task == CLASSIFICATION else None,
    )
