"""The measures by which models are ranked."""

import re

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import check_scoring, get_scorer_names

from ._names import suggested
from ._table import CLASSIFICATION, Table, TableError

#: A class is rare if its share is below this fraction of an equal share.
RARE = 0.25

_LABELS = {"r2": "R²", "neg_root_mean_squared_error": "RMSE", "neg_mean_absolute_error": "MAE"}
#: scikit-learn's scorers for real targets, and for clusters or several labels per row.
_OF_NUMBERS = re.compile(r"r2|explained_variance|d2_absolute.*|neg_.*(_error|_deviance)")
_OF_OTHERS = re.compile(r".*(rand|info|mallows|homogeneity|completeness|measure).*|.*_samples")
#: Scorers for one of two classes.
_OF_ONE = re.compile(r"average_precision|f1|jaccard|precision|recall")


def metrics_for(table: Table, wanted: str | None) -> tuple[list[str], tuple[str, ...]]:
    """Return names of scorers, the one that ranks the models first, and notes on the choice."""
    has_classes = table.task == CLASSIFICATION
    second = "neg_log_loss" if has_classes else "neg_root_mean_squared_error"
    if wanted:
        names = [_known(name.strip(), table) for name in wanted.split(",") if name.strip()]
        of_one = has_classes and len(table.classes) == 2 and any(map(_OF_ONE.fullmatch, names))
        notes = (f"the positive class is {table.classes[1]}",) if of_one else ()
        return list(dict.fromkeys(names if len(names) > 1 else [*names, second])), notes
    if not has_classes:
        return ["r2", second], ()
    counts = np.bincount(table.targets)
    if counts.min() * len(counts) >= RARE * len(table.y):
        return ["accuracy", second], ()
    # Most models are right on nearly all rows, so accuracy is not informative.
    first = "average_precision" if len(counts) == 2 else "balanced_accuracy"
    share, label = counts.min() / len(table.y), table.classes[counts.argmin()]
    note = f"only {share:.1%} of the rows are of class {label}, so {label_of(first)} ranks"
    return [first, second], (note,)


def label_of(metric: str) -> str:
    """Return the name of a scorer in a table, without the sign."""
    words = metric.removeprefix("neg_").replace("_", " ").replace("roc auc", "ROC AUC")
    return _LABELS.get(metric, words)


def is_loss(metric: str) -> bool:
    """Return whether a measure is printed with the other sign, so that lower is better."""
    return metric.startswith("neg_")


def _known(name, table):
    every = [each for each in get_scorer_names() if not _OF_OTHERS.fullmatch(each)]
    has_classes = table.task == CLASSIFICATION
    names = [each for each in every if bool(_OF_NUMBERS.fullmatch(each)) != has_classes]
    short = {label.lower(): each for each, label in _LABELS.items()}
    name = short.get(name.lower(), f"neg_{name}" if f"neg_{name}" in names else name)
    if name not in names:
        problem = f"is not for {table.task}" if name in every else "is not a scikit-learn scorer"
        raise TableError(f"--metric {name} {problem}; {suggested(name, names)}")
    if has_classes and len(table.classes) > 2:
        # Scorers for two classes have variants for more, under other names.
        name = next((n for n in (f"{name}_ovr", f"{name}_macro") if n in names), name)
    dummy = DummyClassifier() if has_classes else DummyRegressor()
    try:
        dummy.fit(table.targets[:, None], table.targets)
        check_scoring(dummy, scoring=[name])(dummy, table.targets[:, None], table.targets)
    except ValueError as error:
        raise TableError(f"--metric {name} is not for this target: {error}") from None
    return name
