"""Summary of the results: error figures, ranks, wins, times, and losses to others."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata, studentized_range

from .models import CLOCK

#: A model that was fitted on a smaller part of the tables is slow, and compared separately.
MOST = 0.75


class Summary(NamedTuple):
    """Means over splits, for the tables and splits of one task that all models have completed.

    Parameters
    ----------
    tables, models : list of str
        Names of the rows and the columns of the arrays.
    score, log_loss, fit : ndarray of shape (n_tables, n_models)
        Accuracy or R²; NaN for models without probabilities; seconds.
    sizes : list of (int, int)
        Rows and columns of the tables.
    """

    tables: list
    models: list
    score: np.ndarray
    log_loss: np.ndarray
    fit: np.ndarray
    sizes: list

    def column(self, model: str) -> int:
        """Return the column of a model."""
        return self.models.index(model)

    def figure(self) -> np.ndarray:
        """Return the geometric mean of (error + 0.01) of each model; lower is better."""
        return geometric_mean(np.maximum(1 - self.score, 0))

    def log_losses(self) -> np.ndarray:
        """Return the geometric mean of (log-loss + 0.01) of each model."""
        return geometric_mean(self.log_loss)

    def rank(self) -> np.ndarray:
        """Return the mean rank of each model; 1 is the best."""
        return rankdata(-self.score, axis=1).mean(axis=0)

    def critical_difference(self) -> float:
        """Return the smallest difference between mean ranks that is significant at 5 %.

        By the Nemenyi test (Demšar, 2006).
        """
        n_tables, n_models = self.score.shape
        quantile = studentized_range.ppf(0.95, n_models, np.inf) / np.sqrt(2)
        return quantile * np.sqrt(n_models * (n_models + 1) / (6 * n_tables))

    def wins(self) -> np.ndarray:
        """Return the fraction of tables on which the model in the row beats that in the column.

        A tie counts as half a win.
        """
        difference = self.score[:, :, None] - self.score[:, None, :]
        return ((difference > 0) + 0.5 * (difference == 0)).mean(axis=0)

    def times(self) -> np.ndarray:
        """Return the geometric mean of the fit times, relative to the MLP."""
        ratios = self.fit / self.fit[:, [self.column(CLOCK)]]
        return np.exp(np.log(ratios).mean(axis=0))

    def behind(self, model: str, others: list[str]) -> list[tuple[str, str, float, float]]:
        """Return the tables on which others are better, the largest difference first.

        Each with the best of the others, its score, and the score of the model.
        """
        columns = [self.column(name) for name in others]
        found = []
        for table, scores in zip(self.tables, self.score, strict=True):
            best = max(columns, key=lambda column: scores[column])
            own = scores[self.column(model)]
            if scores[best] > own:
                found.append((table, self.models[best], float(scores[best]), float(own)))
        return sorted(found, key=lambda entry: entry[3] - entry[2])


def geometric_mean(errors: np.ndarray) -> np.ndarray:
    """Return the geometric mean of (error + 0.01) over the tables."""
    return np.exp(np.log(errors + 0.01).mean(axis=0))


def summarize(results: dict, task: str, slow: Collection[str] = ()) -> Summary:
    """Return the means for the tables and splits of a task that all models have completed.

    `results` are those of `evaluation.run`. Slow models are left out, unless they are named; they
    leave fewer tables.
    """
    rows = [row for row in results["rows"] if row["task"] == task]
    left_out = set(slow_models(results, task)) - set(slow)
    rows = [row for row in rows if row["model"] not in left_out]
    models = list(dict.fromkeys(row["model"] for row in rows))
    completed = _completed(rows, models)
    tables = list(completed)
    means = np.array(
        [np.mean([_values(by_model, models) for by_model in completed[t]], axis=0) for t in tables]
    ).reshape(len(tables), len(models), 3)
    sizes = {row["table"]: tuple(row["size"]) for row in rows}
    return Summary(tables, models, *np.moveaxis(means, 2, 0), [sizes[table] for table in tables])


def slow_models(results: dict, task: str) -> list[str]:
    """Return the models that were fitted on some tables of a task, but not on most."""
    tables = defaultdict(set)
    for row in results["rows"]:
        if row["task"] == task:
            tables[row["model"]].add(row["table"])
    n_tables = len(set().union(*tables.values()))
    return [model for model, fitted in tables.items() if len(fitted) < MOST * n_tables]


def _completed(rows, models):
    """Return, for each table, the rows by model of each split that all models have completed."""
    splits = defaultdict(dict)
    for row in rows:
        splits[row["table"], row["split"]][row["model"]] = row
    found = defaultdict(list)
    for (table, _), by_model in splits.items():
        if len(by_model) == len(models):
            found[table].append(by_model)
    return found


def _values(by_model, models):
    rows = [by_model[model] for model in models]
    return [(row["score"], row.get("log_loss", np.nan), row["fit"]) for row in rows]
