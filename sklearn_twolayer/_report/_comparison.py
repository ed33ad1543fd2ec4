"""The comparison on one table, printed while it runs."""

import csv
from typing import Any, NamedTuple

import numpy as np

from ._evaluation import OutOfTime, Workers, split
from ._layout import heading, live_line, row, wrapped
from ._metrics import metrics_for
from ._models import choose, models_for
from ._table import Table
from ._verdict import verdict


class Plan(NamedTuple):
    """The plan for a table."""

    table: Table
    models: dict[str, Any]
    splits: list
    metrics: list[str]
    notes: tuple[str, ...]


def plan(table: Table, options: Any) -> Plan:
    """Return the plan for a table from the user's options, or raise a TableError."""
    metrics, notes = metrics_for(table, options.metric)
    models = models_for(table.task, options.seed, takes_frames=hasattr(table.X, "iloc"))
    splits = split(table, options.folds, options.seed)
    return Plan(table, choose(models, options.models), splits, metrics, table.notes + notes)


def compare(plan: Plan, workers: Workers, records: list[dict]) -> dict[str, np.ndarray]:
    """Fit the models on a table, and print a line for each as soon as it is known.

    Return the scores and seconds of each fold for models that did not fail, and append them to
    `records`.
    """
    print(f"\n{wrapped(plan.table.title)}")
    for note in plan.notes:
        print(wrapped(f"({note})", "  "))
    print(heading(plan.metrics), flush=True)
    results: dict[str, np.ndarray] = {}
    for name in plan.models:
        try:
            results[name] = _folds(name, plan, workers)
        except OutOfTime:
            line = wrapped(f"{name} stopped after {workers.limit} s (--time-limit)")
        except Exception as error:  # if a model fails, the others still run
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            line = wrapped(f"{name} failed: {reason}")
        else:
            line = row(name, results[name], plan.metrics)
            for fold, numbers in enumerate(results[name].tolist()):
                scores = dict(zip([*plan.metrics, "fit_seconds"], numbers, strict=True))
                records.append({"table": plan.table.name, "model": name, "fold": fold} | scores)
        print(line, flush=True)
    print(wrapped(verdict(results, plan.metrics[0])))
    return results


def write(path: str, records: list[dict]) -> None:
    """Write the scores of all folds to a CSV file."""
    columns = dict.fromkeys(name for record in records for name in record)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(records)


def _folds(name, plan, workers):
    folds = np.empty((len(plan.splits), len(plan.metrics) + 1))
    model = plan.models[name]
    with live_line(name, len(folds)) as advance:
        for i, numbers in workers.cross_validate(model, plan.table, plan.splits, plan.metrics):
            folds[i] = numbers
            advance()
    return folds
